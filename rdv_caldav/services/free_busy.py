"""When somebody is busy: from appointments and from calendars of his own, without details.

Whoever asks, it is the person's own answers that count: what he refused does not keep him
busy, what he answered with a maybe does so tentatively.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from rdv_caldav.db.busy_reading import BusyRow
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.directory import placeholder_address
from rdv_caldav.domain.personal import PersonalCollection
from rdv_caldav.ical.availability import unavailable_periods
from rdv_caldav.ical.busy import BusyKind, BusyPeriod, busy_periods
from rdv_caldav.services.personal.reading import objects_in_range

TRANSPARENT = "{urn:ietf:params:xml:ns:caldav}schedule-calendar-transp"
"""The property by which a calendar does not count (RFC 6638 §9.1)."""


def of_person(
    tx: Transaction, person: Person, *, start: datetime, end: datetime
) -> Iterator[BusyPeriod]:
    """Yield when a person is busy in a range of aware instants, or out of his working hours."""
    yield from in_appointments(tx, person, start=start, end=end)
    zone = tx.agency.settings().time_zone
    if hours := tx.people.availability_of(person.id):
        yield from unavailable_periods(hours, start=start, end=end, floating_zone=zone)
    for collection in tx.personal.calendars_of_person(person.id):
        if counts(collection):
            yield from in_collection(tx, collection, zone=zone, start=start, end=end)


def in_appointments(
    tx: Transaction, person: Person, *, start: datetime, end: datetime
) -> Iterator[BusyPeriod]:
    """Yield when appointments keep a person busy."""
    settings = tx.agency.settings()
    if not settings.module_enabled:
        return
    for row in tx.busy.rows(person.id, start=start, end=end):
        yield from _of_appointment(row, person, settings, start, end)


def _of_appointment(
    row: BusyRow, person: Person, settings: AgencySettings, start: datetime, end: datetime
) -> Iterable[BusyPeriod]:
    if row.text:
        return busy_periods(
            row.text,
            start=start,
            end=end,
            floating_zone=settings.time_zone,
            addresses=(*person.addresses, placeholder_address(person, settings)),
        )
    if row.is_cancelled or row.presence is Presence.DECLINED or row.stops_at is None:
        return ()
    kind = BusyKind.TENTATIVE if row.presence is Presence.TENTATIVE else BusyKind.BUSY
    return (BusyPeriod(row.starts_at, row.stops_at, kind),)


def in_collection(
    tx: Transaction,
    collection: PersonalCollection,
    *,
    zone: str,
    start: datetime,
    end: datetime,
) -> Iterator[BusyPeriod]:
    """Yield when an account's own calendar keeps it busy; floating times are in ``zone``."""
    found = objects_in_range(tx, collection, component="VEVENT", start=start, end=end)
    for each in found:
        yield from busy_periods(each.content.decode(), start=start, end=end, floating_zone=zone)


def counts(collection: PersonalCollection) -> bool:
    """Tell whether a calendar counts for when somebody is busy."""
    return "transparent" not in collection.properties.get(TRANSPARENT, "")
