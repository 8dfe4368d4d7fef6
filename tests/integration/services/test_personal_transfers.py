"""COPY and MOVE of what is an account's own, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import (
    CalendarFixed,
    CollectionRefused,
    NotCalendarData,
    ParentMissing,
    PreconditionFailed,
    UidConflict,
    UnknownCalendar,
    UnknownObject,
    UnsupportedComponent,
)
from rdv_caldav.services.personal import collections, objects
from support.objects import event
from support.personal import Copy, Own, component

VERBS = pytest.mark.parametrize("verb", ["copy", "move"])


@pytest.fixture
def own(any_book: AppointmentBook) -> Own:
    """Alice with two calendars, and folders with files in them."""
    own = Own(any_book)
    own.calendar("perso")
    own.calendar("autre")
    own.put("perso/a.ics", event("a"))
    for path in ("de", "de/fond", "vers"):
        own.folder(path)
    for path in ("de/f", "de/g", "de/fond/h", "vers/i"):
        own.put(path, path)
    return own


def _one(own: Own, verb: str) -> Callable[..., bool]:
    return own.copy if verb == "copy" else own.move


def _all(own: Own, verb: str) -> Callable[..., bool]:
    return own.copy_collection if verb == "copy" else own.move_collection


# -- one ----------------------------------------------------------------------------------


@VERBS
def test_to_a_free_place(own: Own, verb: str) -> None:
    with own.writing() as (tx, _):
        objects.keep_object_properties(tx, own.at("de"), "f", {"a": "b"})
    made = own.get("de/f")
    used = own.used()
    own.later(hours=1)
    assert _one(own, verb)("de/f", "vers/neuf", overwrite=False)
    new = own.get("vers/neuf")
    assert made is not None
    assert new is not None
    assert (new.content, new.content_type, new.properties) == (
        b"de/f",
        made.content_type,
        {"a": "b"},
    )
    assert new.created_at == (own.now if verb == "copy" else made.created_at)
    assert new.etag != made.etag
    assert (own.get("de/f") is None) is (verb == "move")
    assert own.used() - used == (len("de/f") + 2 if verb == "copy" else 0)


@VERBS
def test_what_stands_there_is_replaced_if_it_may_be(own: Own, verb: str) -> None:
    before = own.tree("vers"), own.tree("de")
    for target in ("vers/i", "de/g", "de/fond"):
        with pytest.raises(PreconditionFailed):
            _one(own, verb)("de/f", target, overwrite=False)
    assert (own.tree("vers"), own.tree("de")) == before
    assert not _one(own, verb)("de/f", "vers/i")
    assert own.content("vers/i") == b"de/f"
    assert not _one(own, verb)("vers/i", "de/fond")
    assert own.content("de/fond") == b"de/f"
    assert own.find("de/fond") is None
    own.used()


@VERBS
def test_no_target(own: Own, verb: str) -> None:
    act = _one(own, verb)
    with pytest.raises(ParentMissing):
        act("de/f", "absent/f")
    with pytest.raises(UnknownObject):
        act("de/absent", "vers/f")
    with pytest.raises(UnknownCalendar):
        act("absent/f", "vers/f")
    with pytest.raises(CalendarFixed):
        act("de/f", "de/f")
    own.put("de/fond/x", "x")
    own.folder("de/fond/x2")
    with pytest.raises(CalendarFixed):
        act("de/fond/h", "de/fond")
    assert own.content("de/fond/h") == b"de/fond/h"


@VERBS
def test_between_calendars_and_folders(own: Own, verb: str) -> None:
    act = _one(own, verb)
    with pytest.raises(NotCalendarData):
        act("de/f", "perso/f.ics")
    assert act("perso/a.ics", "autre/b.ics")
    hit = own.hits("autre", own.now, None)
    assert hit == {"b.ics": True}
    assert act("autre/b.ics", "vers/objet")
    found = own.get("vers/objet")
    assert found is not None
    assert (found.uid, found.content) == ("", event("a").encode())
    own.calendar("taches", "VTODO")
    own.put("vers/e", event("e"))
    with pytest.raises(UnsupportedComponent):
        act("vers/e", "taches/e.ics")
    own.used()


def test_another_charset_becomes_utf8(own: Own) -> None:
    latin = event("l", summary="été").encode("latin-1")
    own.put("vers/l", latin, content_type="text/calendar; charset=iso-8859-1")
    used = own.used()
    assert own.move("vers/l", "perso/l.ics")
    assert own.content("perso/l.ics") == event("l", summary="été").encode()
    assert own.used() == used + 2


def test_one_uid_in_a_calendar(own: Own) -> None:
    with pytest.raises(UidConflict) as refusal:
        own.copy("perso/a.ics", "perso/b.ics")
    assert refusal.value.href == "a.ics"
    assert own.move("perso/a.ics", "perso/b.ics")
    own.put("autre/x.ics", event("a"))
    for act in (own.copy, own.move):
        with pytest.raises(UidConflict) as refusal:
            act("perso/b.ics", "autre/y.ics")
        assert refusal.value.href == "x.ics"
    assert set(own.listed("perso")) == {"b.ics"}
    own.put("autre/z.ics", component("VTODO", "z"))
    assert not own.move("perso/b.ics", "autre/x.ics")
    assert set(own.listed("autre")) == {"x.ics", "z.ics"}
    assert own.listed("perso") == {}


# -- collections --------------------------------------------------------------------------


@VERBS
def test_collections_go_with_all_they_hold(own: Own, verb: str) -> None:
    own.calendar("de/agenda", "VEVENT", "VTODO", **{"{DAV:}displayname": "À moi"})
    own.put("de/agenda/s.ics", event("s", lines="RRULE:FREQ=WEEKLY;COUNT=3\r\n"))
    made = own.at("de/agenda")
    with own.writing() as (tx, _):
        objects.keep_object_properties(tx, made, "s.ics", {"a": "b"})
    before, used = own.tree("de"), own.used()
    own.later(hours=1)
    assert _all(own, verb)("de", "vers/neuf", overwrite=False)
    after = {path.replace("de", "vers/neuf", 1): content for path, content in before.items()}
    assert own.tree("vers/neuf") == after
    assert own.tree("de") == (before if verb == "copy" else {})
    new = own.at("vers/neuf/agenda")
    assert new.properties == made.properties
    assert new.components == ("VEVENT", "VTODO")
    assert new.created_at == (own.now if verb == "copy" else made.created_at)
    found = own.get("vers/neuf/agenda/s.ics")
    assert found is not None
    assert found.properties == {"a": "b"}
    second = own.now.replace(month=12, day=2, hour=0)
    assert own.hits("vers/neuf/agenda", second, second.replace(hour=23)) == {"s.ics": True}
    assert own.used() >= used
    own.put("vers/neuf/agenda/s.ics", event("s"))
    own.remove("vers/neuf")
    assert set(own.tree("vers")) == {"vers", "vers/i"}
    own.used()


def test_a_shallow_copy_is_empty(own: Own) -> None:
    with own.writing() as (tx, _):
        collections.keep_properties(tx, own.at("de"), {"a": "b"})
    assert own.copy_collection("de", "neuf", deep=False)
    assert own.tree("neuf") == {"neuf": None}
    assert own.at("neuf").properties == {"a": "b"}
    own.used()


@VERBS
def test_a_collection_is_replaced_and_not_merged_with(own: Own, verb: str) -> None:
    act = _all(own, verb)
    before = own.tree("vers"), own.tree("de")
    for target in ("vers", "vers/i"):
        with pytest.raises(PreconditionFailed):
            act("de/fond", target, overwrite=False)
    assert (own.tree("vers"), own.tree("de")) == before
    assert not act("de/fond", "vers/i")
    assert own.tree("vers") == {"vers": None, "vers/i": None, "vers/i/h": b"de/fond/h"}
    assert not act("de", "vers")
    assert "vers/i" not in own.tree("vers")
    assert own.content("vers/f") == b"de/f"
    own.used()


@VERBS
def test_where_no_collection_goes(own: Own, verb: str) -> None:
    act = _all(own, verb)
    before = own.tree("de")
    for source, target, error in (
        ("absent", "neuf", UnknownCalendar),
        ("de", "absent/neuf", ParentMissing),
        ("de", "perso/neuf", CollectionRefused),
        ("perso", "autre/neuf", CollectionRefused),
        ("de", "claire/neuf", CollectionRefused),
        ("de", "claire", CalendarFixed),
        ("de", "inbox", CalendarFixed),
        ("de", "", CalendarFixed),
        ("de", "de", CalendarFixed),
        ("de", "de/fond/neuf", CalendarFixed),
        ("de/fond", "de", CalendarFixed),
    ):
        with pytest.raises(error):
            act(source, target)
    assert own.tree("de") == before


def test_a_name_that_begins_alike_is_another(own: Own) -> None:
    own.folder("de2")
    assert own.move_collection("de", "de2/de")
    assert own.content("de2/de/fond/h") == b"de/fond/h"
    assert own.copy_collection("de2/de", "de")
    assert own.content("de/fond/h") == b"de/fond/h"
    own.used()


def test_tokens_are_void_where_another_collection_came_to_stand(own: Own) -> None:
    mine = Copy(own, "perso")
    mine.update()
    token = mine.token
    own.put("autre/x.ics", event("x"))
    own.move_collection("autre", "perso")
    fresh = Copy(own, "perso")
    fresh.update()
    assert set(fresh.etags) == {"x.ics"}
    assert own.at("perso").floor > int(token)


@VERBS
def test_programs_hear_of_what_came_and_went(own: Own, verb: str) -> None:
    copies = [Copy(own, path, limit=1) for path in ("perso", "autre", "de", "vers", "de/fond")]
    for copy in copies:
        copy.update()
    _one(own, verb)("perso/a.ics", "autre/b.ics")
    _one(own, verb)("de/f", "vers/i")
    _one(own, verb)("de/g", "de/k")
    _all(own, verb)("de/fond", "vers/fond")
    for copy in copies:
        if own.find(copy.path) is None:
            continue
        copy.update()
        fresh = Copy(own, copy.path)
        fresh.update()
        assert copy.etags == fresh.etags, copy.path
    assert set(copies[3].etags) == {"i", "fond"}
