"""Working hours as fields of a form: for each day of the week, from and to, twice or more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from rdv_caldav.ical.availability import WEEKDAYS, Hours, weekly_hours

DAYS: Mapping[str, LazyString] = dict(
    zip(
        WEEKDAYS,
        (
            lazy_gettext("Lundi"),
            lazy_gettext("Mardi"),
            lazy_gettext("Mercredi"),
            lazy_gettext("Jeudi"),
            lazy_gettext("Vendredi"),
            lazy_gettext("Samedi"),
            lazy_gettext("Dimanche"),
        ),
        strict=True,
    )
)
_FEWEST, _MOST = 2, 6
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MIDNIGHT = "24:00"

Spans = Sequence[tuple[str, str]]


@dataclass(slots=True, kw_only=True)
class HoursFields:
    """What was typed for each day, and what is wrong with it.

    ``is_foreign``: what stands was written by a calendar program and says more than this form
    can; it is left alone unless ``replaces``.
    """

    typed: dict[str, Spans]
    problems: dict[str, str] = field(default_factory=dict)
    is_foreign: bool = False
    replaces: bool = False

    @property
    def columns(self) -> range:
        """How many spans each day has room for."""
        longest = max((len(spans) for spans in self.typed.values()), default=0)
        return range(min(max(_FEWEST, longest), _MOST))

    def typed_at(self, day: str, column: int) -> tuple[str, str]:
        """Return what was typed into the fields of one span."""
        spans = self.typed.get(day, ())
        return spans[column] if column < len(spans) else ("", "")

    @property
    def hours(self) -> Hours | None:
        """The hours, None to leave what stands; only once nothing is wrong with them."""
        if self.is_foreign and not self.replaces:
            return None
        return {
            day: [(start, _closing(end)) for start, end in sorted(spans) if start]
            for day, spans in self.typed.items()
            if any(start for start, _end in spans)
        }


def fields_of(availability: str) -> HoursFields:
    """Return the fields for what is kept."""
    hours = weekly_hours(availability) if availability else {}
    if hours is None:
        return HoursFields(typed={}, is_foreign=True)
    typed = {
        day: [(start, "00:00" if end == _MIDNIGHT else end) for start, end in sorted(spans)]
        for day, spans in hours.items()
    }
    return HoursFields(typed=dict(typed))


def read_fields(values: Mapping[str, str], standing: HoursFields) -> HoursFields:
    """Return what a form says, beside what stands."""
    typed = {day: [*_spans(day, values)] for day in WEEKDAYS}
    fields = HoursFields(
        typed=dict(typed),
        is_foreign=standing.is_foreign,
        replaces=values.get("replace-hours") == "yes",
    )
    if fields.hours is not None:
        problems = ((day, _problem(spans)) for day, spans in typed.items())
        fields.problems = {day: problem for day, problem in problems if problem}
    return fields


def _spans(day: str, values: Mapping[str, str]) -> Spans:
    pairs = (
        (values.get(f"{day}-{n}-from", "")[:8], values.get(f"{day}-{n}-to", "")[:8])
        for n in range(_MOST)
    )
    return [pair for pair in pairs if any(pair)]


def _problem(spans: Spans) -> str:
    if not all(_CLOCK.fullmatch(moment) for span in spans for moment in span):
        return str(_("Indiquez l’heure de début et l’heure de fin, comme 08:00 et 12:00."))
    ordered = sorted((start, _closing(end)) for start, end in spans)
    if any(end <= start for start, end in ordered):
        return str(_("La fin doit être après le début (00:00 à la fin veut dire minuit)."))
    if any(end > start for (_from, end), (start, _to) in pairwise(ordered)):
        return str(_("Ces horaires se chevauchent."))
    return ""


def _closing(end: str) -> str:
    return _MIDNIGHT if end == "00:00" else end
