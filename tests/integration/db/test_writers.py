"""Writers at once on each kind of database, and what the range index is worth to readers."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import create_engine, text

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db import member_reading
from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Participant
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.domain.timeindex import TimeIndex
from support.lens import NOW, settled
from support.objects import event
from support.postgresql import Cluster

PROCESSES = 8
WRITES = 15
INDEX = TimeIndex(starts_at=NOW, stops_at=NOW, is_long=False)

PUBLISH = """
import sys
from datetime import UTC, datetime
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.timeindex import TimeIndex

url, appointment, writes, *people = sys.argv[1:]
now = datetime(2026, 11, 24, 8, tzinfo=UTC)
index = TimeIndex(starts_at=now, stops_at=now, is_long=False)
database = Database(url)
for _ in range(int(writes)):
    with database.writing() as tx:
        tx.appointments.lock(int(appointment))
        tx.calendars.publish(
            int(appointment),
            href="a.ics",
            person_ids=[int(person) for person in people],
            index=index,
            now=now,
        )
database.dispose()
"""

UPGRADE = """
import sys
from rdv_caldav.db.engine import Database

database = Database(sys.argv[1])
database.upgrade()
database.check_schema()
database.dispose()
"""


def _insert(tx: Transaction, uid: str, *person_ids: int) -> int:
    participants = tuple(
        Participant(person_id=person_id, is_owner=person_id == person_ids[0])
        for person_id in person_ids
    )
    appointment_id = tx.appointments.insert(
        replace(settled(event(uid)), participants=participants),
        href=f"{uid}.ics",
        text="T",
        slots="",
        index=INDEX,
        now=NOW,
    )
    tx.calendars.publish(
        appointment_id, href=f"{uid}.ics", person_ids=person_ids, index=INDEX, now=NOW
    )
    return appointment_id


def _run_at_once(script: str, arguments: list[list[str]]) -> list[str]:
    """Run a script in one process for each list of arguments; return what they complain of."""
    running = [
        subprocess.Popen([sys.executable, "-c", script, *given], stderr=subprocess.PIPE, text=True)
        for given in arguments
    ]
    return [said for process in running if (said := process.communicate(timeout=120)[1])]


def test_overlapping_writers_neither_deadlock_nor_lose_a_number(
    any_book: AppointmentBook, database_url: str
) -> None:
    """Each process writes an appointment of its own, in calendars that it shares with others."""
    with any_book.database.writing() as tx:
        people = [person.id for person in tx.people.everyone()][:4]
        sets = [[people[n % 4], people[(n + 1) % 4], people[(n + 3) % 4]] for n in range(PROCESSES)]
        ids = [_insert(tx, f"w{n}", *chosen) for n, chosen in enumerate(sets)]
    before = _counters(any_book.database)
    arguments = [
        [database_url, str(appointment_id), str(WRITES), *map(str, chosen)]
        for appointment_id, chosen in zip(ids, sets, strict=True)
    ]
    assert _run_at_once(PUBLISH, arguments) == []
    after = _counters(any_book.database)
    for person_id in people:
        writers = sum(person_id in chosen for chosen in sets)
        assert after[person_id] - before[person_id] == writers * WRITES


def _counters(database: Database) -> dict[int, int]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT person_id, counter FROM calendar"))
        return {row.person_id: row.counter for row in rows}


def test_of_two_that_wait_for_each_other_one_has_lost_the_race(any_book: AppointmentBook) -> None:
    """What an import may meet, which writes many objects in one transaction."""
    with any_book.database.reading() as tx:
        one, two, *_ = (person.id for person in tx.people.everyone())
    both_began = Barrier(2)

    def write(name: str, first: int, second: int) -> bool:
        try:
            with any_book.database.writing() as tx:
                _insert(tx, f"{name}1", first)
                with suppress(BrokenBarrierError):  # SQLite's writers take turns
                    both_began.wait(0.5)
                _insert(tx, f"{name}2", second)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(write, "x", one, two), pool.submit(write, "y", two, one)]
        done = sorted(job.result() for job in jobs)
    assert done == ([True, True] if any_book.database.is_sqlite else [False, True])
    with any_book.database.reading() as tx:
        kept = [tx.appointments.id_of_uid(uid) for uid in ("x1", "x2", "y1", "y2")]
    assert [bool(kept[0]), bool(kept[2])] == [bool(kept[1]), bool(kept[3])]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_upgrades_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rdv.sqlite'}"
    if kind == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.new_database()
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    assert _run_at_once(UPGRADE, [[url]] * 4) == []


def test_the_index_bounds_a_range_on_both_sides(any_book: AppointmentBook) -> None:
    """Without the earliest start a query would walk all of a calendar's past."""
    sqlite = any_book.database.is_sqlite
    query = member_reading._SHORT_IN_RANGE.params(
        account=1, person=1, viewer=1, start=1_000_000, end=1_600_000, earliest=913_600
    )
    statement = query.compile(
        any_book.database.engine, compile_kwargs={"literal_binds": True}
    ).string
    with any_book.database.engine.begin() as connection:
        if not sqlite:
            # tables as empty as these are read whole, whatever indexes they have
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (COSTS OFF) "
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement))
    assert "ix_member_range" in plan
    bounds = (
        "(person_id=? AND is_long=? AND starts_at>? AND starts_at<?)"
        if sqlite
        else "(person_id = 1) AND (is_long = false) AND (starts_at >= 913600)"
    )
    assert bounds in plan
