"""A whole .ics file into a person's calendar, one object at a time, by the way of a PUT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import CalendarDataRefused, DomainError
from rdv_caldav.ical.objects import CalendarObject, parse
from rdv_caldav.ical.splitting import split_by_uid
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Actor
from rdv_caldav.services.calendar_objects.put import put_object


@dataclass(slots=True)
class CalendarImportReport:
    """What became of each object of the file, by UID."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as sentences."""
        yield f"{len(self.created)} created, {len(self.updated)} already there"
        for uid, reason in self.refused:
            yield f"refused {uid}: {reason}"


def import_calendar(
    tx: Transaction, actor: Actor, slug: str, text: str, *, now: datetime
) -> CalendarImportReport:
    """Write every object of a file that can be taken; the others are listed with the reason.

    The actor's channel should be IMPORT, so that nobody is mailed. Running it again changes
    nothing. Raises UnknownCalendar, NotCalendarData for a file that is none.
    """
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
    slug = seen.person.slug
    href = tx.reading.uid_exists(seen.person.id, obj.uid)
    if href is not None:
        put_object(tx, actor, slug, href, obj, now=now)
        report.updated.append(obj.uid)
    else:
        put_object(tx, actor, slug, f"{_safe(obj.uid)}.ics", obj, now=now)
        report.created.append(obj.uid)


def _safe(uid: str) -> str:
    """Return a UID as a part of a path."""
    return "".join(c if c.isalnum() or c in "-_.@" else "_" for c in uid)[:200]
