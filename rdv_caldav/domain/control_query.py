"""Filters of the control table as values of a URL's query, both ways.

Values that make no sense are all told at once, by the name of their field, so that a page can
say beside each what is wrong with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import (
    DEFAULT_COLUMNS,
    Column,
    ControlFilter,
    ControlQuery,
    Place,
    Sort,
    Trash,
)
from rdv_caldav.domain.errors import InvalidFilter

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

FIRST_DAY, LAST_DAY = "du", "au"
TYPE, CATEGORY, STATE = "type", "categorie", "etat"
PARTICIPANT, OWNER, SECTOR = "participant", "proprietaire", "secteur"
PRESENCE, PRESENCE_OF = "presence", "presence_de"
LOCATION, TEXT, IN_NOTES = "lieu", "texte", "dans_notes"
GUESTS, SERIES, TRASH = "invites", "serie", "corbeille"
SORT, ORDER, COLUMN = "tri", "ordre", "colonne"
AFTER, BEFORE = "apres", "avant"

DESCENDING = "desc"
_YES, _NO = "oui", "non"
MOST_VALUES = 500
"""Values of one name: more is nobody's choice, and would only keep the server busy."""

_LONGEST = 200
_LARGEST_ID = 2**31 - 1
_LARGEST_INSTANT = 2**53
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)


class Problem(StrEnum):
    """What is wrong with a value."""

    DATE = "date"
    ORDER = "order"
    CHOICE = "choice"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"


def read_query(pairs: Iterable[tuple[str, str]]) -> ControlQuery:
    """Return the query that the names and values of a URL say; other names are left aside.

    Empty values are as good as none, as forms send them. Raises InvalidFilter, whose
    ``problems`` are :class:`Problem` by name.
    """
    values = _Values(pairs)
    wanted = ControlFilter(
        first_day=values.one(FIRST_DAY, _day, Problem.DATE),
        last_day=values.one(LAST_DAY, _day, Problem.DATE),
        types=values.many(TYPE, _code),
        categories=values.many(CATEGORY, TypeCategory),
        states=values.many(STATE, State),
        participants=values.many(PARTICIPANT, _id),
        owners=values.many(OWNER, _id),
        presences=values.many(PRESENCE, Presence),
        presence_of=values.one(PRESENCE_OF, _id),
        sectors=values.many(SECTOR, _id),
        location=values.one(LOCATION, _short, Problem.TOO_LONG) or "",
        text=values.one(TEXT, _short, Problem.TOO_LONG) or "",
        in_notes=values.one(IN_NOTES, _truth) or False,
        guests=values.one(GUESTS, _truth),
        series=values.one(SERIES, _truth),
        trash=values.one(TRASH, Trash) or Trash.LEFT_OUT,
    )
    columns = values.many(COLUMN, Column)
    order = values.one(ORDER, _order)
    query = ControlQuery(
        filter=wanted,
        sort=values.one(SORT, Sort) or Sort.DATE,
        descending=order or False,
        columns=tuple(column for column in Column if column in columns) or DEFAULT_COLUMNS,
        place=values.one(AFTER, _place) or values.one(BEFORE, _place_before),
    )
    if wanted.first_day and wanted.last_day and wanted.last_day < wanted.first_day:
        values.problems[LAST_DAY] = Problem.ORDER
    if values.problems:
        names = ", ".join(sorted(values.problems))
        raise InvalidFilter(f"values that cannot be used: {names}", problems=values.problems)
    return query


def write_query(query: ControlQuery) -> list[tuple[str, str]]:
    """Return names and values for a URL; whatever is as by default is left out."""
    return [*write_filter(query.filter), *_shown(query)]


def write_filter(wanted: ControlFilter) -> list[tuple[str, str]]:
    """Return names and values of a filter alone."""
    return [pair for pair in _filter_pairs(wanted) if pair[1]]


