"""Which days a planning shows: a day, a week, a month, or a list of some weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel import dates
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

from rdv_web.formats import day

LISTED_DAYS = 28
"""Days of a list."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_FIRST, _LAST = date(MINYEAR + 1, 1, 1), date(MAXYEAR - 1, 12, 31)


class View(StrEnum):
    """How days are shown; the values are those of URLs."""

    DAY = "jour"
    WEEK = "semaine"
    MONTH = "mois"
    LIST = "liste"


VIEWS = {
    View.DAY: _("Jour"),
    View.WEEK: _("Semaine"),
    View.MONTH: _("Mois"),
    View.LIST: _("Liste"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days that a view shows around ``anchor``, from ``first`` to ``last``."""

    view: View
    anchor: date
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """All of its days."""
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Return the instants at which it begins and ends in a zone."""
        begin, end = (
            datetime.combine(each, time(), ZoneInfo(zone))
            for each in (self.first, self.last + _DAY)
        )
        return begin, end

    @property
    def earlier(self) -> date:
        """A day of the period before."""
        if self.view is View.MONTH:
            return (self.anchor.replace(day=1) - _DAY).replace(day=1)
        return self.anchor - (self.last - self.first + _DAY)

    @property
    def later(self) -> date:
        """A day of the period after."""
        if self.view is View.MONTH:
            return (self.anchor.replace(day=28) + _WEEK).replace(day=1)
        return self.anchor + (self.last - self.first + _DAY)

    @property
    def title(self) -> str:
        """What it is called: « 23–29 novembre 2026 »."""
        locale = get_locale()
        if self.view is View.DAY:
            return day(self.anchor)
        if self.view is View.MONTH:
            return dates.format_skeleton("yMMMM", self.anchor, locale=locale)
        return dates.format_interval(self.first, self.last, "yMMMMd", locale=locale)


def period_of(view: View, anchor: date) -> Period:
    """Return the days that a view shows around a day."""
    first = last = anchor
    if view is View.WEEK:
        first = _monday(anchor)
        last = first + _WEEK - _DAY
    elif view is View.LIST:
        last = anchor + (LISTED_DAYS - 1) * _DAY
    elif view is View.MONTH:
        first = _monday(anchor.replace(day=1))
        end = (anchor.replace(day=28) + _WEEK).replace(day=1) - _DAY
        last = _monday(end) + _WEEK - _DAY
    return Period(view=view, anchor=anchor, first=first, last=last)


def day_asked(written: str, *, today: date) -> date:
    """Return the day that a URL names, today for none, for nonsense and for what is no calendar."""
    try:
        asked = date.fromisoformat(written)
    except ValueError:
        return today
    return asked if _FIRST <= asked <= _LAST else today


def view_asked(written: str, offered: tuple[View, ...], *, usual: View) -> View:
    """Return the view that a URL names, the usual one for none and for what is not offered."""
    return next((view for view in offered if view.value == written), usual)


def day_label(day: date) -> str:
    """Return a day as the head of a column: « lun. 23 »."""
    return dates.format_date(day, "EEE d", locale=get_locale())


def weekday(day: date) -> str:
    """Return the name of a weekday: « lundi »."""
    return dates.format_date(day, "EEEE", locale=get_locale())


def _monday(anchor: date) -> date:
    return anchor - anchor.weekday() * _DAY
