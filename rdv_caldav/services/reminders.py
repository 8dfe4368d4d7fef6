"""Reminders by default: by type of appointment, in one's own calendar, until one chooses oneself.

They are no part of any text that is stored. An account that stores alarms of its own with an
appointment, or takes the reminder away, never sees the default there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.ical.views import reminder, same_private, withdraw_private
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.calendars import Seen

LONGEST = 4 * 7 * 24 * 60
"""Minutes before the start: four weeks."""


def set_default(
    tx: Transaction,
    type_code: str,
    minutes: int | None,
    *,
    now: datetime,
    actor: Actor | None = None,
) -> None:
    """Remind of appointments of a type so many minutes before, or not at all.

    It holds for all of them at once, past ones too, so that their change numbers grow in the
    calendars of those who may read it. A command has no ``actor``. Raises InvalidInput.
    """
    known = [kind.code for kind in tx.agency.types()]
    if type_code not in known:
        raise InvalidInput(f"there is no type {type_code!r}, only {', '.join(known)}")
    if minutes is not None and not 0 <= minutes <= LONGEST:
        raise InvalidInput(f"a reminder comes 0 to {LONGEST} minutes before")
    before = tx.agency.settings().default_reminders
    if before.get(type_code) == minutes:
        return
    others = {code: each for code, each in before.items() if code != type_code}
    chosen = {} if minutes is None else {type_code: minutes}
    tx.agency.save_setting("default_reminders", others | chosen)
    told = {"type": type_code, "before": before.get(type_code), "after": minutes}
    record_change(tx, actor, "ReminderChosen", told, now=now)
    tx.calendars.renew(type_code, now)


def remind(
    tx: Transaction, appointment_id: int, person_ids: Iterable[int], minutes: int | None
) -> None:
    """Give those who take part in a new appointment a reminder of their own, or leave it.

    They change it or take it away in their programs, each for himself. Raises InvalidInput.
    """
    if minutes is None:
        return
    if not 0 <= minutes <= LONGEST:
        raise InvalidInput(f"a reminder comes 0 to {LONGEST} minutes before")
    for account_id in tx.accounts.ids_of_persons(person_ids):
        tx.calendars.save_overlay(account_id, appointment_id, {"": reminder(minutes)})


def shown_by_default(tx: Transaction, seen: Seen, href: str, *, zone: str) -> dict[str, str] | None:
    """Return the alarms that a reader is shown at a place without having kept any.

    By component key; ``zone`` is that of the appointment. None where no default is shown.
    """
    if seen.person.id != seen.actor.person_id or not seen.settings.default_reminders:
        return None
    for found in calendars.objects(tx, seen, hrefs=[href]):
        if found.has_default_reminder:
            return withdraw_private(found.text, zone=zone)[1]
    return None


def keep(
    tx: Transaction,
    seen: Seen,
    appointment_id: int,
    private: dict[str, str],
    *,
    before: Mapping[str, str] | None,
    shown: dict[str, str] | None,
) -> int | None:
    """Keep what a program wrote for its account alone, by component key.

    ``before`` is what was kept until now, None where nothing ever was; ``shown`` is what
    :func:`shown_by_default` said before the write: a program that sends
    that back has chosen nothing, and one that leaves it out wants no reminder. Returns the
    number of the change in the account's view, None where nothing was to be kept.
    """
    if shown is not None and same_private(private, shown):
        return None
    return tx.calendars.replace_overlay(
        seen.actor.account.id, appointment_id, before, private, even_none=shown is not None
    )
