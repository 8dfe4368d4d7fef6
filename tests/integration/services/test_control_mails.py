"""Writing about many rendez-vous: whom one can write to, and what became impossible meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Span, State
from rdv_caldav.domain.control import ControlQuery, ControlRow, RowKey
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import appointments, control, control_mails, letters
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.appointments import Plan
from rdv_caldav.services.control_bulk import MOST_AT_ONCE
from rdv_caldav.services.control_mails import Reason
from support.busy_agency import fill


@pytest.fixture(autouse=True)
def busy(book: AppointmentBook) -> None:
    """The busy agency."""
    fill(book, 18)


@pytest.fixture
def tx(book: AppointmentBook) -> Iterator[Transaction]:
    """A transaction that is thrown away."""
    with pytest.raises(ZeroDivisionError), book.database.writing() as tx:
        yield tx
        raise ZeroDivisionError


def rows(tx: Transaction, actor: Actor) -> list[ControlRow]:
    return [row for part in control.everything(tx, actor, ControlQuery()) for row in part]


def actor(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def reasons(
    tx: Transaction, who: Actor, keys: Sequence[RowKey], now: datetime
) -> dict[RowKey, Reason]:
    found = control_mails.plan(tx, who, keys, now=now).left_out
    return {each.row.key: each.reason for each in found}


def test_what_is_not_over_is_written_about(tx: Transaction, book: AppointmentBook) -> None:
    alice, now = actor(tx, "alice"), book.clock()
    listed = rows(tx, alice)
    plan = control_mails.plan(tx, alice, [row.key for row in listed], now=now)
    assert plan.missing == 0
    assert {each.row.key for each in plan.mailings} == {
        row.key for row in listed if row.stops_at > now and row.state is not State.CANCELLED
    }
    coming = plan.mailings[0].row
    assert not reasons(tx, alice, [coming.key], coming.stops_at - timedelta(seconds=1))
    assert reasons(tx, alice, [coming.key], coming.stops_at) == {coming.key: Reason.PAST}


def test_one_without_any_address_is_left_out(tx: Transaction, book: AppointmentBook) -> None:
    alice, start = actor(tx, "alice"), datetime(2026, 12, 1, 9)
    span = Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris")
    plan = Plan(subject="Chez Paul", span=span, type_code="client")
    made = RowKey(appointment_id=appointments.create(tx, alice, "paul", plan, now=book.clock()))
    assert reasons(tx, alice, [made], book.clock()) == {made: Reason.NO_ADDRESS}


def test_who_only_takes_part_writes_to_nobody(tx: Transaction, book: AppointmentBook) -> None:
    ivan, now = actor(tx, "ivan"), book.clock()
    coming = [
        row.key
        for row in rows(tx, ivan)
        if row.stops_at > now and row.state is State.PLANNED and row.owner != "Ivan Intervenant"
    ]
    assert coming
    assert set(reasons(tx, ivan, coming, now).values()) == {Reason.READ_ONLY}


def test_rows_that_are_unknown_or_too_many(tx: Transaction, book: AppointmentBook) -> None:
    alice = actor(tx, "alice")
    unknown = RowKey(appointment_id=99_999)
    assert control_mails.plan(tx, alice, [unknown, unknown], now=book.clock()).missing == 1
    many = [RowKey(appointment_id=n) for n in range(MOST_AT_ONCE + 1)]
    with pytest.raises(InvalidInput):
        control_mails.plan(tx, alice, many, now=book.clock())


def test_what_became_impossible_is_refused_and_the_rest_is_sent(
    tx: Transaction, book: AppointmentBook
) -> None:
    alice, now = actor(tx, "alice"), book.clock()
    keys = [row.key for row in rows(tx, alice)]
    mailings = control_mails.plan(tx, alice, keys, now=now).mailings[:3]
    chosen = {each.row.key: each.reachable for each in mailings}
    gone = mailings[0].row.key
    appointments.set_state(
        tx, alice, gone.appointment_id, State.CANCELLED, now=now, original=gone.original
    )
    template = letters.taken(tx, "mail-message-fr")
    done = control_mails.send(_at_once(tx), alice, chosen, template, now=now)
    assert done.refused == 1
    assert done.messages == sum(len(each.reachable) for each in mailings[1:])
    assert [m for m in tx.outbox.of_appointment(gone.appointment_id) if m.method == "MESSAGE"] == []


def _at_once(tx: Transaction) -> Callable[[Callable[[Transaction], None]], None]:
    return lambda change: change(tx)
