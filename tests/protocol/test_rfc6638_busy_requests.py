"""RFC 6638 §5: asking the outbox when people are busy, and what is no such question."""

from __future__ import annotations

from collections.abc import Callable

import icalendar
import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind
from support.caldav import assert_refused, component
from support.dav import CALDAV, DavClient
from support.objects import event
from support.scheduling import (
    AGENCY,
    ALICE,
    BUSY_AT_NINE,
    CLAIRE,
    DAY,
    GUEST,
    IVAN,
    NINE,
    SOPHIE,
    addresses,
    ask,
    busy_message,
    busy_times,
    hire,
    placeholder,
    post,
    responses,
    retire,
)

Login = Callable[[str], DavClient]
BRUNO, CARLA = "bruno@agence.example", "carla@agence.example"
NOBODY = "personne@ailleurs.example"
VALID_MESSAGE = f"{CALDAV}valid-scheduling-message"


@pytest.fixture
def staff(book: AppointmentBook) -> AppointmentBook:
    """Two more of the staff, of another secteur: one at work, one who left."""
    hire(book, "bruno", PersonKind.INTERVENANT)
    hire(book, "carla", PersonKind.GESTIONNAIRE)
    hire(book, "denis", PersonKind.GESTIONNAIRE)
    retire(book, "denis")
    return book


# -- the answer ---------------------------------------------------------------------------


def test_5_one_response_for_each_recipient(alice: DavClient) -> None:
    found = ask(alice, IVAN, CLAIRE, NOBODY)
    assert [each.recipient for each in found] == [f"mailto:{a}" for a in (IVAN, CLAIRE, NOBODY)]
    codes = [each.request_status.partition(";")[0] for each in found]
    assert codes == ["2.0", "2.0", "3.7"]
    assert [each.data is None for each in found] == [False, False, True]


def test_5_the_reply_is_one_of_itip(alice: DavClient) -> None:
    (found,) = ask(alice, IVAN)
    assert found.request_status == "2.0;Success"
    assert found.data is not None
    reply = icalendar.Calendar.from_ical(found.data)
    assert reply["METHOD"] == "REPLY"
    assert reply["VERSION"] == "2.0"
    (busy,) = reply.walk("VFREEBUSY")
    assert busy["UID"] == "question"
    assert str(busy["ORGANIZER"]) == f"mailto:{ALICE}"
    assert str(busy["ATTENDEE"]) == f"mailto:{IVAN}"
    assert "DTSTAMP" in busy
    assert f"DTSTART:{DAY[0]}" in found.data
    assert f"DTEND:{DAY[1]}" in found.data
    assert reply.walk("VEVENT") == []


def test_5_nothing_but_times_is_told(alice: DavClient, ivan: DavClient) -> None:
    lines = f"LOCATION:1 rue Cachée\r\nDESCRIPTION:Secret\r\nATTENDEE:mailto:{CLAIRE}\r\n"
    alice.put("/alice/alice/a.ics", event("uid-a", summary="Surprise", lines=lines), expect=201)
    (found,) = ask(ivan, ALICE)
    assert found.busy == BUSY_AT_NINE
    for word in ("Surprise", "Cach", "Secret", "uid-a", CLAIRE):
        assert word not in (found.data or "")


def test_5_asking_changes_nothing(alice: DavClient) -> None:
    before = alice.sync("/alice/ivan/")[0]
    ask(alice, IVAN)
    assert alice.sync("/alice/ivan/", before) == (before, set(), set())
    assert len(alice.propfind("/alice/outbox/", "{DAV:}getetag", depth=1)) == 1


@pytest.mark.parametrize("written", [f"MAILTO:{IVAN}", "mailto:Ivan@Agence.Example"])
def test_5_addresses_are_compared_without_case(alice: DavClient, written: str) -> None:
    alice.put("/alice/ivan/a.ics", event("a"), expect=201)
    (found,) = ask(alice, written)
    assert found.recipient.lower() == f"mailto:{IVAN}"
    assert found.busy == BUSY_AT_NINE


@pytest.mark.parametrize("address", [ALICE, "alice.perso@mail.example", "/dav/alice/"])
def test_5_each_of_ones_addresses_is_oneself(alice: DavClient, address: str) -> None:
    alice.put("/alice/alice/a.ics", event("a"), expect=201)
    (found,) = ask(alice, address)
    assert found.busy == BUSY_AT_NINE


def test_5_one_person_by_two_addresses_is_answered_twice(alice: DavClient) -> None:
    found = ask(alice, ALICE, "alice.perso@mail.example")
    assert [each.request_status for each in found] == ["2.0;Success", "2.0;Success"]


