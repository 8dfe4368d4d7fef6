"""When an object makes somebody busy, and telling that as a VFREEBUSY (RFC 4791 §7.10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_OID, uuid5

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.ical.contentlines import Component, make_line, parse_components, text_value
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import Clock, instant_of, utc_text
from rdv_caldav.ical.series import Series
from rdv_caldav.ical.writer import PRODID


class BusyKind(StrEnum):
    """How busy somebody is; the values are those of FBTYPE (RFC 5545 §3.2.9)."""

    BUSY = "BUSY"
    TENTATIVE = "BUSY-TENTATIVE"
    UNAVAILABLE = "BUSY-UNAVAILABLE"


@dataclass(frozen=True, slots=True, order=True)
class BusyPeriod:
    """A time that is not free; aware instants in UTC."""

    start: datetime
    end: datetime
    kind: BusyKind


def busy_periods(
    text: str,
    *,
    start: datetime,
    end: datetime,
    floating_zone: str,
    addresses: Collection[str] = (),
) -> list[BusyPeriod]:
    """Return the periods of an object that overlap a range of aware instants, uncut.

    Events count unless they are TRANSPARENT or CANCELLED, or declined by an attendee with one
    of ``addresses``. They are BUSY-TENTATIVE where the event is TENTATIVE, or that attendee's
    answer is. Who has not answered yet is BUSY: an appointment stands until it is declined.
    The periods of a VFREEBUSY are taken over, a type that is not known as BUSY. Never fails;
    of a series, no more than :data:`rdv_caldav.ical.series.MOST_FOLLOWED` dates are looked at.
    """
    tree = parse_components(text)
    clock = Clock(tree, floating_zone)
    span = TimeRange(start, end)
    own = frozenset(map(normalise_address, addresses))
    found: list[BusyPeriod] = []
    for calendar in tree.components("VCALENDAR"):
        found += _of_events(calendar.components("VEVENT"), span, clock, own)
        for component in calendar.components("VFREEBUSY"):
            found += _of_free_busy(component, clock)
    return [each for each in found if each.start < min(each.end, end) and each.end > start]


def _of_events(
    events: list[Component], span: TimeRange, clock: Clock, own: frozenset[str]
) -> Iterator[BusyPeriod]:
    found = ((event, _kind_of(event, own)) for event in events)
    kinds = {id(event): kind for event, kind in found if kind is not None}
    busy = [event for event in events if id(event) in kinds]
    if busy:
        for instance in Series(events, clock).instances(span, only=busy):
            yield BusyPeriod(instance.start, instance.end, kinds[id(instance.component)])


def _kind_of(event: Component, own: frozenset[str]) -> BusyKind | None:
    """Return how busy an event makes, None where it does not."""
    said = {line.name: line.value.strip().upper() for line in event.lines("TRANSP", "STATUS")}
    if said.get("TRANSP") == "TRANSPARENT" or said.get("STATUS") == "CANCELLED":
        return None
    answers = set(_answers(event, own)) if own else set()
    if "DECLINED" in answers:
        return None
    is_tentative = said.get("STATUS") == "TENTATIVE" or "TENTATIVE" in answers
    return BusyKind.TENTATIVE if is_tentative else BusyKind.BUSY


def _answers(event: Component, own: frozenset[str]) -> Iterator[str]:
    for line in event.lines("ATTENDEE"):
        params = line.params
        if {normalise_address(line.value), normalise_address(params.get("EMAIL", ""))} & own:
            yield params.get("PARTSTAT", "").upper()


def _of_free_busy(component: Component, clock: Clock) -> Iterator[BusyPeriod]:
    for line in component.lines("FREEBUSY"):
        written = line.params.get("FBTYPE", "BUSY").upper()
        if written != "FREE":
            kind = BusyKind(written) if written in _KINDS else BusyKind.BUSY
            for first, last in clock.periods(line):
                yield BusyPeriod(first.instant, instant_of(last, first.zone), kind)


_KINDS = frozenset(kind.value for kind in BusyKind)


# -- telling ------------------------------------------------------------------------------


def free_busy_text(
    periods: Iterable[BusyPeriod],
    *,
    start: datetime,
    end: datetime,
    stamp: datetime,
    uid: str | None = None,
    organizer: str | None = None,
    attendee: str | None = None,
    method: str | None = None,
) -> str:
    """Return one VCALENDAR with one VFREEBUSY for a range of aware instants.

    Periods are cut to the range; those of one kind that overlap or follow each other become
    one. ``organizer`` and ``attendee`` are calendar user addresses, ``method`` that of an
    answer in scheduling (RFC 5546 §3.3). ``stamp`` is when it was made; without ``uid`` there
    is one made of range and stamp.
    """
    made_of = f"{utc_text(stamp)}/{utc_text(start)}/{utc_text(end)}"
    calendar = [make_line("VERSION", "2.0"), make_line("PRODID", PRODID)]
    if method is not None:
        calendar.append(make_line("METHOD", method))
    said = [
        make_line("UID", text_value(uid or str(uuid5(NAMESPACE_OID, made_of)))),
        make_line("DTSTAMP", utc_text(stamp)),
        make_line("DTSTART", utc_text(start)),
        make_line("DTEND", utc_text(end)),
    ]
    said += [
        make_line(name, address)
        for name, address in (("ORGANIZER", organizer), ("ATTENDEE", attendee))
        if address is not None
    ]
    said += [
        make_line(
            "FREEBUSY",
            f"{utc_text(period.start)}/{utc_text(period.end)}",
            {"FBTYPE": period.kind.value},
        )
        for period in _coalesced(periods, start, end)
    ]
    lines = [line.raw for line in calendar], [line.raw for line in said]
    return (
        f"BEGIN:VCALENDAR\r\n{''.join(lines[0])}BEGIN:VFREEBUSY\r\n{''.join(lines[1])}"
        "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )


def _coalesced(periods: Iterable[BusyPeriod], start: datetime, end: datetime) -> list[BusyPeriod]:
    """Return the periods within a range, in order, none of a kind touching another."""
    latest: dict[BusyKind, BusyPeriod] = {}
    whole: list[BusyPeriod] = []
    cut = (BusyPeriod(max(p.start, start), min(p.end, end), p.kind) for p in periods)
    for period in sorted(each for each in cut if each.start < each.end):
        before = latest.get(period.kind, period)
        if period.start <= before.end:
            last = max(before.end, period.end)
            latest[period.kind] = BusyPeriod(before.start, last, period.kind)
        else:
            whole.append(before)
            latest[period.kind] = period
    return sorted([*whole, *latest.values()])
