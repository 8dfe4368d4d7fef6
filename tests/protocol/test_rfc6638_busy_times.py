"""RFC 6638 §5, §9.1 and RFC 4791 §7.10: what keeps a person busy, whoever asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.caldav import Place, busy_query, component, proppatch_body, set_props
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import (
    ALICE,
    BUSY_AT_NINE,
    CLAIRE,
    DAY,
    IVAN,
    NINE,
    answer_at,
    attendee,
    busy_message,
    busy_times,
    periods,
    post,
    responses,
)

Login = Callable[[str], DavClient]
Ask = Callable[[DavClient, str], dict[str, list[str]]]
TENTATIVE_AT_NINE = {"BUSY-TENTATIVE": BUSY_AT_NINE["BUSY"]}
TRANSPARENT = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"


def _by_outbox(client: DavClient, slug: str) -> dict[str, list[str]]:
    return busy_times(client, {"ivan": IVAN, "alice": ALICE, "claire": CLAIRE}[slug])


def _by_report(client: DavClient, slug: str) -> dict[str, list[str]]:
    place = Place(client, f"/{client.login}/{slug}/")
    return periods(place.report(busy_query(*DAY), expect=200).text)


@pytest.fixture(params=[_by_outbox, _by_report], ids=["outbox", "report"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """When is a person busy: by a question to the outbox, by a report on his calendar."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def visit(alice: DavClient) -> str:
    """Claire's appointment at nine in Paris, in which Alice and Ivan take part."""
    lines = attendee(IVAN) + attendee(ALICE)
    alice.put("/alice/claire/a.ics", event("a", lines=lines), expect=201)
    return "a.ics"


# -- one's own answer counts --------------------------------------------------------------


def test_5_an_open_answer_keeps_busy(visit: str, alice: DavClient, ask: Ask) -> None:
    assert ask(alice, "ivan") == BUSY_AT_NINE
    assert ask(alice, "claire") == BUSY_AT_NINE


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("ACCEPTED", BUSY_AT_NINE), ("TENTATIVE", TENTATIVE_AT_NINE), ("DECLINED", {})],
)
def test_5_as_the_person_answered(
    visit: str,
    alice: DavClient,
    ivan: DavClient,
    ask: Ask,
    answer: str,
    expected: dict[str, list[str]],
) -> None:
    answer_at(ivan, f"/ivan/ivan/{visit}", IVAN, answer)
    assert ask(alice, "ivan") == expected
    assert ask(ivan, "ivan") == expected
    # nobody else is less busy by it
    assert ask(alice, "claire") == BUSY_AT_NINE
    assert ask(alice, "alice") == BUSY_AT_NINE


@pytest.mark.parametrize("answer", ["DECLINED", "TENTATIVE"])
def test_7_10_the_viewers_answer_is_not_the_persons(
    visit: str, alice: DavClient, ask: Ask, answer: str
) -> None:
    answer_at(alice, f"/alice/alice/{visit}", ALICE, answer)
    assert ask(alice, "claire") == BUSY_AT_NINE
    assert ask(alice, "ivan") == BUSY_AT_NINE
    assert ask(alice, "alice") == ({} if answer == "DECLINED" else TENTATIVE_AT_NINE)


def test_5_whoever_asks_is_told_the_same(visit: str, login: Login, ivan: DavClient) -> None:
    answer_at(ivan, f"/ivan/ivan/{visit}", IVAN, "TENTATIVE")
    for name in ("admin", "alice", "nora", "ivan"):
        assert busy_times(login(name), IVAN) == TENTATIVE_AT_NINE, name


def test_5_who_deleted_it_is_free(visit: str, alice: DavClient, ivan: DavClient, ask: Ask) -> None:
    ivan.delete(f"/ivan/ivan/{visit}")
    assert ask(alice, "ivan") == {}


# -- what is on ---------------------------------------------------------------------------


def test_5_what_is_cancelled_or_deleted_keeps_nobody_busy(
    visit: str, alice: DavClient, ask: Ask
) -> None:
    text = alice.get(f"/alice/claire/{visit}").text
    cancelled = text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    alice.put(f"/alice/claire/{visit}", cancelled, expect=204)
    assert ask(alice, "ivan") == {}
    alice.put("/alice/claire/b.ics", event("b", lines=attendee(IVAN)), expect=201)
    assert ask(alice, "ivan") == BUSY_AT_NINE
    alice.delete("/alice/claire/b.ics")
    assert ask(alice, "ivan") == {}


