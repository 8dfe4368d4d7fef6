"""When messages and reminders leave: quiet hours, and what is too urgent for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.domain.agency import AgencySettings

URGENT = timedelta(hours=2)
"""What begins sooner after the quiet hours is told during them."""

LATEST_REMINDER = timedelta(hours=1)
"""A reminder comes this long before the start at the latest, if it has to wait at all."""

EVENING_BEFORE = timedelta(minutes=10)
"""How long before the quiet hours those are reminded whom their end would reach too late."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing leaves: wall clock in the agency's zone, over midnight where it ends earlier."""

    start: time
    end: time
    zone: str

    def ends(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end in which an aware instant is; None outside of them.

        An end that comes twice in the night in which clocks are put back is the first that is
        to come; one that does not come at all is as much later as the clocks are put forward.
        """
        wall = now.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        over_midnight = self.start > self.end
        if over_midnight:
            is_quiet = wall.time() >= self.start or wall.time() < self.end
        else:
            is_quiet = self.start <= wall.time() < self.end
        if not is_quiet:
            return None
        day = wall.date()
        if over_midnight and wall.time() >= self.start:
            day += timedelta(days=1)
        return self._instant(datetime.combine(day, self.end), now)

    def ends_if_close(self, now: datetime, lead: timedelta) -> datetime | None:
        """Return when quiet hours end that have not begun and do within ``lead``."""
        return None if self.ends(now) else self.ends(now + lead)

    def _instant(self, wall: datetime, now: datetime) -> datetime:
        zone = ZoneInfo(self.zone)
        utc = ZoneInfo("UTC")
        first = wall.replace(tzinfo=zone).astimezone(utc)
        return first if first > now else wall.replace(tzinfo=zone, fold=1).astimezone(utc)


def quiet_hours(settings: AgencySettings) -> QuietHours | None:
    """Return the agency's quiet hours, None where there are none."""
    try:
        start = time.fromisoformat(settings.quiet_from)
        end = time.fromisoformat(settings.quiet_until)
    except ValueError:
        return None
    return None if start == end else QuietHours(start, end, settings.time_zone)


def due_at(now: datetime, begins: datetime, settings: AgencySettings) -> datetime:
    """Return when a message may leave that is written at ``now``: at once, or after quiet hours.

    What begins before they end, or within :data:`URGENT` after, is told at once: a message that
    comes too late is worth less than a night's rest.
    """
    quiet = quiet_hours(settings)
    end = quiet.ends(now) if quiet else None
    return now if end is None or begins < end + URGENT else end


def reminded_until(now: datetime, settings: AgencySettings) -> datetime:
    """Return up to which start reminders have to leave at ``now``.

    ``remind_hours`` ahead; and shortly before quiet hours also for what begins in them, or so
    soon after that the morning would be too late.
    """
    until = now + timedelta(hours=settings.remind_hours)
    quiet = quiet_hours(settings)
    end = quiet.ends_if_close(now, EVENING_BEFORE) if quiet else None
    return until if end is None else max(until, end + LATEST_REMINDER)


def reminder_due(now: datetime, begins: datetime, settings: AgencySettings) -> datetime:
    """Return when a reminder leaves: at once, or when the quiet hours end.

    Unless that is less than :data:`LATEST_REMINDER` before the start.
    """
    quiet = quiet_hours(settings)
    end = quiet.ends(now) if quiet else None
    return now if end is None or begins < end + LATEST_REMINDER else end
