"""The demo agency: what trying the program out, and test suites, rely on."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import DEFAULT_TYPES, Person, PersonKind, Role
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.errors import DemoRefused
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.accounts import verify
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.demo import DEMO_LOGINS, PASSWORD, load_demo

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded demo agency as it is found afterwards."""

    tx: Transaction
    stored: list[Stored]

    def person(self, slug: str) -> Person:
        found = self.tx.people.by_slug(slug)
        assert found is not None, slug
        return found


def _load(url: str, *, appointments: int, now: datetime = NOW) -> Database:
    database = Database(url)
    with database.writing() as tx:
        load_demo(tx, appointments=appointments, now=now)
    return database


def _stored(tx: Transaction, count: int) -> list[Stored]:
    found = [tx.appointments.get(number) for number in range(1, count + 1)]
    assert None not in found
    return [stored for stored in found if stored is not None]


@pytest.fixture(scope="module")
def demo(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    shutil.copy(sqlite_template, path)
    database = _load(f"sqlite:///{path}", appointments=150)
    with database.reading() as tx:
        yield Loaded(tx, _stored(tx, 150))
    database.dispose()


@pytest.mark.parametrize(
    ("login", "role", "kind", "address"),
    [
        ("admin", Role.ADMINISTRATEUR, PersonKind.GESTIONNAIRE, "admin@agence.example"),
        ("alice", Role.GESTIONNAIRE, PersonKind.GESTIONNAIRE, "alice@agence.example"),
        ("ivan", Role.INTERVENANT, PersonKind.INTERVENANT, "ivan@agence.example"),
        ("claire", Role.CLIENT, PersonKind.CLIENT, "claire@famille.example"),
        ("user01", Role.GESTIONNAIRE, PersonKind.GESTIONNAIRE, "user01@agence.example"),
        ("user02", Role.GESTIONNAIRE, PersonKind.GESTIONNAIRE, "user02@agence.example"),
        ("user03", Role.GESTIONNAIRE, PersonKind.GESTIONNAIRE, "user03@agence.example"),
    ],
)
def test_each_login_is_linked_to_the_person_of_its_name(
    demo: Loaded, login: str, role: Role, kind: PersonKind, address: str
) -> None:
    assert login in DEMO_LOGINS
    account = verify(demo.tx, login, PASSWORD)
    person = demo.person(login)
    assert account is not None
    assert (account.role, account.person_id) == (role, person.id)
    assert (person.kind, person.addresses) == (kind, (address,))


def test_the_agency_says_that_it_is_a_demo(demo: Loaded) -> None:
    settings = demo.tx.agency.settings()
    assert settings.demo
    assert settings.name == "Agence de démonstration"
    assert settings.scheduling_address == "rdv@agence.example"
    assert settings.invite_external_guests
    assert [kind.code for kind in demo.tx.agency.types()] == ["client", "interne", "intervenant"]


def test_alice_follows_herself_ivan_and_claire(demo: Loaded) -> None:
    listed = calendars.home(demo.tx, actor_for(demo.tx, "alice", channel=Channel.CALDAV))
    assert {calendar.person.slug for calendar in listed} == {"alice", "ivan", "claire"}
    own = calendars.home(demo.tx, actor_for(demo.tx, "ivan", channel=Channel.CALDAV))
    assert [calendar.person.slug for calendar in own] == ["ivan"]


def test_there_are_people_of_every_sort(demo: Loaded) -> None:
    people = demo.tx.people.everyone()
    kinds = Counter(person.kind for person in people)
    assert kinds == {
        PersonKind.CLIENT: 41,
        PersonKind.INTERVENANT: 16,
        PersonKind.GESTIONNAIRE: 5,
    }
    assert [sector.name for sector in demo.tx.people.sectors()] == ["Nord", "Sud"]
    assert len({person.sector_id for person in people}) == 3
    addresses = Counter(address for person in people for address in person.addresses)
    assert sorted(addresses.values())[-3:] == [2, 2, 2]
    assert sum(not person.addresses for person in people) == 5
    assert any(len(person.addresses) == 2 for person in people)


def test_everything_is_plainly_made_up(demo: Loaded) -> None:
    for person in demo.tx.people.everyone():
        assert person.last_name == "Démo"
        assert all(address.endswith(".example") for address in person.addresses)
    for stored in demo.stored:
        assert all(
            participant.address.endswith(".example")
            for participant in stored.appointment.participants
            if participant.person_id is None
        )


def test_there_are_appointments_of_every_sort(demo: Loaded) -> None:
    all_of_them = [stored.appointment for stored in demo.stored]
    assert {a.state for a in all_of_them} == set(State)
    assert {p.presence for a in all_of_them for p in a.participants} == set(Presence)
    assert {a.type_code for a in all_of_them} == {"client", "interne", "intervenant"}
    frequencies = {a.recurrence.rules[0].split(";")[0] for a in all_of_them if a.recurrence}
    assert frequencies == {"FREQ=WEEKLY", "FREQ=MONTHLY"}
    whole_days = {a.span.duration.days for a in all_of_them if a.span.all_day}
    assert whole_days == {1, 3}
    guests = [p for a in all_of_them for p in a.participants if p.person_id is None]
    assert guests
    owners = Counter(a.owner.person_id for a in all_of_them)
    for slug in ("alice", "ivan", "claire"):
        assert owners[demo.person(slug).id] > 0


def test_a_weekly_series_has_a_held_a_moved_and_a_cancelled_date(demo: Loaded) -> None:
    weekly = [s.appointment for s in demo.stored if len(s.appointment.occurrences) == 3]
    assert weekly
    for appointment in weekly:
        held, cancelled, moved = appointment.occurrences
        assert (held.state, cancelled.state, moved.state) == (
            State.HELD,
            State.CANCELLED,
            State.PLANNED,
        )
        assert moved.span.start - moved.original == timedelta(hours=1)


def test_nothing_is_held_that_has_not_begun(demo: Loaded) -> None:
    for stored in demo.stored:
        for details in (stored.appointment, *stored.appointment.occurrences):
            assert details.state is not State.HELD or details.span.starts_at <= NOW


def test_rendez_vous_lie_on_working_days_around_today(demo: Loaded) -> None:
    starts = [s.appointment.span.start for s in demo.stored]
    assert starts[0].date() == NOW.date()
    assert min(starts).date() < NOW.date() < max(starts).date()
    assert all(start.weekday() < 5 for start in starts)


def test_every_text_is_one_that_a_program_could_have_put(demo: Loaded) -> None:
    for stored in demo.stored:
        assert parse(stored.text).uid == stored.appointment.uid


VIEWS = (("alice", "alice"), ("alice", "claire"), ("ivan", "ivan"), ("claire", "claire"))


def test_what_a_program_puts_back_untouched_changes_nothing(database_url: str) -> None:
    database = _load(database_url, appointments=48)
    later = NOW + timedelta(hours=1)
    with database.writing() as tx:
        for login, slug in VIEWS:
            actor = actor_for(tx, login, channel=Channel.CALDAV)
            before = list(calendars.objects(tx, calendars.calendar(tx, actor, slug)))
            assert len(before) > 5
            for served in before:
                assert served.text is not None
                outcome = put_object(tx, actor, slug, served.href, parse(served.text), now=later)
                assert outcome.as_sent
                assert outcome.served == served
            assert list(calendars.objects(tx, calendars.calendar(tx, actor, slug))) == before
    database.dispose()


def test_nobody_is_mailed(demo: Loaded) -> None:
    assert demo.tx.outbox.pending() == []


def test_it_is_the_same_each_time(database_url: str, demo: Loaded) -> None:
    database = _load(database_url, appointments=30)
    with database.reading() as tx:
        assert [s.text for s in _stored(tx, 30)] == [s.text for s in demo.stored[:30]]
    database.dispose()


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 1, 30, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
        datetime(2026, 10, 31, 5, tzinfo=UTC),
    ],
)
def test_it_can_be_loaded_on_any_day(sqlite_url: str, now: datetime) -> None:
    database = _load(sqlite_url, appointments=30, now=now)
    with database.reading() as tx:
        assert len(_stored(tx, 30)) == 30
    database.dispose()


def test_it_is_refused_where_there_is_an_agency(sqlite_url: str) -> None:
    database = _load(sqlite_url, appointments=0)
    with database.writing() as tx, pytest.raises(DemoRefused):
        load_demo(tx, appointments=0, now=NOW)
    database.dispose()


@pytest.mark.parametrize("has_persons", [True, False])
def test_its_well_known_passwords_never_enter_a_real_agency(
    sqlite_url: str, *, has_persons: bool
) -> None:
    database = Database(sqlite_url)
    with database.writing() as tx:
        if has_persons:
            tx.people.add(slug="zoe", kind=PersonKind.CLIENT, last_name="Essai")
        else:
            tx.agency.save_type(DEFAULT_TYPES[0])
        with pytest.raises(DemoRefused):
            load_demo(tx, now=NOW)
        assert tx.accounts.by_login("admin") is None
    database.dispose()


@pytest.mark.slow
def test_six_hundred_are_loaded_in_seconds(sqlite_url: str) -> None:
    started = time.process_time()
    _load(sqlite_url, appointments=600).dispose()
    assert time.process_time() - started < 10
