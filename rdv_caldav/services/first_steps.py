"""The guide of an agency that has only begun: what there is to do, and what is done."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import DEFAULT_TYPES, AgencySettings, Role
from rdv_caldav.services.access import Actor, Channel


class Step(StrEnum):
    """One thing to do, in this order."""

    AGENCY = "agency"
    TYPES = "types"
    PEOPLE = "people"
    APPOINTMENT = "appointment"
    CALENDAR = "calendar"


def read(tx: Transaction, actor: Actor) -> Mapping[Step, bool]:
    """Return the steps and whether each is done.

    There are none once the agency has people and rendez-vous, or for any but administrateurs.
    """
    if actor.account.role is not Role.ADMINISTRATEUR:
        return {}
    found = tx.beginnings.found(besides=actor.person_id)
    if found.has_people and found.has_appointments:
        return {}
    return {
        Step.AGENCY: tx.agency.settings().name != AgencySettings().name,
        Step.TYPES: frozenset(tx.agency.types()) != frozenset(DEFAULT_TYPES),
        Step.PEOPLE: found.has_people,
        Step.APPOINTMENT: found.has_appointments,
        Step.CALENDAR: tx.beginnings.wrote_through(Channel.CALDAV.value),
    }
