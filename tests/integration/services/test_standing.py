"""What is compared is what was locked, whatever happened while the lock was waited for."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_objects.delete import delete_object
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.calendar_objects.standing import lock_at
from rdv_caldav.settings import Settings
from support.lens import NOW
from support.objects import event
from support.postgresql import Cluster
from support.scenario import Clock
from support.small_agency import found_agency


@pytest.fixture
def postgresql_book(cluster: Cluster, clock: Clock) -> Iterator[AppointmentBook]:
    """The small agency where writers look before they wait; those of SQLite take turns."""
    database = Database(cluster.new_database())
    book = AppointmentBook(settings=Settings(), database=database, clock=clock)
    found_agency(book)
    yield book
    database.dispose()


def test_another_appointment_came_to_stand_there(postgresql_book: AppointmentBook) -> None:
    """The second writer looks before the first has finished, and waits for its lock."""
    with postgresql_book.database.writing() as tx:
        alice = actor_for(tx, "alice", channel=Channel.CALDAV)
        put_object(tx, alice, "claire", "a.ics", parse(event("un")), now=NOW)
    looking, caught = Event(), list[BaseException]()
    second = Thread(target=_second_writer, args=(postgresql_book.database, looking, caught))
    with postgresql_book.database.writing() as tx:
        delete_object(tx, alice, "claire", "a.ics", now=NOW)
        put_object(tx, alice, "claire", "a.ics", parse(event("deux")), now=NOW)
        second.start()
        assert looking.wait(10)
        _wait_until_somebody_waits(postgresql_book.database)
    second.join(20)
    assert [type(error) for error in caught] == [LostRace]


def _second_writer(database: Database, looking: Event, caught: list[BaseException]) -> None:
    try:
        with database.writing() as tx:
            alice = actor_for(tx, "alice", channel=Channel.CALDAV)
            seen = calendars.calendar(tx, alice, "claire")
            looking.set()
            lock_at(tx, seen, "a.ics")
    except LostRace as error:
        caught.append(error)


def _wait_until_somebody_waits(database: Database) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with database.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        for _ in range(200):
            if connection.exec_driver_sql(waiting).scalar_one():
                return
            connection.exec_driver_sql("SELECT pg_sleep(0.05)")
    raise AssertionError("the second writer did not wait")