@pytest.mark.parametrize("slug", ["paul", "jean-dupont"])
def test_5_placeholders_are_answered(book: AppointmentBook, alice: DavClient, slug: str) -> None:
    alice.put(f"/alice/{slug}/a.ics", event("a"), expect=201)
    assert busy_times(alice, placeholder(book, slug)) == BUSY_AT_NINE
    assert busy_times(alice, placeholder(book, "marie-dupont")) == {}


def test_5_a_name_decides_between_two_with_one_address(alice: DavClient) -> None:
    alice.put("/alice/marie-dupont/a.ics", event("a"), expect=201)
    line = "ATTENDEE;CN={name} Dupont:mailto:dupont@famille.example\r\n"
    for name, expected in (("Marie", BUSY_AT_NINE), ("Jean", {})):
        text = busy_message().replace("END:VFREEBUSY", f"{line.format(name=name)}END:VFREEBUSY")
        (found,) = responses(post(alice, text))
        assert found.busy == expected


def test_5_headers_of_older_programs_are_harmless(alice: DavClient) -> None:
    answer = alice.request(
        "POST",
        "/alice/outbox/",
        busy_message(IVAN),
        content_type="text/calendar",
        originator=f"mailto:{ALICE}",
        recipient=f"mailto:{IVAN}",
    )
    assert [each.request_status for each in responses(answer)] == ["2.0;Success"]


def test_5_many_are_asked_at_once(alice: DavClient) -> None:
    asked = [f"p{number}@ailleurs.example" for number in range(80)]
    found = ask(alice, *asked, IVAN)
    assert len(found) == 81
    assert [each.request_status[:3] for each in found] == [*["3.7"] * 80, "2.0"]


# -- whom one may ask ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("admin", (ALICE, IVAN, CLAIRE, SOPHIE, BRUNO, CARLA), (NOBODY, GUEST)),
        ("alice", (ALICE, IVAN, CLAIRE, SOPHIE, BRUNO, CARLA), (NOBODY, GUEST)),
        ("nora", (ALICE, IVAN, CLAIRE, BRUNO, CARLA), (SOPHIE, NOBODY)),
        ("ivan", (IVAN, ALICE, BRUNO, CARLA), (CLAIRE, SOPHIE, NOBODY)),
        ("claire", (CLAIRE,), (ALICE, IVAN, SOPHIE, BRUNO, CARLA, NOBODY)),
    ],
)
def test_5_whom_one_may_ask(
    staff: AppointmentBook,
    login: Login,
    name: str,
    known: tuple[str, ...],
    unknown: tuple[str, ...],
) -> None:
    found = ask(login(name), *known, *unknown)
    codes = {each.recipient[len("mailto:") :]: each.request_status for each in found}
    assert codes == {
        **dict.fromkeys(known, "2.0;Success"),
        **dict.fromkeys(unknown, "3.7;Invalid calendar user"),
    }


def test_5_a_gestionnaire_asks_of_his_clients_by_placeholder(
    book: AppointmentBook, login: Login
) -> None:
    asked = [placeholder(book, slug) for slug in ("paul", "claire", "sophie")]
    codes = [each.request_status[:3] for each in ask(login("nora"), *asked)]
    assert codes == ["2.0", "2.0", "3.7"]
    assert {each.request_status[:3] for each in ask(login("claire"), *asked)} == {"3.7", "2.0"}


@pytest.mark.parametrize("name", ["nora", "ivan"])
def test_5_who_left_is_asked_no_more(staff: AppointmentBook, login: Login, name: str) -> None:
    (found,) = ask(login(name), "denis@agence.example")
    assert found.request_status.startswith("3.7")
    assert found.data is None


def test_5_the_unknown_and_the_forbidden_look_alike(ivan: DavClient) -> None:
    one, other = ask(ivan, SOPHIE, NOBODY)
    assert (one.request_status, one.data) == (other.request_status, other.data)
    raw = post(ivan, busy_message(SOPHIE, NOBODY, organizer=f"ORGANIZER:mailto:{IVAN}\r\n")).text
    assert "Sud" not in raw


def test_5_the_agency_is_nobody(alice: DavClient) -> None:
    (found,) = ask(alice, AGENCY)
    assert found.request_status.startswith("3.7")


# -- §5.2: preconditions of the method ----------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/alice/", "/alice/inbox/", "/alice/claire/", "/alice/claire/a.ics", "/alice/nowhere/"],
)
def test_5_2_only_the_outbox_takes_a_post(alice: DavClient, path: str) -> None:
    alice.put("/alice/claire/a.ics", event("a"), expect=201)
    answer = post(alice, busy_message(IVAN), path=path)
    assert answer.status in (403, 404, 405)
    if answer.status == 405:
        assert "POST" not in answer.headers["allow"]


def test_5_2_only_ones_own_outbox(claire: DavClient) -> None:
    answer = post(claire, busy_message(ALICE), path="/alice/outbox/")
    assert answer.status in (403, 404)
    assert b"FREEBUSY" not in answer.body


