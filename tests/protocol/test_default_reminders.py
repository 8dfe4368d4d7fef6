"""Reminders by default: by type, in one's own calendar, until one chooses oneself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import reminders
from support.caldav import NOT_DEFINED, Place, comp, expand, multiget, time_range
from support.dav import CS, DavClient
from support.inbox import CLAIRES, IVANS, MINE, edit
from support.objects import event, override
from support.scheduling import CLAIRE, IVAN, answer_at, answered, attendee, lines_of

Login = Callable[[str], DavClient]
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Rappel\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n"
OWN_ALARM = ALARM.replace("PT30M", "PT5M")
OF_IVAN = "/alice/ivan/a.ics"


def _remind(book: AppointmentBook, minutes: int | None, type_code: str = "interne") -> None:
    with book.database.writing() as tx:
        reminders.set_default(tx, type_code, minutes, now=book.clock())


@pytest.fixture
def reminded(book: AppointmentBook, alice: DavClient) -> None:
    """A meeting of Alice's with Ivan and Claire, of a type that is reminded of."""
    _remind(book, 30)
    alice.put(MINE, event("a", lines=attendee(IVAN) + attendee(CLAIRE)), expect=201)


pytestmark = pytest.mark.usefixtures("reminded")


def _triggers(client: DavClient, path: str) -> list[str]:
    return lines_of(client.get(path).text, "TRIGGER")


def _stored(book: AppointmentBook) -> dict[str, dict[str, str]]:
    """Return what accounts keep with the meeting, by login."""
    with book.database.reading() as tx:
        found = {}
        for login in ("admin", "alice", "ivan", "claire"):
            account = tx.accounts.by_login(login)
            person = tx.people.by_slug("ivan")
            assert account is not None
            assert person is not None
            for row in tx.members.objects(account, person.id, hrefs=["a.ics"]):
                if row.overlay_changed:
                    found[login] = dict(row.private)
                assert "VALARM" not in row.text
        return found


# -- where it is seen ---------------------------------------------------------------------


def test_everybody_is_reminded_in_his_own_calendar(
    alice: DavClient, ivan: DavClient, claire: DavClient, login: Login
) -> None:
    for client, path in ((alice, MINE), (ivan, IVANS), (claire, CLAIRES)):
        assert ALARM in client.get(path).text
    for path in (OF_IVAN, "/alice/claire/a.ics"):
        assert _triggers(alice, path) == []
    assert _triggers(login("admin"), "/admin/alice/a.ics") == []


def test_every_way_of_reading_agrees(ivan: DavClient) -> None:
    text = ivan.get(IVANS).text
    place = Place(ivan, "/ivan/ivan/")
    shape = "<C:calendar-data/>"
    (by_multiget,) = place.texts(place.report(multiget(f"/dav{IVANS}", props=shape))).values()
    assert by_multiget.split() == text.split()
    day = time_range("20261125T000000Z", "20261126T000000Z")
    assert place.data("a.ics", shape, comp("VEVENT", day)).split() == text.split()
    assert ALARM.split() == [
        line for line in ivan.get("/ivan/ivan/").text.split() if line in ALARM.split()
    ]


def test_queries_for_alarms_find_it(ivan: DavClient, alice: DavClient) -> None:
    place = Place(ivan, "/ivan/ivan/")
    rings = time_range("20261125T072500Z", "20261125T073500Z")
    late = time_range("20261125T075500Z", "20261125T080500Z")
    assert place.hits(comp("VEVENT", comp("VALARM"))) == {"a.ics"}
    assert place.hits(comp("VEVENT", comp("VALARM", NOT_DEFINED))) == set()
    assert place.hits(comp("VEVENT", comp("VALARM", rings))) == {"a.ics"}
    assert place.hits(comp("VEVENT", comp("VALARM", late))) == set()
    others = Place(alice, "/alice/ivan/")
    assert others.hits(comp("VEVENT", comp("VALARM"))) == set()


