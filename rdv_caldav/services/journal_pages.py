"""The journal of the agency for whoever is answerable for it: the administrateurs.

Gestionnaires see the history of each rendez-vous that they may edit on its own page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rdv_caldav.db.journal_reading import JournalFilter, JournalLine, JournalPage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, Role
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.services.access import Actor

PAGE_SIZE = 50

Persons = Mapping[int, Person]
"""Those whom entries speak of, by their numbers."""

_PERSON_FIELDS = ("key", "before", "after", "person", "person_id")
_EVENTS_OF_PERSONS = frozenset({"OwnershipGiven"})


def page(
    tx: Transaction,
    actor: Actor,
    wanted: JournalFilter,
    after: int | None,
    *,
    size: int = PAGE_SIZE,
) -> JournalPage:
    """Return entries beyond the one with the id ``after``, newest first. Raises AccessRefused."""
    if actor.account.role is not Role.ADMINISTRATEUR:
        raise AccessRefused("only an administrateur reads the journal")
    return tx.journal_reading.page(wanted, after, size=size)


def persons_named(tx: Transaction, lines: Iterable[JournalLine]) -> Persons:
    """Return the persons whom entries speak of by their numbers, by id."""
    return tx.people.by_ids({each for line in lines for each in _ids_in(line)})


def _ids_in(line: JournalLine) -> set[int]:
    details: Mapping[str, Any] = line.entry.details
    participant = details.get("participant")
    values = [
        details.get(name)
        for name in _PERSON_FIELDS
        if name not in ("before", "after") or line.entry.event in _EVENTS_OF_PERSONS
    ]
    if isinstance(participant, dict):
        values.append(participant.get("person_id"))
    return {value for value in values if type(value) is int}