def test_5_what_takes_no_time_keeps_nobody_busy(alice: DavClient, ask: Ask) -> None:
    alice.put("/alice/ivan/a.ics", event("a", lines="TRANSP:TRANSPARENT\r\n"), expect=201)
    assert ask(alice, "ivan") == {}


def test_5_a_moved_appointment_is_busy_where_it_is(visit: str, alice: DavClient, ask: Ask) -> None:
    text = alice.get(f"/alice/claire/{visit}").text
    later = text.replace("T090000", "T140000").replace("T100000", "T153000")
    alice.put(f"/alice/claire/{visit}", later, expect=204)
    assert ask(alice, "ivan") == {"BUSY": ["1300-1430"]}


def test_5_what_is_longer_is_cut_to_the_range(alice: DavClient, ask: Ask) -> None:
    times = "DTSTART:20261124T200000Z\r\nDTEND:20261125T060000Z\r\n"
    alice.put("/alice/ivan/a.ics", event("a", times=times), expect=201)
    (found,) = ask(alice, "ivan")["BUSY"]
    assert found.endswith("-0600")


def test_5_what_overlaps_is_told_as_one(alice: DavClient, ask: Ask) -> None:
    for name, start, end in (("a", "08", "10"), ("b", "09", "11")):
        times = f"DTSTART:20261125T{start}0000Z\r\nDTEND:20261125T{end}0000Z\r\n"
        alice.put(f"/alice/ivan/{name}.ics", event(name, times=times), expect=201)
    assert ask(alice, "ivan") == {"BUSY": ["0800-1100"]}


# -- series -------------------------------------------------------------------------------


@pytest.fixture
def series(alice: DavClient) -> str:
    """Claire's daily appointment at nine in Paris, in which Ivan takes part."""
    times = (
        "DTSTART;TZID=Europe/Paris:20261123T090000\r\n"
        "DTEND;TZID=Europe/Paris:20261123T100000\r\nRRULE:FREQ=DAILY;COUNT=10\r\n"
    )
    alice.put("/alice/claire/s.ics", event(times=times, lines=attendee(IVAN)), expect=201)
    return "s.ics"


def _with_date(client: DavClient, path: str, date: str) -> None:
    text = client.get(path).text
    client.put(path, text.replace("END:VCALENDAR", f"{date}END:VCALENDAR"), expect=204)


def test_5_each_date_of_a_series(series: str, alice: DavClient, ask: Ask) -> None:
    assert ask(alice, "ivan") == BUSY_AT_NINE


@pytest.mark.parametrize(
    ("answer", "expected"), [("DECLINED", {}), ("TENTATIVE", TENTATIVE_AT_NINE)]
)
def test_5_one_date_answered_otherwise(
    series: str,
    alice: DavClient,
    ivan: DavClient,
    ask: Ask,
    answer: str,
    expected: dict[str, list[str]],
) -> None:
    answer_at(ivan, f"/ivan/ivan/{series}", IVAN, "ACCEPTED")
    date = override(25, on=25, lines=f"SUMMARY:Essai\r\n{attendee(IVAN, PARTSTAT=answer)}")
    _with_date(ivan, f"/ivan/ivan/{series}", date)
    assert ask(alice, "ivan") == expected
    assert ask(alice, "claire") == BUSY_AT_NINE


def test_5_only_one_date_accepted(series: str, alice: DavClient, ivan: DavClient, ask: Ask) -> None:
    answer_at(ivan, f"/ivan/ivan/{series}", IVAN, "DECLINED")
    assert ask(alice, "ivan") == {}
    date = override(25, on=25, lines=f"SUMMARY:Essai\r\n{attendee(IVAN, PARTSTAT='ACCEPTED')}")
    _with_date(ivan, f"/ivan/ivan/{series}", date)
    assert ask(alice, "ivan") == BUSY_AT_NINE


@pytest.mark.parametrize("line", ["STATUS:CANCELLED\r\n", "TRANSP:TRANSPARENT\r\n"])
def test_5_a_date_that_is_off(series: str, alice: DavClient, ask: Ask, line: str) -> None:
    date = override(25, on=25, lines=f"SUMMARY:Essai\r\n{line}{attendee(IVAN)}")
    _with_date(alice, f"/alice/claire/{series}", date)
    assert ask(alice, "ivan") == {}


