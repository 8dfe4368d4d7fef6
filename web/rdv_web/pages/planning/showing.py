"""What the pages of plannings are made of, and the part of them that a move shows anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import get_timezone

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, Role
from rdv_caldav.services import planning
from rdv_caldav.services.access import edits_by_role
from rdv_caldav.services.planning import Entry
from rdv_web import work
from rdv_web.pages.appointments.wording import CONFLICTS
from rdv_web.pages.planning.drawing import Artist
from rdv_web.pages.planning.periods import (
    VIEWS,
    Period,
    View,
    day_asked,
    day_label,
    period_of,
    view_asked,
    weekday,
)

_KEPT = frozenset({"qui", "secteur", "q", "page"})
"""What other addresses of the same page keep of the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The days that the address of a page asks for, among the views that it offers."""

    period: Period
    views: tuple[View, ...]
    today: date

    def url(self, **changes: Any) -> str:  # noqa: ANN401 - values of an address
        """Return the address of this page with another view, day, or whatever else."""
        said = request.args.items()
        values: dict[str, Any] = {name: value for name, value in said if name in _KEPT}
        values |= request.view_args or {}
        values |= {"vue": self.period.view.value, "date": self.period.anchor.isoformat()}
        values |= changes
        kept: dict[str, Any] = {
            name: value for name, value in values.items() if value not in ("", None)
        }
        return url_for(_shown_by(), **kept)


def _shown_by() -> str:
    """Return the endpoint that shows the page, also while a move is answered."""
    return "planning.person" if (request.view_args or {}).get("slug") else "planning.team"


def zone_name() -> str:
    """Return the IANA name of the agency's time zone."""
    return str(get_timezone())


def asked(views: tuple[View, ...], usual: View) -> Asked:
    """Return what the address asks for."""
    today = work.now().astimezone(ZoneInfo(zone_name())).date()
    view = view_asked(request.args.get("vue", ""), views, usual=usual)
    anchor = day_asked(request.args.get("date", ""), today=today)
    return Asked(period=period_of(view, anchor), views=views, today=today)


def drawn(tx: Transaction, persons: Sequence[Person], wanted: Asked) -> dict[str, Any]:
    """Return what the part of a page with the planning itself shows."""
    zone = zone_name()
    start, end = wanted.period.bounds(zone)
    found = planning.read(tx, work.actor(), persons, start=start, end=end)
    artist = Artist(zone=zone, now=work.now(), link=links())
    return {
        "asked": wanted,
        "period": wanted.period,
        "drawing": artist.draw(found, wanted.period.days),
        "kinds": {kind.code: kind.label for kind in tx.agency.types()},
        "views": [(VIEWS[view], view, wanted.url(vue=view.value)) for view in wanted.views],
        "CONFLICTS": CONFLICTS,
        "day_label": day_label,
        "weekday": weekday,
        "new_url": new_url,
        "planning_url": planning_url,
        "sees_team": edits_by_role(work.actor()),
        "is_client": work.actor().account.role is Role.CLIENT,
    }


def links() -> Callable[[Entry], str]:
    """Return what gives the address of an entry's page; there may be thousands of them."""
    page = url_for("appointments.show", appointment_id=0).removesuffix("0")

    def link(entry: Entry) -> str:
        key = entry.row.key
        date = f"?date={key.original.isoformat()}" if key.original else ""
        return f"{page}{key.appointment_id}{date}"

    return link


def new_url(person: Person, day: date, at: int | None = None) -> str:
    """Return where one plans for a person on a day, from an hour on."""
    begin = day if at is None else datetime.combine(day, time(at))
    return url_for("appointments.new", personne=person.slug, debut=begin.isoformat())


def planning_url(person: Person, wanted: Asked, vue: str = View.WEEK.value) -> str:
    """Return the address of a person's planning on the same days."""
    day = wanted.period.anchor.isoformat()
    return url_for("planning.person", slug=person.slug, vue=vue, date=day)
