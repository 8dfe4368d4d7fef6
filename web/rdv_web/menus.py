"""The menu: what each role finds in it. Whoever may not open a page does not see it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import Role

STAFF = frozenset({Role.ADMINISTRATEUR, Role.GESTIONNAIRE})
ADMINISTRATORS = frozenset({Role.ADMINISTRATEUR})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the menu. ``needs_module`` entries go with the module Rendez-vous (rule 15)."""

    label: LazyString
    icon: str
    endpoint: str
    arguments: dict[str, str] = field(default_factory=dict)
    roles: frozenset[Role] = STAFF
    needs_module: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the page that is shown belongs to this line."""
        if request.endpoint == self.endpoint:
            values = request.view_args or {}
            return all(values.get(name) == value for name, value in self.arguments.items())
        return False


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
            ),
            Entry(
                label=_("Intervenants"),
                icon="users",
                endpoint="people.listing",
                arguments={"kind": "intervenants"},
            ),
            Entry(
                label=_("Gestionnaires"),
                icon="briefcase",
                endpoint="people.listing",
                arguments={"kind": "gestionnaires"},
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
                roles=EVERYBODY,
            ),
        ),
    ),
)
"""Every page that can be reached without knowing an address."""


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
