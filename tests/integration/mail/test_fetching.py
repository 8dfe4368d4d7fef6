"""What becomes of each mail of a mailbox on a real Dovecot, whatever happens meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdv_caldav.mail.fetching import Folders
from rdv_caldav.mail.imap import CommandRefused, Place
from rdv_caldav.mail.taking import Disposition, NotNow
from support.dovecot import ALL_CAPABILITIES, Dovecot, running_dovecot
from support.mailbox import (
    DONE,
    FOR_PEOPLE,
    NOT_OURS,
    PRIVATE,
    SUBJECT,
    Book,
    eventually,
    fail,
    mail,
    named,
    names,
    watching,
)


@pytest.fixture(autouse=True)
def nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("DEBUG")
    yield
    for private in PRIVATE:
        assert private not in caplog.text


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


# -- what becomes of a mail ---------------------------------------------------------------


def test_each_mail_goes_where_it_belongs(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"), mail("c"), mail("d"))
    becomes = {"a": DONE, "c": FOR_PEOPLE, "d": DONE}
    book = Book(lambda name: becomes.get(name, NOT_OURS))
    tally = book.fetcher(server).fetch_once()
    assert tally.taken == {DONE: 2, NOT_OURS: 1, FOR_PEOPLE: 1}
    assert names(server, "rdv-traites") == ["a", "d"]
    assert names(server, "rdv-a-verifier") == ["c"]
    assert names(server) == ["b"]
    assert "\\Seen" not in server.flags()[2], "people still have to read it"
    assert book.place is not None
    assert book.place.last_uid == 4

    server.deliver(mail("e"))
    assert book.fetcher(server).fetch_once().taken == {NOT_OURS: 1}
    assert book.taken == ["a", "b", "c", "d", "e"]
    assert names(server) == ["b", "e"]


def test_folders_may_be_named_or_left_out(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"))
    book = Book({"a": DONE, "b": FOR_PEOPLE}.__getitem__)
    folders = Folders(done="Réponses & co", for_people="")
    book.fetcher(server, folders=folders).fetch_once()
    assert names(server, "Réponses & co") == ["a"]
    assert names(server) == ["b"]
    book.fetcher(server, folders=folders).fetch_once()
    assert book.taken == ["a", "b"], "what stays is not taken twice"


@pytest.mark.parametrize("without", [[], ["MOVE"], ["MOVE", "UIDPLUS"], ["MOVE", "NAMESPACE"]])
def test_servers_that_offer_less(without: list[str]) -> None:
    offered = [name for name in ALL_CAPABILITIES.split() if name not in without]
    with running_dovecot(capabilities=" ".join(offered)) as server:
        server.put(mail("a"), mail("b"), mail("c"))
        server.put(mail("away"), flags=["\\Deleted"])
        book = Book({"a": DONE, "b": NOT_OURS, "c": DONE}.__getitem__)
        book.fetcher(server).fetch_once()
        assert names(server, "rdv-traites") == ["a", "c"]
        assert book.taken == ["a", "b", "c"]
        if "UIDPLUS" in without:
            deleted = {uid for uid, flags in server.flags().items() if "\\Deleted" in flags}
            assert deleted == {1, 3, 4}
        else:
            assert names(server) == ["b", "away"], "what others marked is theirs"
        again = Book(lambda name: NOT_OURS)
        again.fetcher(server).fetch_once()
        assert again.taken == ["b"]


def test_folders_of_a_server_whose_names_begin_with_inbox() -> None:
    with running_dovecot(prefix="INBOX.") as server:
        server.put(mail("a"))
        Book().fetcher(server).fetch_once()
        assert server.folders() == {"INBOX", "INBOX.rdv-traites"}
        assert names(server, "INBOX.rdv-traites") == ["a"]


def test_a_folder_of_its_own_is_read_instead_of_the_inbox(server: Dovecot) -> None:
    with server.client() as client:
        client.create_folder("Réponses")
    server.put(mail("a"), folder="Réponses")
    server.put(mail("b"))
    book = Book()
    url = server.url_of("imap", server.imap_port, folder="R%C3%A9ponses")
    book.fetcher(server, url=url).fetch_once()
    assert book.taken == ["a"]
    with pytest.raises(CommandRefused, match="folder"):
        book.fetcher(server, url=server.url + "fehlt").fetch_once()


def test_a_mail_is_moved_only_after_it_was_taken(server: Dovecot) -> None:
    server.put(mail("a"))
    seen: list[list[str]] = []

    def look(name: str) -> Disposition:
        seen.append(names(server))
        assert "rdv-traites" not in server.folders()
        return DONE

    Book(look).fetcher(server).fetch_once()
    assert seen == [["a"]]
    assert names(server) == []


_KILLED = """
import os, sys
from pathlib import Path
from rdv_caldav.mail.fetching import Fetcher
from rdv_caldav.mail.imap_server import ImapServer

