"""Answers that arrived: what the journal says of presences and comments, for some persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from rdv_caldav.db.journal_schema import AuditRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.schema import AppointmentRow, ParticipantRow
from rdv_caldav.domain.appointment import Presence

_EVENTS = ("PresenceRecorded", "CommentLeft")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEntry:
    """What the journal says of one answer: an event's ``details``, and of what rendez-vous."""

    at: datetime
    login: str
    appointment_id: int
    subject: str
    details: Mapping[str, Any]


class AnswersReading:
    """Reads answers, the newest first."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of_others(
        self, account_id: int, person_ids: Collection[int], *, since: datetime, size: int
    ) -> list[AnswerEntry]:
        """Return answers that other accounts gave in what one of these persons takes part in.

        Those that a change took back are none; what is in the corbeille is left out.
        """
        takes_part = exists().where(
            ParticipantRow.appointment_id == AuditRow.appointment_id,
            ParticipantRow.person_id.in_(sorted(person_ids)),
        )
        said = func.coalesce(AuditRow.details["after"].as_string(), "")
        found = (
            select(AuditRow.__table__, AppointmentRow.subject)
            .join(AppointmentRow, AppointmentRow.id == AuditRow.appointment_id)
            .where(
                AuditRow.at >= seconds(since),
                AuditRow.event.in_(_EVENTS),
                or_(AuditRow.account_id.is_(None), AuditRow.account_id != account_id),
                said != Presence.NEEDS_ACTION.value,
                AppointmentRow.trashed_at.is_(None),
                takes_part,
            )
            .order_by(AuditRow.at.desc(), AuditRow.id.desc())
            .limit(size)
        )
        return [_entry(row) for row in self._connection.execute(found)]

    def attendance(self, appointment_ids: Collection[int]) -> dict[tuple[int, str], set[int]]:
        """Return who takes part, by rendez-vous and original start (ISO) of a differing date."""
        found = select(
            ParticipantRow.appointment_id, ParticipantRow.original_wall, ParticipantRow.person_id
        ).where(
            ParticipantRow.appointment_id.in_(sorted(appointment_ids)),
            ParticipantRow.person_id.is_not(None),
        )
        there: dict[tuple[int, str], set[int]] = defaultdict(set)
        for row in self._connection.execute(found):
            there[row.appointment_id, row.original_wall].add(row.person_id)
        return there


def _entry(row: Row) -> AnswerEntry:
    return AnswerEntry(
        at=instant(row.at),
        login=row.login,
        appointment_id=row.appointment_id,
        subject=row.subject,
        details=row.details,
    )
