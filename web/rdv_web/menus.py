"""The menu: what each role finds in it. Whoever may not open a page does not see it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import g, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import Role

STAFF = frozenset({Role.ADMINISTRATEUR, Role.GESTIONNAIRE})
ADMINISTRATORS = frozenset({Role.ADMINISTRATEUR})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the menu. ``needs_module`` entries go with the module Rendez-vous (rule 15).

    ``also`` are beginnings of the endpoints of other pages that belong to it, as far as these
    have no line of their own.
    """

    label: LazyString
    icon: str
    endpoint: str
    arguments: dict[str, str] = field(default_factory=dict)
    roles: frozenset[Role] = STAFF
    needs_module: bool = False
    also: tuple[str, ...] = ()

    @property
    def current(self) -> str:
        """What ``aria-current`` says: ``page``, ``true`` on another page of its, else nothing."""
        values = {**(request.view_args or {}), **g.get("menu_arguments", {})}
        if any(values.get(name) != value for name, value in self.arguments.items()):
            return ""
        endpoint = request.endpoint or ""
        if endpoint == self.endpoint:
            return "page"
        is_of_it = endpoint.startswith(self.also) and endpoint not in _own_lines()
        return "true" if is_of_it else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the menu under a heading."""

    label: LazyString
    entries: tuple[Entry, ...]


MENU: tuple[Section, ...] = (
    Section(
        label=_("Rendez-vous"),
        entries=(
            Entry(
                label=_("Accueil"), icon="house", endpoint="front_page.front_page", roles=EVERYBODY
            ),
            Entry(
                label=_("Planning"),
                icon="calendar-days",
                endpoint="planning.team",
                also=("planning.",),
                roles=EVERYBODY,
                needs_module=True,
            ),
            Entry(
                label=_("Mes rendez-vous"),
                icon="calendar",
                endpoint="account.appointments",
                roles=EVERYBODY,
                needs_module=True,
            ),
            Entry(
                label=_("Réponses"),
                icon="mail",
                endpoint="mailing.replies",
                needs_module=True,
                also=("mailing.rep",),
            ),
        ),
    ),
    Section(
        label=_("Fiches"),
        entries=(
            Entry(
                label=_("Clients"),
                icon="house",
                endpoint="people.listing",
                arguments={"kind": "clients"},
                also=("people.",),
            ),
            Entry(
                label=_("Intervenants"),
                icon="users",
                endpoint="people.listing",
                arguments={"kind": "intervenants"},
                also=("people.",),
            ),
            Entry(
                label=_("Gestionnaires"),
                icon="briefcase",
                endpoint="people.listing",
                arguments={"kind": "gestionnaires"},
                also=("people.",),
            ),
        ),
    ),
    Section(
        label=_("Analyse > Contrôle des informations > Rendez-vous"),
        entries=(
            Entry(
                label=_("Tous les rendez-vous"),
                icon="chart-column",
                endpoint="control.table",
                also=("control.",),
                needs_module=True,
            ),
            Entry(
                label=_("Courriels"),
                icon="send",
                endpoint="mailing.messages",
                also=("mailing.message",),
                needs_module=True,
            ),
        ),
    ),
    Section(
        label=_("Administration"),
        entries=(
            Entry(
                label=_("Mes options"),
                icon="settings",
                endpoint="administration.options",
                roles=ADMINISTRATORS,
            ),
            Entry(
                label=_("Paramètres"),
                icon="list",
                endpoint="administration.parameters",
                also=("administration.",),
                roles=ADMINISTRATORS,
            ),
            Entry(
                label=_("Journal"),
                icon="history",
                endpoint="journal.listing",
                roles=ADMINISTRATORS,
            ),
        ),
    ),
    Section(
        label=_("Mon compte"),
        entries=(
            Entry(
                label=_("Mes préférences"),
                icon="circle-user",
                endpoint="account.preferences",
                also=("account.",),
                roles=EVERYBODY,
            ),
            Entry(
                label=_("Mes appareils"),
                icon="phone",
                endpoint="account.devices",
                also=("account.confirm_rev", "account.make_dev", "account.revoke_dev"),
                roles=EVERYBODY,
            ),
        ),
    ),
)
"""Every page that can be reached without knowing an address."""


def _own_lines() -> frozenset[str]:
    return frozenset(entry.endpoint for section in MENU for entry in section.entries)


def mark(**arguments: str) -> None:
    """Say what the page that is shown is about, where its address does not: ``kind=…``."""
    g.menu_arguments = arguments


def menu_for(role: Role, *, module_enabled: bool, exists: Callable[[str], bool]) -> list[Section]:
    """Return the menu of a role: ``exists`` tells whether an endpoint is there at all."""
    sections = []
    for section in MENU:
        entries = tuple(
            entry
            for entry in section.entries
            if role in entry.roles
            and (module_enabled or not entry.needs_module)
            and exists(entry.endpoint)
        )
        if entries:
            sections.append(Section(label=section.label, entries=entries))
    return sections