def test_5_a_date_that_was_moved_here(series: str, alice: DavClient, ask: Ask) -> None:
    date = override(26, on=25, lines="SUMMARY:Essai\r\n").replace("25T09", "25T14")
    _with_date(alice, f"/alice/claire/{series}", date.replace("25T10", "25T15"))
    assert ask(alice, "ivan") == {"BUSY": ["0800-0900", "1300-1400"]}


# -- §9.1: calendars of the person's own --------------------------------------------------


@pytest.fixture
def alices(perso: Place) -> Place:
    """A calendar of Alice's own with a dentist at nine in Paris."""
    perso.put("d.ics", component("VEVENT", "d", f"{NINE}SUMMARY:Dentiste\r\n"))
    return perso


@pytest.mark.parametrize("name", ["alice", "ivan", "nora", "admin"])
def test_9_1_calendars_of_ones_own_count(alices: Place, login: Login, name: str) -> None:
    client = login(name)
    assert busy_times(client, ALICE) == BUSY_AT_NINE
    own = client.propfind(f"/{name}/", "{urn:ietf:params:xml:ns:caldav}calendar-user-address-set")
    organizer = f"ORGANIZER:{next(own[f'/dav/{name}/'].props.popitem()[1].itertext())}\r\n"
    (found,) = responses(post(client, busy_message(ALICE, organizer=organizer)))
    assert "Dentiste" not in (found.data or "")


def test_9_1_they_count_for_nobody_else(alices: Place, alice: DavClient) -> None:
    assert busy_times(alice, IVAN) == {}
    assert _by_report(alice, "alice") == {}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("TRANSP:TRANSPARENT\r\n", {}),
        ("STATUS:CANCELLED\r\n", {}),
        ("STATUS:TENTATIVE\r\n", TENTATIVE_AT_NINE),
        ("RRULE:FREQ=DAILY;COUNT=3\r\n", BUSY_AT_NINE),
        ("CLASS:PRIVATE\r\n", BUSY_AT_NINE),
    ],
)
def test_9_1_as_their_events_say(
    perso: Place, ivan: DavClient, line: str, expected: dict[str, list[str]]
) -> None:
    perso.put("d.ics", component("VEVENT", "d", f"{NINE}{line}"))
    assert busy_times(ivan, ALICE) == expected


def test_9_1_todos_do_not_count(perso: Place, ivan: DavClient) -> None:
    perso.put("t.ics", component("VTODO", "t", "DTSTART:20261125T080000Z\r\nDURATION:PT1H\r\n"))
    assert busy_times(ivan, ALICE) == {}


def test_9_1_a_transparent_calendar_does_not_count(
    alices: Place, alice: DavClient, ivan: DavClient
) -> None:
    body = proppatch_body(set_props(TRANSPARENT))
    alice.request("PROPPATCH", alices.path, body, expect=207)
    assert busy_times(ivan, ALICE) == {}
    opaque = body.replace("transparent", "opaque")
    alice.request("PROPPATCH", alices.path, opaque, expect=207)
    assert busy_times(ivan, ALICE) == BUSY_AT_NINE


def test_9_1_another_account_makes_nobody_free(visit: str, login: Login, ivan: DavClient) -> None:
    nora = login("nora")
    body = proppatch_body(set_props(TRANSPARENT))
    nora.request("PROPPATCH", "/nora/ivan/", body, expect=207)
    assert busy_times(ivan, IVAN) == BUSY_AT_NINE
    assert busy_times(nora, IVAN) == BUSY_AT_NINE


def test_9_1_appointments_and_own_calendars_are_one_answer(
    alices: Place, alice: DavClient, ivan: DavClient
) -> None:
    times = "DTSTART:20261125T083000Z\r\nDTEND:20261125T100000Z\r\n"
    alice.put("/alice/alice/a.ics", event("a", times=times), expect=201)
    assert busy_times(ivan, ALICE) == {"BUSY": ["0800-1000"]}


def test_9_1_with_the_module_off_appointments_are_gone(
    book: AppointmentBook, alices: Place, alice: DavClient
) -> None:
    times = "DTSTART:20261125T130000Z\r\nDTEND:20261125T140000Z\r\n"
    alice.put("/alice/alice/a.ics", event("a", times=times), expect=201)
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", value=False)
    assert busy_times(alice, ALICE) == BUSY_AT_NINE
