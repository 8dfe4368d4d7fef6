"""What the control table is asked for, by its URL; and its URLs for other askings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import LazyString, lazy_gettext

from rdv_caldav.domain.control import Column, ControlFilter, ControlQuery, Place, Sort
from rdv_caldav.domain.control_query import (
    MOST_VALUES,
    Problem,
    read_query,
    write_filter,
    write_query,
)
from rdv_caldav.domain.errors import InvalidFilter
from rdv_web import languages, work

Pairs = Sequence[tuple[str, str]]

RUN = ("lancer", "1")
"""Says that a filter was sent: an empty one lists everything."""

PROBLEMS: Mapping[str, LazyString] = {
    Problem.DATE: lazy_gettext("Ce n’est pas une date."),
    Problem.ORDER: lazy_gettext("Cette date est avant la première."),
    Problem.CHOICE: lazy_gettext("Ce choix n’existe pas."),
    Problem.TOO_LONG: lazy_gettext("C’est trop long."),
    Problem.TOO_MANY: lazy_gettext("Trop de choix à la fois : %(most)s au plus.", most=MOST_VALUES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, and what was typed: the two differ where something makes no sense.

    ``problems`` are words by the name of the field.
    """

    query: ControlQuery
    typed: Pairs
    problems: Mapping[str, LazyString] = field(default_factory=dict)

    @property
    def filter(self) -> ControlFilter:
        """The filter of the query."""
        return self.query.filter

    def said(self, name: str) -> str:
        """Return what was typed into a field."""
        return next((value for given, value in reversed(self.typed) if given == name), "")

    def problem(self, name: str) -> LazyString | str:
        """Return what is wrong with a field, nothing where it is right."""
        return self.problems.get(name, "")

    @property
    def written(self) -> str:
        """The query as text, without a place: for forms and for filters that are kept."""
        return written(replace(self.query, place=None))

    def url(self, endpoint: str = "control.table", **values: Any) -> str:  # noqa: ANN401 - as url_for
        """Return the address of a page about the same rows."""
        return f"{url_for(endpoint, **values)}?{self.written}"

    def turned(self, place: Place | None) -> str:
        """Return the address of another page of the list, empty without one."""
        if place is None:
            return ""
        return f"{url_for('control.table')}?{written(replace(self.query, place=place))}"

    def sorted_by(self, sort: Sort) -> str:
        """Return the address of the list sorted otherwise, or the other way round."""
        descending = self.query.sort is sort and not self.query.descending
        query = replace(self.query, sort=sort, descending=descending, place=None)
        return f"{url_for('control.table')}?{written(query)}"

    def shows(self, column: Column) -> bool:
        """Tell whether a column is shown."""
        return column in self.query.columns

    @property
    def is_detailed(self) -> bool:
        """Whether anything but the first criteria was asked for."""
        first = {"du", "au", "type", "etat", "texte"}
        said = [name for name, _value in write_filter(self.filter)]
        return any(name not in first for name in (*said, *self.problems))


def read(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Return what a URL asks for: this month where it says nothing at all."""
    typed = list(pairs)
    if not any(name != "lang" for name, _value in typed):
        query = ControlQuery(filter=this_month())
        return Asked(query=query, typed=write_query(query))
    try:
        return Asked(query=read_query(typed), typed=typed)
    except InvalidFilter as error:
        words = {name: PROBLEMS[problem] for name, problem in error.problems.items()}
        return Asked(query=ControlQuery(), typed=typed, problems=words)


def read_text(text: str) -> Asked:
    """Return what a query says that a form carries as text."""
    return read([RUN, *parse_qsl(text, keep_blank_values=True)])


def written(query: ControlQuery) -> str:
    """Return a query as text for a URL."""
    return urlencode([RUN, *write_query(query)])


def this_month() -> ControlFilter:
    """Return the filter of the month that it is in the agency's zone."""
    today = work.now().astimezone(ZoneInfo(languages.agency_zone())).date()
    first = today.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return ControlFilter(first_day=first, last_day=date.fromordinal(following.toordinal() - 1))
