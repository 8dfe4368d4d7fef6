"""A thread stays with its connection while requests come, and some threads never do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Semaphore
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import TConn, ThreadWorker

from rdv_caldav.cli.worker import MOST_IN_A_ROW, PatientWorker


@contextmanager
def _connection(sent: bytes, *, read_ahead: bytes = b"") -> Iterator[SimpleNamespace]:
    """A connection on which a client sent some requests, one byte each."""
    client, server = socket.socketpair()
    with client, server:
        client.sendall(sent)
        unreader = SimpleNamespace(buf=BytesIO(read_ahead))
        yield SimpleNamespace(sock=server, parser=SimpleNamespace(unreader=unreader))


def _worker(monkeypatch: pytest.MonkeyPatch, *, patience: int, keeps: object = True) -> list[bytes]:
    """Replace gunicorn's own part, and return where it notes what it answered."""
    answered: list[bytes] = []

    def handle(_worker: ThreadWorker, conn: TConn) -> object:
        answered.append(conn.sock.recv(1))
        return keeps

    def start(worker: PatientWorker) -> None:
        worker.alive, worker._patient = True, Semaphore(patience)

    monkeypatch.setattr(ThreadWorker, "handle", handle)
    monkeypatch.setattr(PatientWorker, "__init__", start)
    return answered


def test_requests_that_come_at_once_are_answered_by_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = _worker(monkeypatch, patience=1)
    with _connection(b"123") as connection:
        assert PatientWorker().handle(connection) is True
        assert answered == [b"1", b"2", b"3"]
        assert PatientWorker()._goes_on(connection) is False


def test_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = _worker(monkeypatch, patience=1)
    with _connection(b"1" * 3 * MOST_IN_A_ROW) as connection:
        for turn in (1, 2, 3):
            assert PatientWorker().handle(connection) is True
            assert len(answered) == turn * MOST_IN_A_ROW


@pytest.mark.parametrize(("patience", "keeps"), [(0, True), (1, False), (1, None)])
def test_it_does_not_wait_when_others_may_need_it_or_the_connection_ends(
    monkeypatch: pytest.MonkeyPatch, patience: int, keeps: object
) -> None:
    answered = _worker(monkeypatch, patience=patience, keeps=keeps)
    with _connection(b"12") as connection:
        assert PatientWorker().handle(connection) is keeps
    assert answered == [b"1"]


def test_what_was_read_ahead_is_left_to_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = _worker(monkeypatch, patience=1)
    with _connection(b"12", read_ahead=b"GET") as connection:
        assert PatientWorker().handle(connection) is True
    assert answered == [b"1"]
