"""Secteurs: which there are, and what they are called. Administrateurs decide that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Role, Sector
from rdv_caldav.domain.errors import AccessRefused, InvalidInput, SectorTaken, UnknownObject
from rdv_caldav.domain.searching import folded
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.people_csv import MAX_NAME, is_unprintable


def sectors_for(tx: Transaction, actor: Actor) -> Sequence[Sector]:
    """Return the secteurs that the actor may put persons into, by name."""
    return [each for each in tx.people.sectors() if access.may_give_sector(actor, each.id)]


def add_sector(tx: Transaction, actor: Actor, name: str, *, now: datetime) -> Sector:
    """Add a secteur; ``now`` is aware. Raises AccessRefused, SectorTaken, InvalidInput."""
    name = _checked(tx, actor, name)
    sector = tx.people.add_sector(name)
    record_change(tx, actor, "SectorAdded", {"sector": sector.id, "name": name}, now=now)
    return sector


def rename_sector(
    tx: Transaction, actor: Actor, sector_id: int, name: str, *, now: datetime
) -> Sector:
    """Give a secteur another name.

    Raises AccessRefused, UnknownObject, SectorTaken, InvalidInput.
    """
    name = _checked(tx, actor, name, but=sector_id)
    before = next((each for each in tx.people.sectors() if each.id == sector_id), None)
    if before is None:
        raise UnknownObject(f"no secteur {sector_id}")
    after = Sector(id=sector_id, name=name)
    if after != before:
        tx.people.rename_sector(after)
        details = {"sector": sector_id, "before": before.name, "after": name}
        record_change(tx, actor, "SectorRenamed", details, now=now)
    return after


def _checked(tx: Transaction, actor: Actor, name: str, *, but: int | None = None) -> str:
    if actor.account.role is not Role.ADMINISTRATEUR:
        raise AccessRefused("secteurs are named by administrateurs")
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or is_unprintable(name):
        raise InvalidInput(f"a secteur's name has 1 to {MAX_NAME} characters")
    if any(folded(each.name) == folded(name) and each.id != but for each in tx.people.sectors()):
        raise SectorTaken(f"there is a secteur {name!r} already")
    return name
