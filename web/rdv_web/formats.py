"""How values look on pages: dates in the agency's zone and the reader's language, and names."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel import dates
from flask import Flask
from flask_babel import LazyString, get_locale, get_timezone
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import PersonKind, Role
from rdv_caldav.domain.appointment import Presence, Span, State

STATES: dict[State, LazyString] = {
    State.PLANNED: _("Planifié"),
    State.HELD: _("Tenu"),
    State.CANCELLED: _("Annulé"),
}
PRESENCES: dict[Presence, LazyString] = {
    Presence.ACCEPTED: _("Présent"),
    Presence.TENTATIVE: _("Peut-être"),
    Presence.DECLINED: _("Absent"),
    Presence.NEEDS_ACTION: _("Sans réponse"),
}
PRESENCE_MARKS: dict[Presence, str] = {
    Presence.ACCEPTED: "✓",
    Presence.TENTATIVE: "?",
    Presence.DECLINED: "✕",
    Presence.NEEDS_ACTION: "–",
}
"""Presence is never told by colour alone."""
KINDS: dict[PersonKind, LazyString] = {
    PersonKind.CLIENT: _("Client"),
    PersonKind.INTERVENANT: _("Intervenant"),
    PersonKind.GESTIONNAIRE: _("Gestionnaire"),
}
ROLES: dict[Role, LazyString] = {
    Role.ADMINISTRATEUR: _("Administrateur"),
    Role.GESTIONNAIRE: _("Gestionnaire"),
    Role.INTERVENANT: _("Intervenant"),
    Role.CLIENT: _("Client"),
}


def install(app: Flask) -> None:
    """Let templates use these."""
    for function in (day, short_day, hour, moment, span, iso_day):
        app.add_template_filter(function)
    app.jinja_env.globals.update(
        STATES=STATES,
        PRESENCES=PRESENCES,
        PRESENCE_MARKS=PRESENCE_MARKS,
        KINDS=KINDS,
        ROLES=ROLES,
    )


def day(value: date) -> str:
    """Return a date in words: « mardi 24 novembre 2026 »."""
    return dates.format_date(value, "full", locale=get_locale())


def short_day(value: date) -> str:
    """Return a date with its weekday, short: « mar. 24 nov. 2026 »."""
    return dates.format_skeleton("yMMMEd", value, locale=get_locale(), fuzzy=True)


def hour(value: datetime) -> str:
    """Return a wall-clock time: « 14:30 »."""
    return f"{value:%H:%M}"


def moment(value: datetime | int) -> str:
    """Return an instant (aware, or seconds since 1970) in the agency's zone."""
    zone = get_timezone()
    local = (
        datetime.fromtimestamp(value, zone) if isinstance(value, int) else value.astimezone(zone)
    )
    return dates.format_datetime(local, "d MMM y HH:mm", locale=get_locale(), tzinfo=zone)


def iso_day(value: date) -> str:
    """Return a date as forms and URLs write it."""
    return f"{value:%Y-%m-%d}"


def span(value: Span) -> str:
    """Return when something takes place by the agency's clock, as short as it can be told."""
    value = value.on_clock_of(str(get_timezone()))
    last = value.end - timedelta(days=1) if value.all_day else value.end
    same_day = last.date() <= value.start.date()
    if value.all_day:
        whole = str(_("toute la journée"))
        begins = short_day(value.start)
        return f"{begins}, {whole}" if same_day else f"{begins} – {short_day(last)}"
    if same_day:
        return f"{short_day(value.start)}, {hour(value.start)} – {hour(value.end)}"
    begin = f"{short_day(value.start)}, {hour(value.start)}"
    return f"{begin} – {short_day(value.end)}, {hour(value.end)}"
