"""A whole .ics file into a person's calendar, one object at a time, by the way of a PUT.

It only adds: what the calendar has already may have changed since, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import CalendarDataRefused, DomainError
from rdv_caldav.ical.objects import CalendarObject, parse
from rdv_caldav.ical.splitting import split_by_uid
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Actor, Channel
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.calendar_objects.put import put_object

_MAX_NAME = 150


@dataclass(slots=True)
class CalendarImportReport:
    """What became of each object of the file, by UID."""

    created: list[str] = field(default_factory=list)
    already_there: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as sentences."""
        yield f"{len(self.created)} created, {len(self.already_there)} already there"
        for uid, reason in self.refused:
            yield f"refused {uid}: {reason}"


def import_calendar(
    tx: Transaction, actor: Actor, slug: str, text: str, *, now: datetime
) -> CalendarImportReport:
    """Write every object of a file that can be taken; the others are listed with the reason.

    Nobody is mailed, whatever the actor's channel. Running it again changes nothing. Raises
    UnknownCalendar, NotCalendarData for a file that is none.
    """
    actor = replace(actor, channel=Channel.IMPORT)
    report = CalendarImportReport()
    seen = calendars.calendar(tx, actor, slug)
    for uid, part in split_by_uid(text):
        try:
            obj = parse(part)
        except CalendarDataRefused as error:
            report.refused.append((uid, str(error)))
            continue
        try:
            _put(tx, actor, seen, obj, report, now=now)
        except DomainError as error:
            report.refused.append((uid, str(error)))
    if report.created:
        told = {"person": seen.person.id, "slug": slug, "created": len(report.created)}
        record_change(tx, actor, "CalendarImported", told, now=now)
    return report


def _put(
    tx: Transaction,
    actor: Actor,
    seen: calendars.Calendar,
    obj: CalendarObject,
    report: CalendarImportReport,
    *,
    now: datetime,
) -> None:
    if tx.members.uid_exists(seen.person.id, obj.uid) is not None:
        report.already_there.append(obj.uid)
        return
    put_object(tx, actor, seen.person.slug, href_of(obj.uid), obj, now=now)
    report.created.append(obj.uid)


def href_of(uid: str) -> str:
    """Return where an object of this UID is put: two UIDs never share a place."""
    safe = "".join(c if c.isalnum() or c in "-_.@" else "_" for c in uid)[:_MAX_NAME]
    if safe == uid:
        return f"{uid}.ics"
    return f"{safe}-{sha256(uid.encode()).hexdigest()[:12]}.ics"