class Nowhere:
    def load(self): return None
    def save(self, place): raise AssertionError("it was killed before")

def take(raw):
    Path(sys.argv[2]).write_bytes(raw)
    os._exit(9)

Fetcher(ImapServer.parse(sys.argv[1]), take, place_kept=Nowhere()).fetch_once()
"""


def test_a_mail_is_taken_again_after_a_crash_before_it_was_moved(
    server: Dovecot, tmp_path: Path
) -> None:
    server.put(mail("a"), mail("b"))
    committed = tmp_path / "committed"
    ended = subprocess.run([sys.executable, "-c", _KILLED, server.url, committed])
    assert ended.returncode == 9
    assert named(committed.read_bytes()) == "a"
    assert names(server) == ["a", "b"]
    book = Book()
    book.fetcher(server).fetch_once()
    assert book.taken == ["a", "b"]
    assert names(server, "rdv-traites") == ["a", "b"]


def test_new_uids_begin_anew(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"))
    book = Book(lambda name: NOT_OURS)
    fetcher = book.fetcher(server)
    fetcher.fetch_once()
    server.set_uid_validity(4_000_000_000)
    fetcher.fetch_once()
    assert book.taken == ["a", "b", "a", "b"]
    assert book.place == Place(uid_validity=4_000_000_000, last_uid=2)
    fetcher.fetch_once()
    book.fetcher(server).fetch_once()
    assert len(book.taken) == 4


def test_a_mail_that_somebody_moved_meanwhile(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"), mail("c"))

    def tidy(name: str) -> Disposition:
        if name == "a":
            with server.client() as client:
                client.create_folder("ailleurs")
                client.select_folder("INBOX")
                client.move([1, 2], "ailleurs")
        return DONE

    book = Book(tidy)
    book.fetcher(server).fetch_once()
    assert book.taken == ["a", "c"]
    assert names(server, "ailleurs") == ["a", "b"]
    assert names(server) == []


def test_a_mail_that_cannot_be_moved_stays(
    server: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(mail("a"), mail("b"))
    book = Book({"a": DONE, "b": FOR_PEOPLE}.__getitem__)
    folders = Folders(done="a//b")  # no name for a folder
    book.fetcher(server, folders=folders).fetch_once()
    book.fetcher(server, folders=folders).fetch_once()
    assert book.taken == ["a", "b"]
    assert names(server) == ["a"]
    assert "cannot be moved" in caplog.text


def test_stopping_leaves_the_rest_for_later(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"))
    stop, book = threading.Event(), Book()

    def last(name: str) -> Disposition:
        stop.set()
        return DONE

    book.became = last
    book.fetcher(server).fetch_once(stop=stop)
    assert book.taken == ["a"]
    assert names(server) == ["b"]
    assert book.place is not None
    assert book.place.last_uid == 1


# -- mails that cannot be taken -----------------------------------------------------------


def test_a_mail_that_fails_waits_and_is_put_aside_at_last(server: Dovecot) -> None:
    server.put(mail("a"), mail("bad"), mail("c"))
    tries: list[float] = []

    def becomes(name: str) -> Disposition:
        if name == "bad":
            tries.append(time.monotonic())
            fail(ValueError(SUBJECT))
        return NOT_OURS if name == "c" else DONE

    book = Book(becomes)
    pauses = (0.1, 0.4)
    with watching(book.fetcher(server, tries=3, retry_pauses=pauses)):
        eventually(lambda: book.taken == ["a", "c"] and len(tries) == 1)
        eventually(lambda: book.place is not None and book.place.last_uid == 1)
        eventually(lambda: names(server, "rdv-erreurs") == ["bad"])
        eventually(lambda: book.place is not None and book.place.last_uid == 3)
    assert len(tries) == 3
    assert tries[1] - tries[0] >= 0.1
    assert tries[2] - tries[1] >= 0.4
    assert book.taken == ["a", "c"], "others are not taken twice meanwhile"
    assert names(server) == ["c"]


def test_tries_are_counted_across_processes(server: Dovecot) -> None:
    server.put(mail("bad"), mail("b"))
    book = Book(lambda name: DONE if name == "b" else fail(ValueError()))
    tallies = [book.fetcher(server, tries=3).fetch_once() for _ in range(3)]
    assert [tally.failed for tally in tallies] == [1, 1, 1]
    assert [tally.put_aside for tally in tallies] == [0, 0, 1]
    assert names(server, "rdv-erreurs") == ["bad"]
    assert book.taken == ["b"]
    assert book.fetcher(server, tries=3).fetch_once().failed == 0


def test_when_nothing_can_be_taken_no_mail_is_blamed(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"))
    book = Book(lambda name: fail(NotNow()))
    for _ in range(5):
        with pytest.raises(NotNow):
            book.fetcher(server, tries=2).fetch_once()
    assert names(server) == ["a", "b"]
    assert all(not any("Rdv" in flag for flag in flags) for flags in server.flags().values())
    calls: list[str] = []

    def later(name: str) -> Disposition:
        calls.append(name)
        return DONE if len(calls) > 2 else fail(NotNow())

    book.became = later
    with watching(book.fetcher(server, tries=2)):
        eventually(lambda: names(server, "rdv-traites") == ["a", "b"])
    assert calls == ["a", "a", "a", "b"]


def test_a_place_that_cannot_be_kept_ends_nothing(server: Dovecot) -> None:
    server.put(mail("a"))
    book = Book()
    book.save = lambda place: fail(OSError())  # type: ignore[method-assign, assignment]
    fetcher = book.fetcher(server)
    with pytest.raises(NotNow):
        fetcher.fetch_once()
    del book.save
    server.put(mail("b"))
    fetcher.fetch_once()
    assert book.taken == ["a", "b"]
    assert book.place is not None
    assert book.place.last_uid == 2


# -- waiting ------------------------------------------------------------------------------


def test_mail_is_taken_within_a_second_where_it_is_announced(server: Dovecot) -> None:
    book = Book()
    with watching(book.fetcher(server), poll_seconds=3600):
        for name in ("a", "b"):
            eventually(lambda: server.connections() == 1)
            time.sleep(0.3)
            book.arrived.clear()
            server.deliver(mail(name))
            assert book.arrived.wait(1)
        eventually(lambda: names(server, "rdv-traites") == ["a", "b"])
    assert book.taken == ["a", "b"]


def test_no_mail_of_a_burst_is_overlooked(server: Dovecot) -> None:
    book = Book()
    sent = [str(number) for number in range(60)]
    with watching(book.fetcher(server), poll_seconds=3600):
        for name in sent:
            server.deliver(mail(name))
        eventually(lambda: len(book.taken) == len(sent))
        eventually(lambda: names(server) == [])
    # what is delivered within one moment has no order in a maildir
    assert sorted(book.taken) == sorted(sent)


def test_one_looks_where_mail_is_not_announced() -> None:
    offered = ALL_CAPABILITIES.replace(" IDLE", "")
    with running_dovecot(capabilities=offered) as server:
        book = Book()
        with watching(book.fetcher(server), poll_seconds=0.2):
            eventually(lambda: server.connections() == 1)
            server.deliver(mail("a"))
            assert book.arrived.wait(2)
            eventually(lambda: names(server, "rdv-traites") == ["a"])


def test_a_server_that_goes_and_comes_back(server: Dovecot) -> None:
    book = Book()
    with watching(book.fetcher(server)):
        eventually(lambda: server.connections() == 1)
        server.cut_connections()
        server.deliver(mail("a"))
        eventually(lambda: names(server, "rdv-traites") == ["a"])
        server.stop()
        time.sleep(0.3)
        server.start()
        server.deliver(mail("b"))
        eventually(lambda: names(server, "rdv-traites") == ["a", "b"])
    assert book.taken == ["a", "b"]


def test_a_connection_that_is_cut_during_a_take(server: Dovecot) -> None:
    server.put(mail("a"), mail("b"))
    book = Book()

    def cut(name: str) -> Disposition:
        if not book.taken:
            server.cut_connections()
        return DONE

    book.became = cut
    with watching(book.fetcher(server)):
        eventually(lambda: names(server, "rdv-traites") == ["a", "b"])
    assert book.taken == ["a", "a", "b"]
