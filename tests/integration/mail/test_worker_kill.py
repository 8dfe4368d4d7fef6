"""``kill -9`` of a worker while it sends, again and again: nothing is lost, nothing is changed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant, Span
from rdv_caldav.services.mailing.sending import LEASE, MailWorker
from support.agency import span
from support.desk import PLAN, Desk
from support.scenario import Clock
from support.smtp_sink import sink_process

KILLS = 50
APPOINTMENTS, GUESTS = 12, 10
SHORTEST_LIFE, LONGEST_LIFE = 0.03, 0.3


def test_a_worker_that_is_killed_loses_nothing(
    any_book: AppointmentBook, clock: Clock, tmp_path: Path
) -> None:
    chance = random.Random(1)
    with sink_process(tmp_path / "log", "--delay", "0.01") as (url, _process):
        book = replace(any_book, settings=replace(any_book.settings, smtp_url=url))
        planned = _plan(any_book, 1)
        # what a process learns with its first mail is not to be learnt by each
        MailWorker(book).send_due()
        planned += _plan(any_book, APPOINTMENTS)
        for _ in range(KILLS):
            # what the last one held is free again
            clock.now += LEASE + timedelta(seconds=1)
            worker = _started(book)
            time.sleep(chance.uniform(SHORTEST_LIFE, LONGEST_LIFE))
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
        clock.now += LEASE + timedelta(seconds=1)
        MailWorker(book).send_due()
    sent = defaultdict(list)
    for path in sorted((tmp_path / "log").glob("*.eml")):
        raw = path.read_bytes()
        sent[str(message_from_bytes(raw)["Message-ID"])].append(raw)
    with any_book.database.reading() as tx:
        rows = [row for each in planned for row in tx.outbox.of_appointment(each)]
    assert {row.status for row in rows} == {"sent"}
    assert len(rows) == (1 + APPOINTMENTS) * GUESTS
    assert {row.message_id for row in rows} == set(sent)
    interrupted = {row.message_id for row in rows if row.attempts > 1}
    for message_id, copies in sent.items():
        assert len(set(copies)) == 1
        assert len(copies) == 1 or message_id in interrupted
    assert interrupted, "no worker was killed while it sent: the test shows nothing"


def _plan(book: AppointmentBook, count: int) -> list[int]:
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        return [
            desk.plan(plan=replace(PLAN, span=_in_a_year(), participants=_guests(number)))
            for number in range(count)
        ]


def _guests(appointment: int) -> tuple[Participant, ...]:
    names = (f"invite{appointment}-{number}" for number in range(GUESTS))
    return tuple(Participant(address=f"{name}@exterieur.example", name=name) for name in names)


def _in_a_year() -> Span:
    return span().moved_to(span().start + timedelta(days=365))


def _started(book: AppointmentBook) -> int:
    """Start a worker as a process of its own, with connections of its own; return its id."""
    process = os.fork()
    if not process:
        try:
            # those of this process stay its own; statements that are compiled are taken over
            book.database.engine.dispose(close=False)
            MailWorker(book).send_due()
        finally:
            os._exit(0)
    return process
