"""``kill -9`` during writes: what was acknowledged is there, everything else wholly absent."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from http.client import HTTPException
from itertools import count as counting
from itertools import takewhile
from pathlib import Path
from threading import Event

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.settings import Settings
from support.http_dav import HttpDav
from support.objects import event
from support.scenario import Clock
from support.server import running_server
from support.small_agency import found_agency

KILLS = 200
WRITERS = 4
FIRST_DAY = date(2090, 1, 2)
"""Every writer's first appointment is then, his second on the next day, and so forth."""


def test_acknowledged_writes_survive(database_url: str, tmp_path: Path) -> None:
    """Workers are killed, not the master, which starts new ones at once."""
    database = Database(database_url)
    found_agency(AppointmentBook(settings=Settings(), database=database, clock=Clock()))
    acknowledged: set[str] = set()
    stop = Event()
    with running_server(database_url, tmp_path / "log", workers=2, threads=4) as server:

        def write(number: int) -> None:
            lines = "ATTENDEE:mailto:ivan@agence.example\r\n"
            with HttpDav(server.dav, "alice") as client:
                for count in takewhile(lambda _: not stop.is_set(), counting()):
                    uid = f"w{number}-{count}"
                    path = f"/alice/claire/{uid}.ics"
                    try:
                        body = event(uid, times=_times(count), lines=lines)
                        status, _, _ = client.request("PUT", path, body)
                    except (OSError, HTTPException):
                        time.sleep(0.02)
                        continue
                    if status == 201:
                        acknowledged.add(uid)

        with ThreadPoolExecutor(WRITERS) as pool:
            jobs = [pool.submit(write, number) for number in range(WRITERS)]
            killed = 0
            while killed < KILLS:
                time.sleep(random.uniform(0.01, 0.06))
                killed += _kill_a_worker(server.process.pid)
            stop.set()
            for job in jobs:
                job.result()
    assert acknowledged
    _check_whole(database, acknowledged)
    database.dispose()


def _times(count: int) -> str:
    """All writers plan the same hour of a day: each pair of them conflicts, and no others."""
    day = FIRST_DAY + timedelta(days=count)
    return f"DTSTART:{day:%Y%m%d}T080000Z\r\nDTEND:{day:%Y%m%d}T090000Z\r\n"


def _kill_a_worker(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    if not children:
        return 0
    try:
        os.kill(int(random.choice(children)), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def _check_whole(database: Database, acknowledged: set[str]) -> None:
    """Every appointment has its participants, members, text and journal, or is not there.

    A conflict is known to both appointments, and told once, by the one that came later.
    """
    with database.reading() as tx:
        account = tx.accounts.by_login("alice")
        assert account is not None
        claire, ivan = tx.people.by_slug("claire"), tx.people.by_slug("ivan")
        assert claire is not None
        assert ivan is not None
        mine = {row.uid: row for row in tx.members.objects(account, claire.id)}
        theirs = {row.uid for row in tx.members.objects(account, ivan.id)}
        assert acknowledged <= set(mine)
        assert theirs == set(mine)
        told = conflicts = 0
        for row in mine.values():
            stored = tx.appointments.get(row.appointment_id)
            assert stored is not None
            assert stored.appointment.person_ids == {claire.id, ivan.id}
            events = Counter(e.event for e in tx.journal.entries_for(row.appointment_id))
            told += events.pop("ConflictFound", 0)
            assert events == {"Created": 1, "ParticipantAdded": 2}
            conflicts += len(tx.conflicts.of(row.appointment_id))
        assert conflicts == 2 * told
        numbers = [row.changed for row in mine.values()]
        assert len(numbers) == len(set(numbers))
