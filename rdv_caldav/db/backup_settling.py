"""What has to differ in a database that was restored: it is older than what people saw of it.

Nobody is mailed by it (rule 13), and no change number that was given out since the backup comes
again: programs that saw later ones synchronise anew, and find what is there.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, func, select, update

from rdv_caldav.db.agency import AgencyRepository
from rdv_caldav.db.due_dates import DueDates
from rdv_caldav.db.inbox_schema import InboxRow
from rdv_caldav.db.kept import Keeping, Kept
from rdv_caldav.db.mail_schema import OutboxRow, ReminderProgressRow
from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.outbox import SKIPPED, UNSENT
from rdv_caldav.db.personal_schema import PersonalAccountRow, PersonalCollectionRow
from rdv_caldav.db.schema import AccountRow, CalendarRow
from rdv_caldav.domain.mail_times import reminded_until

RESTORED = "restored"
"""The problem of messages that were waiting when the backup was made."""


def settle(connection: Connection, now: datetime) -> int:
    """Do so as part of the restoring transaction, ``now`` aware; return the messages skipped."""
    skipped = connection.execute(
        update(OutboxRow)
        .where(OutboxRow.status.in_(UNSENT))
        .values(status=SKIPPED, problem=RESTORED, claimed_until=0)
    )
    _forget_reminders(connection, now)
    _raise_numbers(connection, seconds(now))
    return skipped.rowcount


def _forget_reminders(connection: Connection, now: datetime) -> None:
    # who was reminded since the backup is not known any more
    settings = AgencyRepository(connection, Kept(Keeping())).settings()
    until = reminded_until(now, settings)
    behind = ReminderProgressRow.until_at < seconds(until)
    if connection.scalar(ReminderProgressRow.__table__.select().where(behind)) is not None:
        DueDates(connection).advance(until)


def _raise_numbers(connection: Connection, number: int) -> None:
    """Let all counters go on from the seconds since 1970: no counter grows that fast for long."""
    for row in (CalendarRow, PersonalAccountRow, InboxRow):
        higher = case((row.counter < number, number), else_=row.counter + 1)
        connection.execute(update(row).values(counter=higher))
    for row in (CalendarRow, InboxRow):
        connection.execute(update(row).values(floor=row.counter))
    connection.execute(update(CalendarRow).values(updated_at=number))
    view = case((AccountRow.view_counter < number, number), else_=AccountRow.view_counter + 1)
    connection.execute(update(AccountRow).values(view_counter=view))
    connection.execute(update(AccountRow).values(view_floor=AccountRow.view_counter))
    of_account = (
        select(PersonalAccountRow.counter)
        .where(PersonalAccountRow.account_id == PersonalCollectionRow.account_id)
        .scalar_subquery()
    )
    last = func.coalesce(of_account, PersonalCollectionRow.counter)
    connection.execute(update(PersonalCollectionRow).values(counter=last, floor=last))
