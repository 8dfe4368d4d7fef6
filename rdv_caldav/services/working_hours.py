"""Working hours: as files of persons write them, and as accounts keep them (RFC 7953)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import EditRefused, InvalidInput
from rdv_caldav.ical.availability import WEEKDAYS, Hours, checked_availability
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change

_DAYS = ("lu", "ma", "me", "je", "ve", "sa", "di")
_ALWAYS = "toujours"
_FULL_DAY = 24 * 60
_TIME = r"(\d{1,2})\s*[h:](\d\d)?"
_HOURS = re.compile(f"{_TIME}-{_TIME}", re.ASCII)
_DASH = re.compile(r"\s*[-\u2010-\u2014]\s*")

_Worked = dict[str, list[tuple[str, str]]]


def read_hours(written: str) -> Hours:
    """Return the hours that ``lu-ve 8h-12h 14h-18h; sa 9h-12h`` means.

    Days come before their hours; ``toujours`` means no fixed hours, which is the empty answer.
    Raises InvalidInput with what is wrong.
    """
    words = re.split(r"[\s;,|]+", _DASH.sub("-", written.strip().casefold()))
    if words == [_ALWAYS]:
        return {}
    worked: _Worked = {}
    days: list[str] = []
    is_complete = True
    for word in words:
        if hours := _HOURS.fullmatch(word):
            if not days:
                raise InvalidInput(f"Horaires: {word} follows no day")
            _add(worked, days, hours)
            is_complete = True
        elif word:
            days = [*([] if is_complete else days), *_days(word)]
            is_complete = False
    if not is_complete or not worked:
        raise InvalidInput("Horaires: days have no hours, as in lu-ve 8h-12h 14h-18h")
    return worked


def _days(word: str) -> Iterator[str]:
    first, _, last = word.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS or word.endswith("-"):
        raise InvalidInput(f"Horaires: {word} is neither days as in lu-ve nor hours as in 8h-12h")
    start, stop = _DAYS.index(first), _DAYS.index(last or first)
    if stop < start:
        raise InvalidInput(f"Horaires: {word} goes backwards")
    yield from WEEKDAYS[start : stop + 1]


def _add(worked: _Worked, days: list[str], hours: re.Match[str]) -> None:
    numbers = [int(part or 0) for part in hours.groups()]
    opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if max(numbers[1], numbers[3]) >= 60 or not opens < closes <= _FULL_DAY:
        raise InvalidInput(f"Horaires: {hours[0]} are no hours of one day")
    for day in days:
        of_day = worked.setdefault(day, [])
        new = _clock(opens), _clock(closes)
        if any(new[0] < end and start < new[1] for start, end in of_day):
            raise InvalidInput(f"Horaires: {hours[0]} overlaps other hours of the day")
        of_day.append(new)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def written_hours(hours: Hours) -> str:
    """Return hours as :func:`read_hours` reads them: days with the same hours together."""
    runs: list[tuple[list[int], str]] = []
    for number, day in enumerate(WEEKDAYS):
        of_day = " ".join(f"{_short(a)}-{_short(b)}" for a, b in hours.get(day, ()))
        if of_day and runs and runs[-1][1] == of_day and runs[-1][0][-1] == number - 1:
            runs[-1][0].append(number)
        elif of_day:
            runs.append(([number], of_day))
    return "; ".join(f"{_named(days)} {of_day}" for days, of_day in runs) or _ALWAYS


def _named(days: list[int]) -> str:
    first, last = _DAYS[days[0]], _DAYS[days[-1]]
    return first if first == last else f"{first}-{last}"


def _short(clock: str) -> str:
    hour, _, minute = clock.partition(":")
    return f"{int(hour)}h{minute if minute != '00' else ''}"


# -- an account's own ---------------------------------------------------------------------


def own_availability(tx: Transaction, actor: Actor) -> str:
    """Return the availability of an account's person, empty where none is kept."""
    person = actor.person
    return "" if person is None else tx.people.availability_of(person.id)


def keep_availability(tx: Transaction, actor: Actor, text: str, *, now: datetime) -> None:
    """Keep the availability of an account's own person; an empty text takes it away.

    Raises EditRefused for an account that is nobody's, NotCalendarData.
    """
    if actor.person is None:
        raise EditRefused("the account is no person's")
    before = own_availability(tx, actor)
    after = text and checked_availability(text)
    tx.people.save_availability(actor.person.id, after)
    if after != before:
        told = {"person": actor.person.id, "slug": actor.person.slug}
        record_change(tx, actor, "HoursChanged", told, now=now)