def test_each_date_of_a_series_is_reminded_of(alice: DavClient) -> None:
    moved = override(26, on=28, uid="s", lines="SUMMARY:Essai\r\n")
    cancelled = override(27, on=27, uid="s", lines="SUMMARY:Essai\r\nSTATUS:CANCELLED\r\n")
    lines = "RRULE:FREQ=DAILY;COUNT=4\r\n"
    alice.put("/alice/alice/s.ics", event("s", lines=lines, after=moved + cancelled), expect=201)
    assert len(_triggers(alice, "/alice/alice/s.ics")) == 2
    week = expand("20261125T000000Z", "20261202T000000Z")
    span = time_range("20261125T000000Z", "20261202T000000Z")
    data = Place(alice, "/alice/alice/").data("s.ics", week, comp("VEVENT", span))
    assert data.count("BEGIN:VEVENT") == 4
    assert data.count("BEGIN:VALARM") == 3


def test_nobody_is_reminded_of_what_is_cancelled_or_refused(
    alice: DavClient, ivan: DavClient
) -> None:
    answer_at(ivan, IVANS, IVAN, "DECLINED")
    assert _triggers(ivan, IVANS) == []
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    assert _triggers(ivan, IVANS) == ["TRIGGER:-PT30M"]
    edit(alice, MINE, "SUMMARY:", "STATUS:CANCELLED\r\nSUMMARY:")
    assert _triggers(alice, MINE) == []
    edit(alice, MINE, "STATUS:CANCELLED", "STATUS:TENTATIVE")
    assert _triggers(alice, MINE) == ["TRIGGER:-PT30M"]


# -- what programs make of it -------------------------------------------------------------