def _filter_pairs(wanted: ControlFilter) -> Iterator[tuple[str, str]]:
    yield FIRST_DAY, wanted.first_day.isoformat() if wanted.first_day else ""
    yield LAST_DAY, wanted.last_day.isoformat() if wanted.last_day else ""
    yield from _each(TYPE, wanted.types)
    yield from _each(CATEGORY, wanted.categories)
    yield from _each(STATE, wanted.states)
    yield from _each(PARTICIPANT, wanted.participants)
    yield from _each(OWNER, wanted.owners)
    yield from _each(PRESENCE, wanted.presences)
    yield PRESENCE_OF, str(wanted.presence_of or "")
    yield from _each(SECTOR, wanted.sectors)
    yield LOCATION, wanted.location
    yield TEXT, wanted.text
    yield IN_NOTES, _YES if wanted.in_notes else ""
    yield GUESTS, _said(wanted.guests)
    yield SERIES, _said(wanted.series)
    yield TRASH, "" if wanted.trash is Trash.LEFT_OUT else wanted.trash.value


def _shown(query: ControlQuery) -> Iterator[tuple[str, str]]:
    if query.sort is not Sort.DATE:
        yield SORT, query.sort.value
    if query.descending:
        yield ORDER, DESCENDING
    if query.columns != DEFAULT_COLUMNS:
        yield from ((COLUMN, column.value) for column in query.columns)
    if query.place is not None:
        yield BEFORE if query.place.backwards else AFTER, _written(query.place)


def _each(name: str, values: Iterable[str | int]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for value in sorted(values))


def _said(answer: bool | None) -> str:
    return "" if answer is None else (_YES if answer else _NO)


def _written(place: Place) -> str:
    # the stop at the end keeps blanks at the end of the value
    return f"{place.starts_at}.{place.appointment_id}.{place.original}.{place.value}."


class _Values:
    """The values of a query by name, and what is wrong with them."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._given: dict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            if value.strip():
                self._given[name].append(value)
        self.problems: dict[str, str] = {}

    def many(self, name: str, read: Callable[[str], T]) -> frozenset[T]:
        """Return all values of a name that can be read, none where they are too many."""
        given = dict.fromkeys(self._given.get(name, ()))
        if len(given) > MOST_VALUES:
            self.problems[name] = Problem.TOO_MANY
            return frozenset()
        return frozenset(self._read(name, list(given), read, Problem.CHOICE))

    def one(
        self, name: str, read: Callable[[str], T], problem: Problem = Problem.CHOICE
    ) -> T | None:
        """Return the last value of a name, None without one."""
        given = self._given.get(name, [])[-1:]
        return next(self._read(name, given, read, problem), None)

    def _read(
        self, name: str, given: Sequence[str], read: Callable[[str], T], problem: Problem
    ) -> Iterator[T]:
        for value in given:
            try:
                yield read(value.strip())
            except ValueError:
                self.problems[name] = problem


def _day(value: str) -> date:
    day = date.fromisoformat(value)
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError(value)
    return day


def _id(value: str) -> int:
    return _whole(value, _LARGEST_ID)


def _whole(value: str, largest: int) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(largest))):
        raise ValueError(value)
    if not -largest <= int(value) <= largest:
        raise ValueError(value)
    return int(value)


def _short(value: str) -> str:
    if len(value) > _LONGEST or "\0" in value:
        raise ValueError(value)
    return value


def _code(value: str) -> str:
    return _short(value)


def _truth(value: str) -> bool:
    if value not in (_YES, _NO):
        raise ValueError(value)
    return value == _YES


def _order(value: str) -> bool:
    if value not in ("asc", DESCENDING):
        raise ValueError(value)
    return value == DESCENDING


def _place(value: str, *, backwards: bool = False) -> Place:
    starts_at, number, original, said = value.removesuffix(".").split(".", maxsplit=3)
    if original:
        datetime.fromisoformat(original)
    if "\0" in said:
        raise ValueError(value)
    return Place(
        starts_at=_whole(starts_at, _LARGEST_INSTANT),
        appointment_id=_id(number),
        original=original,
        value=said,
        backwards=backwards,
    )


def _place_before(value: str) -> Place:
    return _place(value, backwards=True)
