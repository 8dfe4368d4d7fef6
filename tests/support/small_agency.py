"""A small agency of plainly made-up people, for tests that go through the whole program."""

from __future__ import annotations

from argon2 import PasswordHasher

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import DEFAULT_TYPES, PersonKind, Role

PASSWORD = "demo"
_FAST_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def found_agency(book: AppointmentBook) -> None:
    """Fill an empty database: staff, clients, a couple sharing an address, two secteurs."""
    with book.database.writing() as tx:
        for kind in DEFAULT_TYPES:
            tx.agency.save_type(kind)
        tx.agency.save_setting("name", "Agence de test")
        tx.agency.save_setting("scheduling_address", "rdv@agence.example")
        tx.agency.save_setting("invite_external_guests", True)
        _people(tx)


def _people(tx: Transaction) -> None:
    north = tx.people.add_sector("Nord")
    south = tx.people.add_sector("Sud")
    person = tx.people.add
    admin = person(slug="admin", kind=PersonKind.GESTIONNAIRE, last_name="Admin")
    alice = person(
        slug="alice",
        kind=PersonKind.GESTIONNAIRE,
        last_name="Gestion",
        first_name="Alice",
        addresses=["alice@agence.example", "alice.perso@mail.example"],
    )
    ivan = person(
        slug="ivan",
        kind=PersonKind.INTERVENANT,
        last_name="Intervenant",
        first_name="Ivan",
        addresses=["ivan@agence.example"],
        sector_id=north.id,
    )
    claire = person(
        slug="claire",
        kind=PersonKind.CLIENT,
        last_name="Cliente",
        first_name="Claire",
        addresses=["claire@famille.example"],
        sector_id=north.id,
    )
    person(
        slug="jean-dupont",
        kind=PersonKind.CLIENT,
        last_name="Dupont",
        first_name="Jean",
        addresses=["dupont@famille.example"],
        sector_id=north.id,
    )
    person(
        slug="marie-dupont",
        kind=PersonKind.CLIENT,
        last_name="Dupont",
        first_name="Marie",
        addresses=["dupont@famille.example"],
        sector_id=north.id,
    )
    person(slug="paul", kind=PersonKind.CLIENT, last_name="Sansmail", first_name="Paul")
    person(
        slug="sophie",
        kind=PersonKind.CLIENT,
        last_name="Sud",
        first_name="Sophie",
        addresses=["sophie@famille.example"],
        sector_id=south.id,
    )
    accounts = (
        ("admin", Role.ADMINISTRATEUR, admin.id, ()),
        ("alice", Role.GESTIONNAIRE, alice.id, ()),
        ("nora", Role.GESTIONNAIRE, None, (north.id,)),
        ("ivan", Role.INTERVENANT, ivan.id, ()),
        ("claire", Role.CLIENT, claire.id, ()),
        ("héloïse@agence.example", Role.GESTIONNAIRE, None, ()),
    )
    for login, role, person_id, sectors in accounts:
        account = tx.accounts.add(
            login=login,
            role=role,
            password_hash=_FAST_HASH,
            person_id=person_id,
            sector_ids=sectors,
        )
        if login == "alice":
            tx.calendars.follow(account.id, [alice.id, ivan.id, claire.id])
