"""How a rendez-vous repeats, as people say it: every so many days, weeks or months, until when.

A form offers less than RRULE can say (RFC 5545 §3.3.10). What it cannot say is kept as it is:
:func:`repetition_of` returns None for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from rdv_caldav.domain.appointment import Span

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEK = 7
_WEEKS_IN_EVERY_MONTH = 4
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_UNTIL = re.compile(r"\d{8}(?:T\d{6}Z?)?", re.ASCII)


class Frequency(StrEnum):
    """The values of FREQ that a form offers."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A repetition that a form can say, of which at most one of ``count`` and ``until``.

    ``weekdays`` are those of a weekly one, Monday being 0; that of the start is always one.
    ``by_weekday`` says of a monthly one that it falls on the same weekday (the fourth Tuesday)
    rather than on the same day of the month. ``until`` is the last day on which it may start.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    by_weekday: bool = False
    count: int | None = None
    until: date | None = None


def rule_of(repetition: Repetition, span: Span) -> str:
    """Return the RRULE value of a repetition whose first date is ``span``."""
    parts = [f"FREQ={repetition.frequency}"]
    if repetition.interval > 1:
        parts.append(f"INTERVAL={repetition.interval}")
    if days := _by_day(repetition, span):
        parts.append(f"BYDAY={days}")
    if repetition.count is not None:
        parts.append(f"COUNT={repetition.count}")
    elif repetition.until is not None:
        parts.append(f"UNTIL={_end_of(repetition.until, span)}")
    return ";".join(parts)


def _by_day(repetition: Repetition, span: Span) -> str:
    own = span.start.weekday()
    if repetition.frequency is Frequency.WEEKLY and repetition.weekdays - {own}:
        return ",".join(_WEEKDAYS[day] for day in sorted(repetition.weekdays | {own}))
    if repetition.frequency is Frequency.MONTHLY and repetition.by_weekday:
        return f"{nth_of_month(span.start)}{_WEEKDAYS[own]}"
    return ""


def nth_of_month(day: date) -> int:
    """Return which one of its weekday a day is in its month, -1 for the last of five."""
    nth = (day.day - 1) // _WEEK + 1
    return nth if nth <= _WEEKS_IN_EVERY_MONTH else -1


def _end_of(day: date, span: Span) -> str:
    """Return the last moment of a day as UNTIL: a date for whole days, else UTC."""
    if span.all_day:
        return f"{day:%Y%m%d}"
    return utc_of(datetime.combine(day, time(23, 59, 59)), span)


def utc_of(wall: datetime, span: Span) -> str:
    """Return a wall-clock time of a series as UNTIL writes it."""
    return f"{wall.replace(tzinfo=ZoneInfo(span.zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def repetition_of(rule: str, span: Span) -> Repetition | None:
    """Return what an RRULE value says, None for what the form has no words for."""
    parts = _parts(rule)
    try:
        said = Repetition(
            frequency=Frequency(parts.get("FREQ", "")),
            interval=_number(parts.get("INTERVAL", "1")),
            weekdays=_weekdays(parts, span),
            by_weekday=parts.get("FREQ") == "MONTHLY" and "BYDAY" in parts,
            count=_number(parts["COUNT"]) if "COUNT" in parts else None,
            until=_until(parts["UNTIL"], span) if "UNTIL" in parts else None,
        )
    except ValueError:
        return None
    again = _parts(rule_of(replace(said, count=None, until=None), span))
    return said if again == _comparable(parts, span) else None


def _comparable(parts: dict[str, str], span: Span) -> dict[str, str]:
    """Leave out what says nothing new: a form would not write it."""
    kept = {name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")}
    implied = {"INTERVAL": "1", "WKST": "MO"}
    if parts["FREQ"] == "WEEKLY":
        implied["BYDAY"] = _WEEKDAYS[span.start.weekday()]
    if parts["FREQ"] == "MONTHLY":
        implied["BYMONTHDAY"] = str(span.start.day)
    kept = {name: value for name, value in kept.items() if implied.get(name) != value}
    if parts["FREQ"] == "WEEKLY" and "BYDAY" in kept:
        days = set(kept["BYDAY"].split(","))
        kept["BYDAY"] = ",".join(day for day in _WEEKDAYS if day in days)
    return kept


def _parts(rule: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in rule.strip().upper().split(";"))


def _number(written: str) -> int:
    if not _NUMBER.fullmatch(written):
        raise ValueError(written)
    return int(written)


def _weekdays(parts: dict[str, str], span: Span) -> frozenset[int]:
    if parts.get("FREQ") != "WEEKLY":
        return frozenset()
    if "BYDAY" not in parts:
        return frozenset({span.start.weekday()})
    return frozenset(_WEEKDAYS.index(day) for day in parts["BYDAY"].split(","))


def _until(written: str, span: Span) -> date:
    if not _UNTIL.fullmatch(written):
        raise ValueError(written)
    if "T" not in written:
        return datetime.strptime(written, "%Y%m%d").date()  # noqa: DTZ007 - a day
    wall = datetime.strptime(written.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall clock
    if written.endswith("Z") and not span.all_day:
        wall = wall.replace(tzinfo=UTC).astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    return wall.date()


def carried_along(repetition: Repetition, before: date, after: date) -> Repetition:
    """Return a weekly repetition whose first date goes to another weekday, that day with it."""
    old, new = before.weekday(), after.weekday()
    if repetition.frequency is not Frequency.WEEKLY or old == new:
        return repetition
    return replace(repetition, weekdays=repetition.weekdays - {old} | {new})
