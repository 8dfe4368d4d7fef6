"""When a VALARM goes off (RFC 5545 §3.6.6, RFC 4791 §9.9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.ical.contentlines import Component
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import SECOND, Clock, read_duration, shifted
from rdv_caldav.ical.series import Instance

_NOTHING = timedelta(0)
_MOST_REPEATS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A trigger with what repeats it.

    ``moment`` is set for one at a fixed time; else it is ``offset`` after the start of its
    component, or after its end.
    """

    moment: datetime | None = None
    offset: timedelta = _NOTHING
    from_end: bool = False
    repeats: int = 0
    interval: timedelta = _NOTHING

    @property
    def reach(self) -> tuple[timedelta, timedelta]:
        """From when to when it may go off, seen from the start or end of its component."""
        return self.offset, self.offset + self.repeats * self.interval

    def rings_in(self, span: TimeRange, instance: Instance) -> bool:
        """Tell whether it goes off in a range, for one date of its component."""
        first = self.moment
        if first is None:
            first = shifted(instance.end if self.from_end else instance.start, self.offset)
        if span.start is None or first >= span.start or not self.repeats:
            return span.holds(first)
        # the first repetition that is not before the range
        nth = -((first - span.start) // self.interval)
        return nth <= self.repeats and span.holds(shifted(first, nth * self.interval))


def read_alarm(component: Component, clock: Clock) -> Alarm | None:
    """Return what a VALARM says of its time; None where that cannot be read."""
    trigger = component.line("TRIGGER")
    if trigger is None:
        return None
    repeats, interval = _repetition(component)
    moment = clock.moment(trigger)
    if moment is not None:
        return Alarm(moment=moment.instant, repeats=repeats, interval=interval)
    offset = read_duration(trigger.value)
    if offset is None:
        return None
    from_end = trigger.params.get("RELATED", "").upper() == "END"
    return Alarm(offset=offset, from_end=from_end, repeats=repeats, interval=interval)


def _repetition(component: Component) -> tuple[int, timedelta]:
    """Return REPEAT and DURATION, which count only together (RFC 5545 §3.8.6.2)."""
    repeat, line = component.line("REPEAT"), component.line("DURATION")
    interval = None if line is None else read_duration(line.value)
    written = "" if repeat is None else repeat.value.strip()
    if interval is None or interval < SECOND or not (written.isascii() and written.isdigit()):
        return 0, _NOTHING
    # an interval of years, a million times, would be longer than a timedelta can be
    most = min(_MOST_REPEATS, int(timedelta.max / 4 / interval))
    return (most if len(written) > 6 else min(int(written), most)), interval


def window_of(span: TimeRange, alarms: Iterable[Alarm]) -> TimeRange:
    """Return the range that a date meets or touches when one of its alarms rings in ``span``.

    Alarms at fixed times say nothing of that.
    """
    reaches = [alarm.reach for alarm in alarms if alarm.moment is None]
    earliest = min((first for first, _ in reaches), default=_NOTHING)
    latest = max((last for _, last in reaches), default=_NOTHING)
    return TimeRange(
        None if span.start is None else shifted(span.start, -latest - SECOND),
        None if span.end is None else shifted(span.end, -earliest + SECOND),
    )
