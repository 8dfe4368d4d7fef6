"""Synchronising collections of an account's own (RFC 6578), on each kind of database."""

from __future__ import annotations

import random

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import SyncTokenExpired
from support.objects import event
from support.personal import Copy, Own


@pytest.fixture
def own(any_book: AppointmentBook) -> Own:
    """Alice with a calendar of five objects."""
    own = Own(any_book)
    own.calendar("perso")
    for number in range(5):
        own.put(f"perso/{number}.ics", event(str(number)))
    return own


def test_first_everything_then_what_changed(own: Own) -> None:
    mine = Copy(own, "perso")
    mine.update()
    assert mine.etags == own.listed("perso")
    assert mine.token == own.at("perso").tag
    own.put("perso/1.ics", event("1", summary="Autre"))
    own.put("perso/5.ics", event("5"))
    own.delete("perso/2.ics")
    found = own.changes("perso", mine.token)
    assert [href for href, _ in found.changed] == ["1.ics", "5.ics"]
    assert list(found.gone) == ["2.ics"]
    assert dict(found.changed).items() <= own.listed("perso").items()
    assert own.changes("perso", found.token).changed == []
    own.put("perso/2.ics", event("2"))
    again = own.changes("perso", found.token)
    assert ([href for href, _ in again.changed], list(again.gone)) == (["2.ics"], [])


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_in_parts_while_others_write(own: Own, limit: int) -> None:
    dice = random.Random(limit)
    mine = Copy(own, "perso", limit=limit)
    own.delete("perso/4.ics")
    for number in range(12):
        mine.step()
        href = f"perso/{dice.randrange(6)}.ics"
        if own.get(href) is not None and dice.random() < 0.4:
            own.delete(href)
        else:
            own.put(href, event(href[6:-4], summary=str(number)))
    mine.update()
    assert mine.etags == own.listed("perso")


def test_a_limit_is_held_and_said(own: Own) -> None:
    first = own.changes("perso", "", limit=2)
    assert (len(list(first.changed)), first.is_truncated) == (2, True)
    position, began = first.token.split("-")
    assert int(position) < int(began) == own.at("perso").counter
    exact = own.changes("perso", first.token, limit=3)
    assert (len(list(exact.changed)), exact.is_truncated) == (3, False)
    assert exact.token == own.at("perso").tag


def test_nothing_forgotten_voids_a_first_synchronisation(own: Own) -> None:
    own.delete("perso/0.ics")
    first = own.changes("perso", "", limit=2)
    own.later(days=1)
    with own.book.database.writing() as tx:
        assert tx.personal.prune(own.now) == 1
        assert tx.personal.prune(own.now) == 0
    rest = own.changes("perso", first.token, limit=2)
    assert (len(list(rest.changed)), list(rest.gone)) == (2, [])


def test_what_was_forgotten_voids_older_tokens(own: Own) -> None:
    old = own.at("perso").tag
    own.delete("perso/0.ics")
    recent = own.at("perso").tag
    first = own.changes("perso", old, limit=1)
    assert list(first.gone) == ["0.ics"]
    own.later(days=1)
    with own.book.database.writing() as tx:
        tx.personal.prune(own.now)
    with pytest.raises(SyncTokenExpired):
        own.changes("perso", old)
    assert own.changes("perso", recent).changed == []


def test_a_pause_within_the_first_synchronisation_that_was_too_long(own: Own) -> None:
    first = own.changes("perso", "", limit=2)
    own.delete("perso/0.ics")
    own.later(days=1)
    with own.book.database.writing() as tx:
        tx.personal.prune(own.now)
    with pytest.raises(SyncTokenExpired):
        own.changes("perso", first.token)


def test_tokens_that_are_none(own: Own) -> None:
    wrong = ("0", "x", "-", "1-", "-1", "1-2-3", "999999", "1-999999", "٣", "9" * 19, "1.0")
    for token in wrong:
        with pytest.raises(SyncTokenExpired):
            own.changes("perso", token)


def test_a_calendar_made_anew_knows_no_older_tokens(own: Own) -> None:
    token = own.at("perso").tag
    own.remove("perso")
    own.calendar("perso")
    with pytest.raises(SyncTokenExpired):
        own.changes("perso", token)
    assert own.changes("perso", "").changed == []


def test_folders_tell_of_collections_in_them(own: Own) -> None:
    own.folder("dossier")
    token = own.at("dossier").tag
    own.folder("dossier/dedans")
    own.put("dossier/fichier", "a")
    found = own.changes("dossier", token)
    assert [href for href, _ in found.changed] == ["dedans", "fichier"]
    inner = own.at("dossier/dedans")
    assert dict(found.changed)["dedans"] == f'"{inner.id}-{inner.tag}"'
    own.remove("dossier/dedans")
    gone = own.changes("dossier", found.token)
    assert (list(gone.changed), list(gone.gone)) == ([], ["dedans"])
    own.put("dossier/dedans", "un fichier")
    again = own.changes("dossier", gone.token)
    assert ([href for href, _ in again.changed], list(again.gone)) == (["dedans"], [])
