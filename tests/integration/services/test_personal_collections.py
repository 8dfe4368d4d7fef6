"""Calendars and folders of an account's own, on each kind of database."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.errors import (
    CollectionRefused,
    ParentMissing,
    PersonalCalendarsOff,
    PlaceTaken,
    QuotaExceeded,
    TooManyCollections,
    UnknownCalendar,
    UnsupportedComponent,
)
from rdv_caldav.services.personal import collections
from support.objects import event
from support.personal import NOW, Own


@pytest.fixture
def own(any_book: AppointmentBook) -> Own:
    """Alice at work on each kind of database."""
    return Own(any_book)


def _names(own: Own) -> list[str]:
    with own.reading() as (tx, actor):
        return [each.path for each in collections.home(tx, actor)]


def test_a_calendar_and_a_folder(own: Own) -> None:
    made = own.calendar("perso", "VEVENT", "VTODO", **{"{DAV:}displayname": "À moi"})
    folder = own.folder("dossier")
    assert own.at("perso") == made
    assert (made.is_calendar, made.components) == (True, ("VEVENT", "VTODO"))
    assert made.properties == {"{DAV:}displayname": "À moi"}
    assert (made.created_at, made.updated_at) == (NOW, NOW)
    assert (folder.is_calendar, folder.components, folder.properties) == (False, (), {})
    assert own.calendar("alles").components == ("VEVENT", "VTODO", "VJOURNAL")
    assert _names(own) == ["perso", "dossier", "alles"]


def test_collections_nest_in_folders(own: Own) -> None:
    for path in ("a", "a/b", "a/b/c"):
        own.folder(path)
    own.calendar("a/b/agenda")
    with own.reading() as (tx, actor):
        inside = collections.children(tx, actor, own.at("a/b"))
    assert [each.path for each in inside] == ["a/b/c", "a/b/agenda"]
    assert (inside[1].name, inside[1].parent_path) == ("agenda", "a/b")
    assert _names(own) == ["a"]


def test_where_nothing_is_made(own: Own) -> None:
    own.calendar("perso")
    own.folder("dossier")
    own.put("dossier/fichier", "a")
    refusals: dict[str, type[Exception]] = {
        "perso": PlaceTaken,
        "dossier/fichier": PlaceTaken,
        "inbox": PlaceTaken,
        "outbox": PlaceTaken,
        "claire": PlaceTaken,
        "": PlaceTaken,
        "perso/dedans": CollectionRefused,
        "claire/dedans": CollectionRefused,
        "x" * 2_001: CollectionRefused,
        "absent/dedans": ParentMissing,
        "dossier/fichier/dedans": ParentMissing,
        "absent/plus/loin": ParentMissing,
    }
    for path, error in refusals.items():
        for make in (own.calendar, own.folder):
            with pytest.raises(error):
                make(path)
    assert _names(own) == ["perso", "dossier"]


def test_small_letters_are_not_capitals(own: Own) -> None:
    for path in ("a", "A", "a/b", "A/b"):
        own.folder(path)
    own.put("A/b/fichier", "x")
    own.remove("a")
    assert own.tree("A") == {"A": None, "A/b": None, "A/b/fichier": b"x"}
    assert own.find("a/b") is None


def test_a_name_with_the_signs_of_a_pattern(own: Own) -> None:
    for path in ("a_", "ab", "a%", "ab/x", "a_/x"):
        own.folder(path)
    own.remove("a_")
    own.remove("a%")
    assert _names(own) == ["ab"]
    assert own.find("ab/x") is not None


def test_names_of_persons_that_one_does_not_see_are_free(any_book: AppointmentBook) -> None:
    assert Own(any_book, "nora").calendar("sophie").path == "sophie"
    with pytest.raises(PlaceTaken):
        Own(any_book, "nora").calendar("claire")


def test_the_names_of_persons_are_kept_while_the_module_is_off(own: Own) -> None:
    own.setting("module_enabled", value=False)
    with pytest.raises(PlaceTaken):
        own.calendar("claire")
    assert own.calendar("perso").path == "perso"
    assert _names(own) == ["perso"]


def test_persons_get_no_name_that_a_collection_has(own: Own) -> None:
    own.calendar("zoe")
    own.folder("dossier")
    own.folder("dossier/leo")
    with own.writing() as (tx, _):
        assert tx.people.free_slug("zoe") == "zoe-2"
        tx.people.add(slug="zoe-2", kind=PersonKind.CLIENT, last_name="Essai")
        assert tx.people.free_slug("zoe") == "zoe-3"
        assert tx.people.free_slug("leo") == "leo"


def test_components_that_no_calendar_takes(own: Own) -> None:
    for components in (("VALARM",), ("VEVENT", "VXYZ"), ("vevent",), ("",)):
        with pytest.raises(UnsupportedComponent):
            own.calendar("perso", *components)
    with pytest.raises(UnsupportedComponent), own.writing() as (tx, actor):
        collections.create(tx, actor, "x", is_calendar=True, components=(), now=NOW)
    assert _names(own) == []


def test_switched_off_what_is_there_stays(own: Own) -> None:
    own.folder("dossier")
    own.setting("personal_calendars", value=False)
    with pytest.raises(PersonalCalendarsOff):
        own.calendar("perso")
    with pytest.raises(PersonalCalendarsOff):
        own.copy_collection("dossier", "autre")
    own.put("dossier/fichier", "a")
    assert own.content("dossier/fichier") == b"a"
    assert own.move_collection("dossier", "autre")


def test_deleting_takes_all_beneath(own: Own) -> None:
    for path in ("a", "a/b", "ab"):
        own.folder(path)
    own.calendar("a/b/agenda")
    own.put("a/b/agenda/x.ics", event())
    own.put("a/fichier", "f")
    own.remove("a")
    assert _names(own) == ["ab"]
    assert own.find("a/b/agenda") is None
    assert own.used() == 0
    with pytest.raises(UnknownCalendar):
        own.remove("a")
    own.folder("a")
    assert own.tree("a") == {"a": None}


def test_nobody_else_finds_anything(any_book: AppointmentBook) -> None:
    mine = Own(any_book)
    made = mine.folder("dossier")
    mine.calendar("dossier/agenda")
    mine.put("dossier/agenda/a.ics", event())
    for login in ("admin", "nora", "ivan", "claire"):
        other = Own(any_book, login)
        assert other.find("dossier") is None
        assert other.find("dossier/agenda") is None
        with other.reading() as (tx, actor):
            assert collections.home(tx, actor) == []
            assert collections.children(tx, actor, made) == []
            assert collections.account_properties(tx, actor) == {}
            assert collections.usage(tx, actor).used == 0
        with pytest.raises(UnknownCalendar):
            other.remove("dossier")
        with pytest.raises(UnknownCalendar):
            other.delete("dossier/agenda/a.ics")
        with pytest.raises(UnknownCalendar):
            other.copy("dossier/agenda/a.ics", "x/a.ics")
        with pytest.raises(UnknownCalendar):
            other.copy_collection("dossier", "x")
    assert Own(any_book, "admin").folder("dossier").id != made.id
    assert set(mine.listed("dossier/agenda")) == {"a.ics"}


# -- properties ---------------------------------------------------------------------------


def test_properties_leave_the_change_number(own: Own) -> None:
    made = own.calendar("perso", a="b")
    with own.writing() as (tx, _):
        collections.keep_properties(tx, made, {"{urn:x}c": "<é/>"})
    kept = own.at("perso")
    assert kept.properties == {"{urn:x}c": "<é/>"}
    assert kept.tag == made.tag
    assert own.used() == len("{urn:x}c") + len("<é/>".encode())


def test_properties_of_what_went_away(own: Own) -> None:
    made = own.calendar("perso")
    own.remove("perso")
    with pytest.raises(UnknownCalendar), own.writing() as (tx, _):
        collections.keep_properties(tx, made, {})
    own.calendar("autre")
    own.calendar("perso")
    with pytest.raises(UnknownCalendar), own.writing() as (tx, _):
        collections.keep_properties(tx, made, {})


def test_properties_of_the_home(own: Own) -> None:
    with own.reading() as (tx, actor):
        assert collections.account_properties(tx, actor) == {}
    for properties in ({"{urn:x}a": "1"}, {"{urn:x}b": "22"}):
        with own.writing() as (tx, actor):
            collections.keep_account_properties(tx, actor, properties)
        with own.reading() as (tx, actor):
            assert collections.account_properties(tx, actor) == properties
    assert own.used() == len("{urn:x}b22")


# -- limits -------------------------------------------------------------------------------


def test_as_many_collections_as_allowed(own: Own) -> None:
    own.setting("personal_collections", 3)
    for path in ("a", "a/b", "a/b/c"):
        own.folder(path)
    with pytest.raises(TooManyCollections):
        own.folder("d")
    own.remove("a/b/c")
    with pytest.raises(TooManyCollections):
        own.copy_collection("a", "d")
    assert own.copy_collection("a", "d", deep=False)
    assert Own(own.book, "ivan").folder("d").path == "d"


def test_as_many_octets_as_allowed(own: Own) -> None:
    own.folder("dossier")
    own.setting("personal_quota", 100)
    own.put("dossier/a", b"x" * 60)
    for act in (
        lambda: own.put("dossier/b", b"x" * 41),
        lambda: own.put("dossier/a", b"x" * 101),
        lambda: own.copy("dossier/a", "dossier/b"),
        lambda: own.copy_collection("dossier", "autre"),
        lambda: own.folder("c", a="x" * 40),
    ):
        with pytest.raises(QuotaExceeded):
            act()
    with pytest.raises(QuotaExceeded), own.writing() as (tx, actor):
        collections.keep_properties(tx, own.at("dossier"), {"a": "x" * 40})
    with pytest.raises(QuotaExceeded), own.writing() as (tx, actor):
        collections.keep_account_properties(tx, actor, {"a": "x" * 40})
    assert own.tree("dossier") == {"dossier": None, "dossier/a": b"x" * 60}
    own.put("dossier/b", b"x" * 40)
    assert own.used() == 100
    own.move("dossier/a", "dossier/c")
    own.put("dossier/c", b"x" * 60)
    own.setting("personal_quota", 10)
    own.put("dossier/c", b"x" * 59)
    own.delete("dossier/b")
    assert own.used() == 59
    with own.reading() as (tx, actor):
        assert collections.usage(tx, actor) == collections.Usage(used=59, quota=10)
