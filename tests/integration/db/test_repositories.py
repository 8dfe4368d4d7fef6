"""The repositories, on each kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import TransactionDoomed
from rdv_caldav.domain.agency import (
    DEFAULT_TYPES,
    AppointmentType,
    PersonKind,
    PlannedStatus,
    Role,
    TypeCategory,
)
from rdv_caldav.domain.appointment import Appointment, Occurrence, Participant, Recurrence
from rdv_caldav.domain.errors import InvalidInput, LoginTaken, LostRace
from rdv_caldav.domain.timeindex import ListedDate, TimeIndex
from support.lens import NOW, settled
from support.objects import event


def test_settings_and_types(database: Database) -> None:
    with database.writing() as tx:
        tx.agency.save_setting("planned_status", PlannedStatus.TENTATIVE)
        tx.agency.save_setting("default_types", {PersonKind.CLIENT: "interne"})
        with pytest.raises(InvalidInput):
            tx.agency.save_setting("nothing", 1)
        for kind in DEFAULT_TYPES:
            tx.agency.save_type(kind)
        extra = AppointmentType(
            code="visite", label="Visite", category=TypeCategory.CLIENT, colour="#000000"
        )
        tx.agency.save_type(extra)
        tx.agency.save_type(replace(extra, label="Visites", position=9))
    with database.reading() as tx:
        settings = tx.agency.settings()
        assert settings.planned_status is PlannedStatus.TENTATIVE
        assert settings.default_types == {PersonKind.CLIENT: "interne"}
        assert [kind.label for kind in tx.agency.types()][-1] == "Visites"


def test_people(database: Database) -> None:
    with database.writing() as tx:
        north = tx.people.add_sector("Nord")
        one = tx.people.add(
            slug="un",
            kind=PersonKind.CLIENT,
            last_name="Un",
            addresses=["A@x.example", "b@x.example"],
            sector_id=north.id,
        )
        two = tx.people.add(
            slug="deux", kind=PersonKind.CLIENT, last_name="Deux", addresses=["b@x.example"]
        )
        with pytest.raises(InvalidInput):
            tx.people.add(slug="un", kind=PersonKind.CLIENT, last_name="Encore")
        assert tx.people.free_slug("un") == "un-2"
        assert tx.people.free_slug("trois") == "trois"
        assert one.addresses == ("a@x.example", "b@x.example")
        settings = tx.agency.settings()
        assert {p.id for p in tx.people.directory(settings, person_ids=[one.id])} == {
            one.id,
            two.id,
        }
        placeholder = f"p-{two.id}@{settings.placeholder_domain}"
        found = tx.people.directory(settings, addresses=[placeholder, "none@x.example"])
        assert found.find(placeholder) == two
        assert [p.slug for p in tx.people.everyone(sector_ids=[north.id])] == ["un"]
        tx.people.update(replace(two, active=False, addresses=()))
        assert [p.slug for p in tx.people.everyone(kind=PersonKind.CLIENT)] == ["un"]
        assert len(tx.people.everyone(active_only=False)) == 2
        assert tx.people.by_id(999) is None
        assert tx.people.by_ids([]) == {}
        assert tx.people.sectors() == [north]


def test_accounts(database: Database) -> None:
    with database.writing() as tx:
        north = tx.people.add_sector("Nord")
        account = tx.accounts.add(
            login="a", role=Role.GESTIONNAIRE, password_hash="x", sector_ids=[north.id]
        )
        assert account.sector_ids == {north.id}
        with pytest.raises(LoginTaken):
            tx.accounts.add(login="a", role=Role.CLIENT, password_hash="x")
        tx.accounts.set_password(account.id, "y")
        assert tx.accounts.credentials("a") == (account, "y")
        assert tx.accounts.by_login("b") is None


def test_a_change_of_rights_voids_tokens(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        account = tx.accounts.by_login("alice")
        assert account is not None
        tx.accounts.void_sync_tokens(account.id)
        snapshot = tx.reading.snapshot(account, "claire")
        assert snapshot is not None
        assert (snapshot.view_counter, snapshot.view_floor) == (1, 1)
        assert tx.reading.snapshot(account, "nobody") is None


def test_nothing_of_a_failed_or_doomed_transaction_stays(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as tx:
        tx.people.add_sector("Nord")
        1 / 0  # noqa: B018
    with pytest.raises(TransactionDoomed), database.writing() as tx:
        tx.people.add_sector("Sud")
        tx.doom()
    with database.reading() as tx:
        assert tx.people.sectors() == []


def test_what_has_to_be_unique_is_a_lost_race(database: Database) -> None:
    with database.writing() as tx:
        tx.people.add_sector("Nord")
    with pytest.raises(LostRace), database.writing() as tx:
        tx.people.add_sector("Nord")


def _stored(book: AppointmentBook, appointment: Appointment) -> int:
    with book.database.writing() as tx:
        span = appointment.span
        index = TimeIndex(starts_at=span.starts_at, stops_at=span.ends_at, is_long=False)
        appointment_id = tx.appointments.insert(
            appointment, href="a.ics", text="T", slots="", index=index, now=NOW
        )
        tx.calendars.publish(
            appointment_id,
            href="a.ics",
            person_ids=appointment.all_person_ids,
            index=index,
            now=NOW,
        )
    return appointment_id


@pytest.fixture
def series(any_book: AppointmentBook) -> Appointment:
    """A series of real persons with one date of its own and a guest."""
    with any_book.database.reading() as tx:
        claire, ivan = tx.people.by_slug("claire"), tx.people.by_slug("ivan")
    assert claire is not None
    assert ivan is not None
    people = (
        Participant(person_id=claire.id, is_owner=True, comment="Oui"),
        Participant(person_id=ivan.id),
        Participant(address="x@y.example", name="X"),
    )
    single = replace(settled(event()), participants=people)
    occurrence = Occurrence(
        original=datetime(2026, 12, 2, 9), span=single.span, participants=people[:1]
    )
    recurrence = Recurrence(
        rules=("FREQ=WEEKLY",),
        added=(datetime(2026, 12, 24, 9),),
        excluded=(datetime(2026, 12, 9, 9),),
    )
    return replace(single, recurrence=recurrence, occurrences=(occurrence,))


def test_appointments_come_back_as_they_were(
    any_book: AppointmentBook, series: Appointment
) -> None:
    appointment_id = _stored(any_book, series)
    with any_book.database.writing() as tx:
        stored = tx.appointments.lock(appointment_id)
        assert stored is not None
        assert stored.appointment == series
        assert (stored.text, stored.version, stored.created_at) == ("T", 1, NOW)
        changed = replace(series, subject="Autre", occurrences=())
        index = TimeIndex(
            starts_at=NOW,
            stops_at=None,
            is_long=True,
            listed=(ListedDate(datetime(2026, 11, 24, 13), NOW, NOW + timedelta(hours=1)),),
            indexed_until=NOW + timedelta(days=9),
        )
        later = NOW + timedelta(hours=1)
        tx.appointments.update(appointment_id, changed, text="U", slots="", index=index, now=later)
        stored = tx.appointments.get(appointment_id)
        assert stored is not None
        assert stored.appointment == changed
        assert (stored.version, stored.updated_at) == (2, later)
        assert tx.appointments.get(999) is None


def test_the_bin(any_book: AppointmentBook, series: Appointment) -> None:
    appointment_id = _stored(any_book, series)
    with any_book.database.writing() as tx:
        assert tx.appointments.id_of_uid("essai") == appointment_id
        tx.appointments.trash(appointment_id, NOW)
        tx.calendars.withdraw(appointment_id, NOW)
        assert tx.appointments.id_of_uid("essai") is None
        (stored,) = tx.appointments.trashed()
        assert stored.trashed_at == NOW
        index = TimeIndex(starts_at=NOW, stops_at=NOW, is_long=False)
        with pytest.raises(LostRace):
            tx.appointments.update(appointment_id, series, text="U", slots="", index=index, now=NOW)
        tx.appointments.restore(appointment_id)
        assert tx.appointments.trashed() == []


def test_a_series_beyond_its_index_is_possible(
    any_book: AppointmentBook, series: Appointment
) -> None:
    appointment_id = _stored(any_book, series)
    hour = timedelta(hours=1)
    index = TimeIndex(
        starts_at=NOW,
        stops_at=None,
        is_long=True,
        listed=(ListedDate(datetime(2026, 11, 24, 13), NOW, NOW + hour),),
        indexed_until=NOW + timedelta(days=9),
    )
    with any_book.database.writing() as tx:
        tx.appointments.update(appointment_id, series, text="T", slots="", index=index, now=NOW)
        tx.calendars.publish(
            appointment_id, href="a.ics", person_ids=series.person_ids, index=index, now=NOW
        )
        account = tx.accounts.by_login("claire")
        assert account is not None
        assert account.person_id is not None

        def found(start: timedelta, length: timedelta) -> list[bool]:
            rows = tx.members.in_range(
                account, account.person_id or 0, start=NOW + start, end=NOW + start + length
            )
            return [row.is_certain for row in rows]

        assert found(timedelta(), hour) == [True]
        assert found(hour, hour) == []
        assert found(timedelta(days=10), hour) == [False]
        assert found(-hour, hour) == []
        (row,) = tx.members.objects(account, account.person_id)
        assert row.stops_at is None
        whole = tx.members.in_range(account, account.person_id, start=None, end=None)
        assert [row.is_certain for row in whole] == [True]


def test_views_of_calendars(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        account, sophie = tx.accounts.by_login("alice"), tx.people.by_slug("sophie")
        assert account is not None
        assert sophie is not None
        tx.calendars.save_view(account.id, sophie.id, properties={"{a}b": "c"})
        tx.calendars.save_view(account.id, sophie.id, followed=True, position=7)
        tx.calendars.save_view(account.id, sophie.id)
        last = tx.reading.home(account)[-1]
        assert (last.person, last.properties) == (sophie, {"{a}b": "c"})


def test_many_hrefs_are_read_in_chunks(any_book: AppointmentBook, series: Appointment) -> None:
    _stored(any_book, series)
    with any_book.database.reading() as tx:
        account = tx.accounts.by_login("claire")
        assert account is not None
        assert account.person_id is not None
        hrefs = [f"{number}.ics" for number in range(1500)]
        rows = tx.members.objects(account, account.person_id, hrefs=[*hrefs, "a.ics"])
        assert [row.href for row in rows] == ["a.ics"]
        assert tx.members.uid_exists(account.person_id, "essai") == "a.ics"


def test_the_outbox_and_the_journal(any_book: AppointmentBook, series: Appointment) -> None:
    appointment_id = _stored(any_book, series)
    with any_book.database.writing() as tx:
        assert tx.outbox.oldest_pending_at() is None
        for original in (None, datetime(2026, 12, 2, 9)):
            tx.outbox.put(
                method="REQUEST",
                appointment_id=appointment_id,
                original=original,
                recipient="x@y.example",
                recipient_name="X",
                sequence=0,
                now=NOW,
            )
        first, second = tx.outbox.pending()
        assert (first.original, second.original) == (None, datetime(2026, 12, 2, 9))
        assert tx.outbox.oldest_pending_at() == NOW
        tx.journal.record(
            at=NOW,
            account_id=None,
            login="x",
            channel="command",
            device="",
            appointment_id=appointment_id,
            entries=[("Created", {"a": 1})],
        )
        (entry,) = tx.journal.entries_for(appointment_id)
        assert (entry.at, entry.event, entry.details) == (NOW, "Created", {"a": 1})


def test_overlays_count_for_their_account_only(
    any_book: AppointmentBook, series: Appointment
) -> None:
    appointment_id = _stored(any_book, series)
    with any_book.database.writing() as tx:
        account = tx.accounts.by_login("claire")
        assert account is not None
        assert account.person_id is not None
        for private, counter in (({"": "a"}, 1), ({"": "a"}, 1), ({"": "b"}, 2), ({}, 3)):
            tx.calendars.save_overlay(account.id, appointment_id, private)
            snapshot = tx.reading.snapshot(account, "claire")
            assert snapshot is not None
            assert snapshot.view_counter == counter
        own = tx.members.overlaid(account, account.person_id, since=2, most=None)
        assert [(row.href, row.overlay_changed) for row in own] == [("a.ics", 3)]
        assert tx.members.overlaid(account, account.person_id, since=3, most=None) == []