def test_5_2_nobody_asks_without_login(alice: DavClient) -> None:
    path, alice.login = "/alice/outbox/", None
    assert post(alice, busy_message(IVAN), path=path).status == 401


@pytest.mark.parametrize("name", ["alice", "ivan", "claire", "nora", "admin"])
def test_5_2_organizer_is_any_of_ones_own(login: Login, name: str) -> None:
    client = login(name)
    for own in addresses(client):
        answer = post(client, busy_message(ALICE, organizer=f"ORGANIZER:{own}\r\n"))
        assert len(responses(answer)) == 1, own


@pytest.mark.parametrize(
    ("name", "organizer"),
    [
        ("alice", IVAN),
        ("alice", NOBODY),
        ("nora", ALICE),
        ("claire", AGENCY),
        ("claire", ALICE),
        ("ivan", ALICE),
    ],
)
def test_5_2_organizer_allowed(login: Login, name: str, organizer: str) -> None:
    text = busy_message(ALICE, organizer=f"ORGANIZER:mailto:{organizer}\r\n")
    assert_refused(post(login(name), text), f"{CALDAV}organizer-allowed")


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "BEGIN:VCALENDAR\r\n", busy_message(IVAN).replace("END:VFREEBUSY\r\n", "")],
)
def test_5_2_valid_calendar_data(alice: DavClient, text: str) -> None:
    assert_refused(post(alice, text), f"{CALDAV}valid-calendar-data", 400, 403)


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml"])
def test_5_2_supported_calendar_data(alice: DavClient, media_type: str) -> None:
    body = busy_message(IVAN)
    answer = alice.request("POST", "/alice/outbox/", body, content_type=media_type)
    assert_refused(answer, f"{CALDAV}supported-calendar-data", 403, 415)


@pytest.mark.parametrize("method", ["", *(f"METHOD:{m}\r\n" for m in ("REPLY", "PUBLISH", "X-Y"))])
def test_5_2_a_question_is_a_request(alice: DavClient, method: str) -> None:
    assert_refused(post(alice, busy_message(IVAN, method=method)), VALID_MESSAGE)


@pytest.mark.parametrize("kind", ["VEVENT", "VTODO", "VJOURNAL"])
def test_5_2_invitations_are_put_into_calendars(alice: DavClient, kind: str) -> None:
    lines = f"{NINE}ORGANIZER:mailto:{ALICE}\r\nATTENDEE:mailto:{IVAN}\r\n"
    text = component(kind, "a", lines).replace(f"BEGIN:{kind}", f"METHOD:REQUEST\r\nBEGIN:{kind}")
    assert_refused(post(alice, text), VALID_MESSAGE)
    assert alice.sync("/alice/ivan/")[1] == set()


@pytest.mark.parametrize(
    "times",
    [
        "",
        f"DTSTART:{DAY[0]}\r\n",
        f"DTEND:{DAY[1]}\r\n",
        f"DTSTART:{DAY[1]}\r\nDTEND:{DAY[0]}\r\n",
        f"DTSTART:{DAY[0]}\r\nDTEND:{DAY[0]}\r\n",
        "DTSTART:20261125T000000\r\nDTEND:20261126T000000\r\n",
        "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n",
    ],
)
def test_5_2_a_question_has_a_range_in_utc(alice: DavClient, times: str) -> None:
    assert_refused(post(alice, busy_message(IVAN, times=times)), VALID_MESSAGE)


def test_5_2_a_question_has_somebody_who_asks(alice: DavClient) -> None:
    answer = post(alice, busy_message(IVAN, organizer=""))
    assert answer.status == 403
    assert answer.precondition in ("valid-scheduling-message", "organizer-allowed")


def test_5_2_a_question_asks_somebody(alice: DavClient) -> None:
    assert_refused(post(alice, busy_message()), VALID_MESSAGE)


def test_5_2_one_question_at_a_time(alice: DavClient) -> None:
    one = busy_message(IVAN)
    inner = one[one.index("BEGIN:VFREEBUSY") : one.index("END:VCALENDAR")]
    assert_refused(
        post(alice, one.replace("END:VCALENDAR", f"{inner}END:VCALENDAR")), VALID_MESSAGE
    )


def test_5_2_a_hundred_years_are_bounded(alice: DavClient) -> None:
    lines = "RRULE:FREQ=DAILY\r\n"
    alice.put("/alice/ivan/a.ics", event("a", lines=lines), expect=201)
    times = "DTSTART:20000101T000000Z\r\nDTEND:21000101T000000Z\r\n"
    answer = post(alice, busy_message(IVAN, times=times))
    assert answer.status in (200, 403, 507)
    assert len(answer.body) < 2_000_000
