"""Fiches: what an agency keeps of a person, and what lists of them are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rdv_caldav.domain.agency import Person, PersonKind, Role
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.domain.searching import folded

KEPT_OF_NAME = 300
"""Characters of a name that lists are sorted by: an index holds them."""


class Problem(StrEnum):
    """What is wrong with a value of a fiche."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    UNPRINTABLE = "unprintable"
    ADDRESS = "address"
    AGENCY_ADDRESS = "agency_address"
    SECTOR = "sector"
    HOURS = "hours"
    KIND = "kind"
    SLUG = "slug"
    SURPLUS = "surplus"
    SEVERAL = "several"
    TWICE = "twice"
    LANGUAGE = "language"
    CONTACT_BY = "contact_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A problem, and the value or line that it is about where that says more."""

    problem: Problem
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fiche:
    """A person with all that is kept of him.

    ``notes`` are internal: staff reads them, nobody else. ``availability`` is a calendar with
    his working hours (RFC 7953), empty where none are fixed. ``language`` is the one he is
    written to in, empty for the agency's.
    """

    person: Person
    phone: str = ""
    notes: str = ""
    availability: str = ""
    language: str = ""
    contact_by: ContactBy = ContactBy.AGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFiche:
    """A line of a list of fiches; ``name_key`` is what it is sorted by."""

    person: Person
    phone: str
    name_key: str

    def place(self, *, backwards: bool = False) -> FichePlace:
        """Return where the page beyond this line begins, or the one before it ends."""
        return FichePlace(name_key=self.name_key, person_id=self.person.id, backwards=backwards)


@dataclass(frozen=True, slots=True, kw_only=True)
class FichePlace:
    """Where a page begins: beyond one line, or before it."""

    name_key: str
    person_id: int
    backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FicheFilter:
    """Which fiches are listed; what is empty or None does not restrict.

    ``text`` is searched in names, addresses of all kinds and telephone numbers, letters as
    :func:`rdv_caldav.domain.searching.folded` has them. ``kinds`` are several to choose from.
    """

    kind: PersonKind | None = None
    kinds: frozenset[PersonKind] = frozenset()
    text: str = ""
    sector_id: int | None = None
    without_sector: bool = False
    without_address: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FicheScope:
    """Whose fiches somebody may list.

    Everybody's; or those of ``sector_ids``, of no secteur, and the person ``person_id``.
    """

    everybody: bool = False
    sector_ids: frozenset[int] = frozenset()
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedAccount:
    """What a fiche shows of its person's account; no secteurs means all of them."""

    login: str
    role: Role
    active: bool
    sectors: tuple[str, ...] = ()


def name_key(person: Person) -> str:
    """Return what lists are sorted by: last name then first name, as they are compared."""
    return f"{folded(person.last_name)} {folded(person.first_name)}".strip()[:KEPT_OF_NAME]


def fiche_search_key(person: Person) -> str:
    """Return what is searched of a person, folded and one under the other."""
    parts = (person.name, *person.addresses, person.home_address)
    return "\n".join(folded(part) for part in parts if part)
