"""A plainly made-up agency to try everything with; the same one each time, save its dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import DEFAULT_TYPES, Person, PersonKind, Role
from rdv_caldav.domain.errors import DemoRefused
from rdv_caldav.services import appointments as use_cases
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.accounts import add_account
from rdv_caldav.services.demo_appointments import DemoAgency, scripted

PASSWORD = "demo"  # noqa: S105 - printed by ``serve``, which keeps it on loopback
DEMO_LOGINS = ("admin", "alice", "ivan", "claire", "user01", "user02", "user03")
CLIENTS = 40
INTERVENANTS = 15

_SURNAME = "Démo"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fiche:
    """A demo person before it is stored; ``sector`` is its name, empty for none."""

    slug: str
    kind: PersonKind
    first_name: str
    addresses: tuple[str, ...] = ()
    sector: str = ""
    home_address: str = ""


_WITH_LOGIN: tuple[tuple[_Fiche, Role], ...] = (
    (
        _Fiche(
            slug="admin",
            kind=PersonKind.GESTIONNAIRE,
            first_name="Admin",
            addresses=("admin@agence.example",),
        ),
        Role.ADMINISTRATEUR,
    ),
    (
        _Fiche(
            slug="alice",
            kind=PersonKind.GESTIONNAIRE,
            first_name="Alice",
            addresses=("alice@agence.example",),
        ),
        Role.GESTIONNAIRE,
    ),
    (
        _Fiche(
            slug="ivan",
            kind=PersonKind.INTERVENANT,
            first_name="Ivan",
            addresses=("ivan@agence.example",),
            sector="Nord",
        ),
        Role.INTERVENANT,
    ),
    (
        _Fiche(
            slug="claire",
            kind=PersonKind.CLIENT,
            first_name="Claire",
            addresses=("claire@famille.example",),
            sector="Nord",
            home_address="1 rue de la Démonstration, 00000 Exempleville",
        ),
        Role.CLIENT,
    ),
    *(
        (
            _Fiche(
                slug=f"user{number:02}",
                kind=PersonKind.GESTIONNAIRE,
                first_name=f"Utilisateur {number:02}",
                addresses=(f"user{number:02}@agence.example",),
            ),
            Role.GESTIONNAIRE,
        )
        for number in (1, 2, 3)
    ),
)


def load_demo(tx: Transaction, *, appointments: int = 600, now: datetime) -> None:
    """Fill an empty database with the demo agency, its rendez-vous around ``now`` (aware).

    Nothing is mailed. The agency is marked as a demo, so that ``serve`` keeps its well-known
    passwords on loopback. Raises DemoRefused when there is an agency already.
    """
    if tx.agency.types() or tx.people.everyone(active_only=False):
        raise DemoRefused("there is an agency in this database already")
    _settle_agency(tx)
    persons = _people(tx)
    _accounts(tx, persons, now=now)
    actor = actor_for(tx, "admin", channel=Channel.IMPORT)
    agency = DemoAgency(
        staff=tuple(persons[login] for login in DEMO_LOGINS if login not in ("ivan", "claire")),
        intervenants=tuple(p for p in persons.values() if p.kind is PersonKind.INTERVENANT),
        clients=tuple(p for p in persons.values() if p.kind is PersonKind.CLIENT),
        zone=tx.agency.settings().time_zone,
    )
    for entry in scripted(agency, appointments, now=now):
        use_cases.create(tx, actor, entry.slug, entry.plan, now=now, alter=entry.finish)


def _settle_agency(tx: Transaction) -> None:
    for kind in DEFAULT_TYPES:
        tx.agency.save_type(kind)
    tx.agency.save_setting("name", "Agence de démonstration")
    tx.agency.save_setting("scheduling_address", "rdv@agence.example")
    tx.agency.save_setting("invite_external_guests", True)
    tx.agency.save_setting("demo", True)


def _people(tx: Transaction) -> dict[str, Person]:
    sectors = {name: tx.people.add_sector(name).id for name in ("Nord", "Sud")}
    fiches = [fiche for fiche, _ in _WITH_LOGIN]
    return {
        fiche.slug: tx.people.add(
            slug=fiche.slug,
            kind=fiche.kind,
            last_name=_SURNAME,
            first_name=fiche.first_name,
            addresses=fiche.addresses,
            home_address=fiche.home_address,
            sector_id=sectors.get(fiche.sector),
        )
        for fiche in (*fiches, *_intervenants(), *_clients())
    }


def _intervenants() -> Iterator[_Fiche]:
    for number in range(1, INTERVENANTS + 1):
        slug = f"intervenant-{number:02}"
        yield _Fiche(
            slug=slug,
            kind=PersonKind.INTERVENANT,
            first_name=f"Intervenant {number:02}",
            addresses=() if number == INTERVENANTS else (f"{slug}@agence.example",),
            sector=_sector(number),
        )


def _clients() -> Iterator[_Fiche]:
    for number in range(1, CLIENTS + 1):
        yield _Fiche(
            slug=f"client-{number:02}",
            kind=PersonKind.CLIENT,
            first_name=f"Client {number:02}",
            addresses=_client_addresses(number),
            sector=_sector(number),
            home_address=f"{number} rue de la Démonstration, 00000 Exempleville",
        )


def _client_addresses(number: int) -> tuple[str, ...]:
    """Every tenth client has no e-mail, numbers 11 and 12, 21 and 22… are couples.

    The fifth and the like have a second address.
    """
    own = f"client-{number:02}@famille.example"
    if number % 10 == 0:
        return ()
    if number > CLIENTS // 4 and number % 10 in (1, 2):
        return (f"couple-{number // 10}@famille.example",)
    if number % 10 == 5:
        return (own, f"client-{number:02}@travail.example")
    return (own,)


def _sector(number: int) -> str:
    return "Nord" if number % 2 else "Sud"


def _accounts(tx: Transaction, persons: dict[str, Person], *, now: datetime) -> None:
    for fiche, role in _WITH_LOGIN:
        account = add_account(
            tx, login=fiche.slug, role=role, password=PASSWORD, person_slug=fiche.slug, now=now
        )
        if fiche.slug == "alice":
            followed = [persons[slug].id for slug in ("alice", "ivan", "claire")]
            tx.calendars.follow(account.id, followed)
