"""Objects and files of an account's own, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import (
    InvalidCalendarObject,
    LostRace,
    NotCalendarData,
    ParentMissing,
    PlaceTaken,
    PreconditionFailed,
    TooManyInstances,
    UidConflict,
    UnknownCalendar,
    UnknownObject,
    UnsupportedComponent,
    UnsupportedMediaType,
)
from rdv_caldav.services.calendar_objects.standing import Condition
from rdv_caldav.services.personal import objects
from support.objects import event, override
from support.personal import NEW, NOW, Own, component


@pytest.fixture
def own(any_book: AppointmentBook) -> Own:
    """Alice with a calendar and a folder, on each kind of database."""
    own = Own(any_book)
    own.calendar("perso")
    own.folder("dossier")
    return own


def test_an_object_is_kept_to_the_letter(own: Own) -> None:
    text = event(summary="Es\n sai", lines="X-A;b=c:d\n")
    put = own.put("perso/été.ics", text)
    found = own.get("perso/été.ics")
    assert found is not None
    assert found.content == text.encode() == put.content
    assert (put.created, put.as_sent, put.etag) == (True, True, found.etag)
    assert (found.uid, found.component, found.size) == ("essai", "VEVENT", len(text.encode()))
    assert found.content_type == "text/calendar; charset=utf-8"
    assert (found.created_at, found.last_modified) == (NOW, NOW)
    assert own.listed("perso") == {"été.ics": put.etag}
    assert own.used() == len(text.encode())


def test_another_charset_is_not_kept_as_sent(own: Own) -> None:
    latin = event(summary="été").encode("latin-1")
    put = own.put("perso/a.ics", latin, content_type="text/calendar; charset=iso-8859-1")
    assert not put.as_sent
    assert put.content == own.content("perso/a.ics") == event(summary="été").encode()
    assert not own.put("perso/a.ics", b"\xef\xbb\xbf" + event().encode()).as_sent
    assert own.content("perso/a.ics") == event().encode()


def test_files_are_kept_as_they_are(own: Own) -> None:
    content = bytes(range(256))
    own.put("dossier/a", content, content_type="application/x-essai; a=b")
    own.put("dossier/b", event("deux"))
    own.put("dossier/c", event("deux"), content_type="text/calendar")
    found = own.get("dossier/a")
    assert found is not None
    assert (found.content, found.content_type) == (content, "application/x-essai; a=b")
    assert (found.uid, found.component, found.size) == ("", "", 256)
    other = own.get("dossier/b")
    assert other is not None
    assert other.content_type == "application/octet-stream"


def test_changing_keeps_when_it_was_made_and_its_properties(own: Own) -> None:
    first = own.put("perso/a.ics", event())
    with own.writing() as (tx, _):
        objects.keep_object_properties(tx, own.at("perso"), "a.ics", {"{urn:x}a": "é"})
    assert own.listed("perso") == {"a.ics": first.etag}
    own.later(hours=1)
    second = own.put("perso/a.ics", event(summary="Plus long"))
    found = own.get("perso/a.ics")
    assert found is not None
    assert not second.created
    assert second.etag == found.etag != first.etag
    assert (found.created_at, found.last_modified) == (NOW, own.now)
    assert found.properties == {"{urn:x}a": "é"}
    assert own.used() == found.size + len("{urn:x}a") + len("é".encode())
    assert own.at("perso").updated_at == own.now


def test_properties_of_what_is_not_there(own: Own) -> None:
    with pytest.raises(UnknownObject), own.writing() as (tx, _):
        objects.keep_object_properties(tx, own.at("perso"), "a.ics", {})


def test_no_etag_comes_twice(own: Own) -> None:
    seen = set()
    for _ in range(3):
        seen.add(own.put("perso/a.ics", event()).etag)
        own.delete("perso/a.ics")
    for _ in range(2):
        seen.add(own.put("perso/a.ics", event()).etag)
        own.remove("perso")
        own.calendar("perso")
    assert len(seen) == 5


def test_conditions(own: Own) -> None:
    with pytest.raises(PreconditionFailed):
        own.put("perso/a.ics", event(), condition=Condition(if_match=frozenset({"*"})))
    first = own.put("perso/a.ics", event(), condition=NEW).etag
    with pytest.raises(PreconditionFailed):
        own.put("perso/a.ics", event(), condition=NEW)
    held = Condition(if_match=frozenset({first}))
    own.put("perso/a.ics", event(), condition=held)
    with pytest.raises(PreconditionFailed):
        own.put("perso/a.ics", event(), condition=held)
    with pytest.raises(PreconditionFailed):
        own.delete("perso/a.ics", condition=held)
    own.delete("perso/a.ics", condition=Condition(if_match=frozenset({"*"})))
    assert own.listed("perso") == {}


def test_what_is_not_there(own: Own) -> None:
    with pytest.raises(UnknownObject):
        own.delete("perso/a.ics")
    with pytest.raises(UnknownCalendar):
        own.delete("absent/a.ics")
    assert own.get("perso/a.ics") is None
    perso = own.at("perso")
    body = objects.read_body(perso, event().encode(), None)
    with pytest.raises(ParentMissing), own.writing() as (tx, actor):
        objects.put_object(tx, actor, "absent", "a.ics", body, now=NOW)


def test_a_collection_is_not_replaced_by_a_file(own: Own) -> None:
    own.folder("dossier/dedans")
    with pytest.raises(PlaceTaken):
        own.put("dossier/dedans", "a")


def test_a_body_that_was_read_for_another_collection(own: Own) -> None:
    perso, dossier = own.at("perso"), own.at("dossier")
    own.calendar("taches", "VTODO")
    of_calendar = objects.read_body(perso, event().encode(), None)
    of_folder = objects.read_body(dossier, event().encode(), None)
    for path, body in (("perso", of_folder), ("dossier", of_calendar), ("taches", of_calendar)):
        with pytest.raises(LostRace), own.writing() as (tx, actor):
            objects.put_object(tx, actor, path, "a.ics", body, now=NOW)


# -- what a calendar takes ----------------------------------------------------------------


def test_what_no_calendar_takes(own: Own) -> None:
    refusals: dict[str, type[Exception]] = {
        "rien": NotCalendarData,
        event(before="METHOD:REQUEST\r\n"): InvalidCalendarObject,
        component("VFREEBUSY", "a"): UnsupportedComponent,
        event(lines="RRULE:FREQ=SECONDLY\r\n"): TooManyInstances,
        component("VTODO", "a", "DURATION:PT1H\r\n"): NotCalendarData,
    }
    for text, error in refusals.items():
        with pytest.raises(error):
            own.put("perso/a.ics", text)
        own.put("dossier/a.ics", text)
    assert own.listed("perso") == {}


def test_a_calendar_takes_what_it_says(own: Own) -> None:
    own.calendar("taches", "VTODO")
    with pytest.raises(UnsupportedComponent):
        own.put("taches/a.ics", event())
    with pytest.raises(UnsupportedMediaType):
        own.put("taches/a.ics", component("VTODO", "a"), content_type="text/html")
    own.put("taches/a.ics", component("VTODO", "a"))
    with own.reading() as (tx, _):
        found = list(objects.objects_of_component(tx, own.at("taches"), "VTODO"))
        assert [each.href for each in found] == ["a.ics"]
        assert list(objects.objects_of_component(tx, own.at("taches"), "VEVENT")) == []


def test_one_uid_in_a_calendar(own: Own) -> None:
    own.put("perso/a.ics", event("un"))
    with pytest.raises(UidConflict) as refusal:
        own.put("perso/b.ics", event("un"))
    assert refusal.value.href == "a.ics"
    with pytest.raises(UidConflict) as refusal:
        own.put("perso/a.ics", event("deux"))
    assert refusal.value.href == "a.ics"
    own.calendar("autre")
    own.put("autre/b.ics", event("un"))
    with own.reading() as (tx, _):
        assert objects.object_with_uid(tx, own.at("perso"), "un") == "a.ics"
        assert objects.object_with_uid(tx, own.at("perso"), "deux") is None
        assert objects.object_with_uid(tx, own.at("dossier"), "") is None
    own.delete("perso/a.ics")
    own.put("perso/b.ics", event("un"))


# -- ranges -------------------------------------------------------------------------------

DAY = timedelta(days=1)


def test_single_events_by_their_bounds(own: Own) -> None:
    own.put("perso/a.ics", event("a"))
    own.put("perso/jour.ics", event("jour", times="DTSTART;VALUE=DATE:20261126\r\n"))
    own.put("perso/instant.ics", event("instant", times="DTSTART:20261127T080000Z\r\n"))
    long = "DTSTART:20261101T080000Z\r\nDTEND:20261130T080000Z\r\n"
    own.put("perso/long.ics", event("long", times=long))
    start = NOW.replace(day=25, hour=0)
    everything = {"a.ics": True, "jour.ics": True, "instant.ics": True, "long.ics": True}
    assert own.hits("perso", None, None) == everything
    assert own.hits("perso", start, start + DAY) == {
        "a.ics": True,
        "jour.ics": True,  # midnight in Paris is the evening before
        "long.ics": True,
    }
    eight = NOW.replace(day=25, hour=8)
    assert "a.ics" in own.hits("perso", eight, eight + DAY)
    assert "a.ics" not in own.hits("perso", eight + timedelta(hours=1), eight + DAY)
    assert "a.ics" not in own.hits("perso", eight - DAY, eight)
    instant = NOW.replace(day=27, hour=8)
    assert "instant.ics" in own.hits("perso", instant, instant + DAY)
    assert "instant.ics" not in own.hits("perso", instant - DAY, instant)
    assert own.hits("perso", NOW.replace(year=2027), None) == {}


def test_series_by_their_dates(own: Own) -> None:
    own.put("perso/a.ics", event("a", lines="RRULE:FREQ=WEEKLY\r\n"))
    moved = override(26, on=28, uid="b")
    own.put("perso/b.ics", event("b", lines="RRULE:FREQ=DAILY;COUNT=3\r\n", after=moved))
    wednesday = NOW.replace(day=25, hour=0)
    assert own.hits("perso", wednesday, wednesday + DAY) == {"a.ics": True, "b.ics": True}
    assert own.hits("perso", wednesday + DAY, wednesday + 2 * DAY) == {}
    assert own.hits("perso", wednesday + 3 * DAY, wednesday + 4 * DAY) == {"b.ics": True}
    assert own.hits("perso", wednesday + 7 * DAY, wednesday + 8 * DAY) == {"a.ics": True}
    far = NOW.replace(year=2036)
    assert own.hits("perso", far, far + DAY) == {"a.ics": False}
    own.put("perso/a.ics", event("a"))
    assert own.hits("perso", far, far + DAY) == {}
    assert own.hits("perso", wednesday + 7 * DAY, wednesday + 8 * DAY) == {}


def test_overrides_without_their_series(own: Own) -> None:
    alone = override(26, on=28, uid="a")
    text = event("a")
    inner = text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")]
    own.put("perso/a.ics", text.replace(inner, alone))
    day = NOW.replace(day=28, hour=0)
    assert set(own.hits("perso", day, day + DAY)) == {"a.ics"}
    assert own.hits("perso", day + DAY, day + 2 * DAY) == {}


def test_the_index_only_rules_out_todos_and_journals(own: Own) -> None:
    own.put("perso/sans.ics", component("VTODO", "sans"))
    own.put("perso/jusqu.ics", component("VTODO", "jusqu", "DUE:20261125T080000Z\r\n"))
    own.put("perso/cahier.ics", component("VJOURNAL", "cahier", "DTSTART:20261125T080000Z\r\n"))
    own.put("perso/a.ics", event("a"))
    due = NOW.replace(day=25, hour=8)
    everything = {"sans.ics": False, "jusqu.ics": False}
    assert own.hits("perso", None, None, "VTODO") == everything
    # a todo meets the range that ends when it is due (RFC 4791 §9.9)
    assert own.hits("perso", due - DAY, due, "VTODO") == everything
    assert own.hits("perso", due + DAY, due + 2 * DAY, "VTODO") == {"sans.ics": False}
    assert own.hits("perso", due, due + DAY, "VJOURNAL") == {"cahier.ics": False}
    assert own.hits("perso", due + DAY, None, "VJOURNAL") == {}
    assert own.hits("perso", due, due + DAY, "VFREEBUSY") == {}


def test_reading_many_by_name(own: Own) -> None:
    for number in range(1_100):
        if number % 100 == 0:
            own.put(f"dossier/{number}", str(number))
    wanted = [str(number) for number in range(1_100)]
    with own.reading() as (tx, _):
        found = list(objects.objects(tx, own.at("dossier"), hrefs=wanted))
        outside = list(objects.objects(tx, own.at("dossier"), with_content=False))
        assert list(objects.objects(tx, own.at("dossier"), hrefs=[])) == []
    assert {each.href: each.content for each in found} == {
        str(number): str(number).encode() for number in range(0, 1_100, 100)
    }
    assert {each.content for each in outside} == {b""}
    assert len(outside) == 11
