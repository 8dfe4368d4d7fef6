"""What a filter of the control table can name: only whom and what the account may see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AppointmentType, Person, Sector
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChoices:
    """Persons by name, secteurs by name, types in the agency's order."""

    persons: Sequence[Person]
    sectors: Sequence[Sector]
    types: Sequence[AppointmentType]

    def name_of(self, person_id: int) -> str:
        """Return the name of a person who can be named, else nothing."""
        return next((each.name for each in self.persons if each.id == person_id), "")


def choices(tx: Transaction, actor: Actor, *, chosen: Collection[int] = ()) -> ControlChoices:
    """Return what can be named; of archived persons only those that were chosen already."""
    everyone = tx.people.everyone(active_only=False)
    scope = access.scope_of(actor, tx.agency.settings())
    sectors = tx.people.sectors()
    return ControlChoices(
        persons=[
            person
            for person in everyone
            if access.may_see_calendar(actor, person) and (person.active or person.id in chosen)
        ],
        sectors=[each for each in sectors if scope.everybody or each.id in scope.sector_ids],
        types=tx.agency.types(),
    )
