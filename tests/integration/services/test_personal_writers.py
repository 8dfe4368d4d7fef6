"""Writers at once in what is one account's own, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import PreconditionFailed, QuotaExceeded
from support.objects import event
from support.personal import NEW, Copy, Own

WRITERS = 8


@pytest.fixture
def own(any_book: AppointmentBook) -> Own:
    """Alice on each kind of database, who has kept nothing yet."""
    return Own(any_book)


def _at_once(act: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(act, range(WRITERS)))


def test_the_first_writes_of_all(own: Own) -> None:
    _at_once(lambda number: own.folder(f"d{number}"))
    assert all(own.find(f"d{number}") for number in range(WRITERS))


def test_one_of_eight_makes_a_new_object(own: Own) -> None:
    own.calendar("perso")

    def put(number: int) -> bool:
        with suppress(PreconditionFailed):
            return own.put("perso/a.ics", event(summary=str(number)), condition=NEW).created
        return False

    assert sorted(map(bool, _at_once(put))) == [False] * (WRITERS - 1) + [True]


def test_writers_at_once_never_exceed_the_quota(own: Own) -> None:
    own.folder("dossier")
    own.setting("personal_quota", 50)

    def put(number: int) -> bool:
        with suppress(QuotaExceeded):
            return own.put(f"dossier/{number}", b"x" * 10).created
        return False

    assert sum(map(bool, _at_once(put))) == 5
    assert own.used() == 50


def test_moves_against_each_other_and_readers(own: Own) -> None:
    for path in ("a", "b"):
        own.calendar(path)
        for number in range(WRITERS):
            own.put(f"{path}/{number}.ics", event(f"{path}{number}"))
    followed = [Copy(own, path, limit=3) for path in ("a", "b")]

    def swap(number: int) -> None:
        own.move(f"a/{number}.ics", f"b/x{number}.ics")
        for copy in followed[number % 2 : number % 2 + 1] if number < 2 else ():
            copy.step()
        own.move(f"b/{number}.ics", f"a/{number}.ics")
        own.delete(f"a/{number}.ics")

    _at_once(swap)
    assert set(own.listed("b")) == {f"x{number}.ics" for number in range(WRITERS)}
    assert own.listed("a") == {}
    for copy in followed:
        copy.update()
        assert copy.etags == own.listed(copy.path)
    own.used()
