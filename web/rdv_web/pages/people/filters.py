"""What a list of fiches is asked for, as values of its URL, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.fiches import FicheFilter, FichePlace
from rdv_web import menus

KINDS: Mapping[str, PersonKind] = {f"{kind.value}s": kind for kind in PersonKind}
"""The kinds by their names in URLs."""

PATH = f"/<any({','.join(KINDS)}):kind>"

TITLES: Mapping[PersonKind, LazyString] = {
    PersonKind.CLIENT: _("Clients"),
    PersonKind.INTERVENANT: _("Intervenants"),
    PersonKind.GESTIONNAIRE: _("Gestionnaires"),
}


_LONGEST = 200
_NONE = "aucun"


def mark_kind(kind: PersonKind) -> None:
    """Show in the menu that the page is about somebody of this kind."""
    menus.mark(kind=f"{kind.value}s")


def read_filter(kind: str, values: Mapping[str, str]) -> FicheFilter:
    """Return the filter that a URL says; what makes no sense restricts nothing."""
    sector = values.get("secteur", "")
    return FicheFilter(
        kind=KINDS[kind],
        text=values.get("q", "")[:_LONGEST],
        sector_id=int(sector) if _is_id(sector) else None,
        without_sector=sector == _NONE,
        without_address=values.get("sans_email") == "oui",
        archived=values.get("archives") == "oui",
    )


def write_filter(wanted: FicheFilter) -> dict[str, Any]:
    """Return the values of a filter for a URL; whatever is as by default is left out."""
    sector = _NONE if wanted.without_sector else str(wanted.sector_id or "")
    said = {
        "q": wanted.text,
        "secteur": sector,
        "sans_email": "oui" if wanted.without_address else "",
        "archives": "oui" if wanted.archived else "",
    }
    return {name: value for name, value in said.items() if value}


def read_place(values: Mapping[str, str]) -> FichePlace | None:
    """Return where a URL says that the page begins, None for the first one."""
    for name in ("apres", "avant"):
        number, _dot, key = values.get(name, "").partition(".")
        if _is_id(number):
            return FichePlace(
                name_key=key.replace("\0", ""), person_id=int(number), backwards=name == "avant"
            )
    return None


def write_place(place: FichePlace) -> dict[str, Any]:
    """Return a place for a URL."""
    name = "avant" if place.backwards else "apres"
    return {name: f"{place.person_id}.{place.name_key}"}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(2**31))