def test_who_sends_it_back_keeps_nothing(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    for client, path in ((alice, MINE), (ivan, IVANS)):
        read = client.get(path)
        written = client.put(path, read.text, expect=204, if_match=read.etag or "")
        assert written.etag == client.get(path).etag == read.etag
    edit(alice, MINE, "SUMMARY:Essai", "SUMMARY:Autre")
    answer_at(ivan, IVANS, IVAN, "TENTATIVE")
    assert _stored(book) == {}
    assert _triggers(ivan, IVANS) == _triggers(alice, MINE) == ["TRIGGER:-PT30M"]


def test_the_order_of_lines_is_the_programs(book: AppointmentBook, alice: DavClient) -> None:
    begin, action, description, trigger, end, _ = ALARM.split("\r\n")
    other = f"{begin}\r\n{trigger}\r\n{description}\r\n{action}\r\n{end}\r\n"
    edit(alice, MINE, ALARM, other)
    assert _stored(book) == {}
    assert ALARM in alice.get(MINE).text


@pytest.mark.parametrize("login_name", ["alice", "ivan", "claire"])
def test_who_takes_it_away_is_not_reminded(
    book: AppointmentBook, login: Login, login_name: str
) -> None:
    client, path = login(login_name), f"/{login_name}/{login_name}/a.ics"
    others = {"alice", "ivan", "claire"} - {login_name}
    before = {each: login(each).get(f"/{each}/{each}/a.ics").etag for each in others}
    token = client.sync(f"/{login_name}/{login_name}/")[0]
    read = client.get(path)
    client.put(path, read.text.replace(ALARM, ""), expect=204, if_match=read.etag or "")
    after = client.get(path)
    assert "VALARM" not in after.text
    assert after.etag != read.etag
    assert after.headers["schedule-tag"] == read.headers["schedule-tag"]
    assert client.sync(f"/{login_name}/{login_name}/", token)[1] == {f"/dav{path}"}
    assert _stored(book) == {login_name: {}}
    for each in others:
        answer = login(each).get(f"/{each}/{each}/a.ics")
        assert answer.etag == before[each]
        assert ALARM in answer.text
    # a later write says nothing new of alarms
    client.put(path, after.text, expect=204)
    assert _triggers(client, path) == []


def test_who_chooses_another_one_has_that_one(book: AppointmentBook, ivan: DavClient) -> None:
    edit(ivan, IVANS, ALARM, OWN_ALARM)
    assert _triggers(ivan, IVANS) == ["TRIGGER:-PT5M"]
    assert _stored(book) == {"ivan": {"": OWN_ALARM}}
    _remind(book, 45)
    assert _triggers(ivan, IVANS) == ["TRIGGER:-PT5M"]


def test_marks_of_snoozing_make_it_ones_own(book: AppointmentBook, ivan: DavClient) -> None:
    mark = "X-MOZ-LASTACK:20261125T073000Z\r\n"
    edit(ivan, IVANS, ALARM, mark + ALARM)
    assert _stored(book) == {"ivan": {"": mark + ALARM}}
    assert mark in ivan.get(IVANS).text
    done = ALARM.replace("END", "ACKNOWLEDGED:20261125T073000Z\r\nEND")
    edit(ivan, IVANS, ALARM, done)
    assert done in ivan.get(IVANS).text
    _remind(book, None)
    assert done in ivan.get(IVANS).text


def test_a_write_into_anothers_calendar_takes_nothing_away(
    book: AppointmentBook, alice: DavClient
) -> None:
    assert "VALARM" not in alice.get(OF_IVAN).text
    edit(alice, OF_IVAN, "SUMMARY:Essai", "SUMMARY:Autre")
    assert _stored(book) == {}
    assert _triggers(alice, MINE) == ["TRIGGER:-PT30M"]


def test_new_ones_are_reminded_of_unless_they_say_otherwise(alice: DavClient) -> None:
    written = alice.put("/alice/alice/b.ics", event("b"), expect=201)
    # the program has to read that it is reminded
    assert written.etag is None
    assert _triggers(alice, "/alice/alice/b.ics") == ["TRIGGER:-PT30M"]
    alice.put("/alice/alice/c.ics", event("c", lines=OWN_ALARM), expect=201)
    assert _triggers(alice, "/alice/alice/c.ics") == ["TRIGGER:-PT5M"]


def test_another_type_has_another_one(book: AppointmentBook, alice: DavClient) -> None:
    _remind(book, 60, "client")
    edit(alice, MINE, "X-RDV-TYPE:interne", "X-RDV-TYPE:client")
    assert _triggers(alice, MINE) == ["TRIGGER:-PT60M"]
    assert _stored(book) == {}


# -- changing it --------------------------------------------------------------------------


def test_a_change_is_told_to_programs(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    place, ctag = "/ivan/ivan/", f"{CS}getctag"
    before = ivan.get(IVANS)
    tag = ivan.propfind(place, ctag)[f"/dav{place}"].text(ctag)
    token = ivan.sync(place)[0]
    _remind(book, 45)
    after = ivan.get(IVANS)
    assert lines_of(after.text, "TRIGGER") == ["TRIGGER:-PT45M"]
    assert after.etag != before.etag
    assert after.headers["schedule-tag"] != before.headers["schedule-tag"]
    assert ivan.propfind(place, ctag)[f"/dav{place}"].text(ctag) != tag
    assert ivan.sync(place, token)[1] == {f"/dav{IVANS}"}
    # who answers from what he read before is told to read again, and takes nothing away
    stale = answered(before.text, IVAN, "ACCEPTED")
    ivan.put(IVANS, stale, expect=412, if_match=before.etag or "")
    _remind(book, None)
    assert _triggers(ivan, IVANS) == _triggers(alice, MINE) == []


def test_nothing_moves_where_nothing_changes(book: AppointmentBook, ivan: DavClient) -> None:
    before = ivan.get(IVANS).etag
    _remind(book, 30)
    _remind(book, 15, "client")
    assert ivan.get(IVANS).etag == before


@pytest.mark.parametrize(
    ("type_code", "minutes"), [("rien", 5), ("client", -1), ("client", 40_321)]
)
def test_what_cannot_be_set(book: AppointmentBook, type_code: str, minutes: int) -> None:
    with pytest.raises(InvalidInput):
        _remind(book, minutes, type_code)
