"""Wrong passwords: few are taken, and nobody is kept out by those of others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import TooManyAttempts
from rdv_caldav.domain.throttling import ADDRESS, LOGIN, PAIR
from rdv_caldav.services import accounts
from rdv_caldav.services.housekeeping import forget_attempts
from rdv_caldav.services.throttling import LoginGate
from rdv_radicale.application import create_app
from support.dav import Answer, DavClient
from support.scenario import Clock
from support.statements import counted

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


class Guesser:
    """Guesses passwords, each another one; of all processes of a server in turn."""

    def __init__(self, book: AppointmentBook, processes: int = 2) -> None:
        self.gates = [LoginGate(book.database, book.clock) for _ in range(processes)]
        self.guesses = 0

    def guess(self, login: str, address: str) -> bool:
        """Return whether the guess was looked at."""
        self.guesses += 1
        gate = self.gates[self.guesses % len(self.gates)]
        try:
            assert gate.log_in(login, f"guess {self.guesses}", address=address) is None
        except TooManyAttempts:
            return False
        return True

    def get_in(self, login: str, address: str) -> bool:
        """Return whether the owner gets in."""
        try:
            account = self.gates[0].log_in(login, "demo", address=address)
        except TooManyAttempts:
            return False
        assert account is not None
        assert account.login == login
        return True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody has takes no longer than the passwords of the small agency."""
    fast = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_NOBODY", fast.hash("nobody"))


@pytest.mark.parametrize("login", ["claire", "nobody-of-this-name", "é\0@x", "%"])
def test_few_guesses_are_looked_at(any_book: AppointmentBook, clock: Clock, login: str) -> None:
    guesser = Guesser(any_book)
    taken = [guesser.guess(login, HERE) for _ in range(PAIR.burst + 5)]
    assert taken == [True] * PAIR.burst + [False] * 5
    clock.now += timedelta(seconds=PAIR.cost)
    assert [guesser.guess(login, HERE) for _ in range(3)] == [True, False, False]


def test_whoever_knows_a_login_does_not_keep_its_owner_out(any_book: AppointmentBook) -> None:
    guesser = Guesser(any_book)
    while guesser.guess("claire", HERE):
        pass
    assert not guesser.get_in("claire", HERE)
    assert guesser.get_in("claire", ELSEWHERE)
    assert guesser.get_in("alice", HERE)


def test_an_address_has_a_budget_but_those_who_are_known_there(any_book: AppointmentBook) -> None:
    guesser = Guesser(any_book)
    assert guesser.get_in("alice", HERE)
    taken = sum(guesser.guess(f"login-{number}", HERE) for number in range(ADDRESS.burst + 20))
    assert taken == ADDRESS.burst
    assert guesser.get_in("alice", HERE)
    assert not guesser.get_in("claire", HERE)
    assert guesser.get_in("claire", ELSEWHERE)


def test_a_login_guessed_from_everywhere(any_book: AppointmentBook) -> None:
    guesser = Guesser(any_book)
    assert guesser.get_in("claire", ELSEWHERE)
    for number in range(LOGIN.burst):
        guesser.guess("claire", f"192.0.2.{number}")
    taken = [guesser.guess("claire", "2001:db8::/64") for _ in range(4)]
    assert taken == [True, True, False, False]
    guesser.guess("claire", ELSEWHERE)
    guesser.guess("claire", ELSEWHERE)
    assert guesser.get_in("claire", ELSEWHERE), "who is known may mistype"
    assert guesser.get_in("claire", HERE), "and be somewhere new"


def test_an_old_telephone_keeps_nobody_out(any_book: AppointmentBook) -> None:
    guesser = Guesser(any_book)
    for _ in range(3 * PAIR.burst):
        for gate in guesser.gates:
            assert gate.log_in("claire", "the old password", address=HERE) is None
    assert guesser.get_in("claire", HERE)


def test_a_password_that_becomes_right_is_taken(any_book: AppointmentBook) -> None:
    gate = LoginGate(any_book.database, any_book.clock)
    assert gate.log_in("claire", "the next password", address=HERE) is None
    with any_book.database.writing() as tx:
        account = tx.accounts.by_login("claire")
        assert account is not None
        accounts.set_password(tx, account, "the next password")
    assert gate.log_in("claire", "the next password", address=HERE) is not None
    assert gate.log_in("claire", "demo", address=HERE) is None


def test_getting_in_is_forgotten_guesses(any_book: AppointmentBook) -> None:
    guesser = Guesser(any_book)
    for _ in range(3):
        assert [guesser.guess("claire", HERE) for _ in range(PAIR.burst - 1)]
        assert guesser.get_in("claire", HERE)


def test_prune_forgets_what_counts_no_more(any_book: AppointmentBook, clock: Clock) -> None:
    guesser = Guesser(any_book)
    guesser.guess("claire", HERE)
    with any_book.database.writing() as tx:
        assert forget_attempts(tx, now=clock.now) == 0
        assert forget_attempts(tx, now=clock.now + timedelta(seconds=PAIR.cost)) == 3


def test_guesses_are_not_checked_all_at_once(book: AppointmentBook) -> None:
    room = accounts.MOST_CHECKS + accounts.MOST_WAITING
    for _ in range(room):
        assert accounts._ROOM.acquire(blocking=False)
    try:
        guesser = Guesser(book)
        assert guesser.guess("claire", HERE), "the first of an address waits"
        assert not guesser.guess("claire", HERE)
    finally:
        accounts._ROOM.release(room)
    assert guesser.guess("claire", HERE)


# -- as programs see it --------------------------------------------------------------------


def asked(client: DavClient, address: str, forwarded_for: str = "") -> Answer:
    environ = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": forwarded_for}
    return client.request("PROPFIND", "/claire/", depth="0", environ=environ)


def test_programs_are_told_when_to_come_again(book: AppointmentBook) -> None:
    app = create_app(book)
    statuses = [
        asked(DavClient(app, "claire", f"guess {number}"), HERE).status
        for number in range(PAIR.burst + 1)
    ]
    assert statuses == [401] * PAIR.burst + [429]
    answer = asked(DavClient(app, "claire"), HERE)
    assert answer.status == 429
    assert answer.headers["retry-after"] == str(PAIR.cost)
    assert asked(DavClient(app, "claire"), ELSEWHERE).status == 207
    # nobody believes what anybody may write
    assert asked(DavClient(app, "claire", "x"), HERE, "192.0.2.1").status == 429


def test_who_asks_first_without_a_password_costs_nothing(book: AppointmentBook) -> None:
    app = create_app(book)
    guesser = DavClient(app, "claire", "guess")
    for number in range(PAIR.burst + 1):
        guesser.password = f"guess {number}"
        asked(guesser, HERE)
    with counted(book) as statements:
        assert asked(DavClient(app, None), HERE).status == 401
        assert asked(guesser, HERE).status == 429
    assert statements == [], "nor does who is refused already"


def test_a_program_that_is_known_goes_on(book: AppointmentBook) -> None:
    app = create_app(book)
    known = DavClient(app, "claire")
    assert asked(known, HERE).status == 207
    for number in range(PAIR.burst + 5):
        asked(DavClient(app, "claire", f"guess {number}"), HERE)
    assert asked(known, HERE).status == 207
