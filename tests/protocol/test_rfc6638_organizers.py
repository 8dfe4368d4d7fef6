"""RFC 6638 §3.2.1, §7: what who may edit plans, and who is told by whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    attendee,
    lines_of,
    organizer,
    presence,
    queued,
)

Login = Callable[[str], DavClient]
MINE, IVANS = "/alice/alice/a.ics", "/ivan/ivan/a.ics"
REQUEST, CANCEL = ("REQUEST", GUEST), ("CANCEL", GUEST)
UNTOLD = ("CLIENT", "NONE", "client", "X-AUTRE")


def _plan(client: DavClient, lines: str, path: str = MINE) -> None:
    client.put(path, event("a", lines=lines), expect=201)


def _edit(client: DavClient, path: str, old: str, new: str) -> None:
    text = client.get(path).text.replace("\r\n ", "")
    assert old in text, text
    client.put(path, text.replace(old, new), expect=204)


def _guest(text: str) -> str:
    (line,) = [each for each in lines_of(text, "ATTENDEE") if each.endswith(f":mailto:{GUEST}")]
    return line


def _without_guest(text: str) -> str:
    lines = text.replace("\r\n ", "").split("\r\n")
    return "\r\n".join(line for line in lines if not line.endswith(f":mailto:{GUEST}"))


# -- §3.2.1: creating, changing, deleting -------------------------------------------------


def test_3_2_1_1_who_is_invited_sees_it_at_the_next_sync(alice: DavClient, ivan: DavClient) -> None:
    token = ivan.sync("/ivan/ivan/")[0]
    _plan(alice, organizer(ALICE) + attendee(ALICE, PARTSTAT="ACCEPTED") + attendee(IVAN))
    assert ivan.sync("/ivan/ivan/", token)[1] == {f"/dav{IVANS}"}
    text = ivan.get(IVANS).text
    assert presence(text, IVAN) == "NEEDS-ACTION"
    assert presence(text, ALICE) == "ACCEPTED"
    assert "METHOD" not in text


def test_3_2_1_2_whoever_joins_or_leaves(alice: DavClient, ivan: DavClient) -> None:
    _plan(alice, attendee(CLAIRE))
    ivan.get(IVANS, expect=404)
    _edit(alice, MINE, "END:VEVENT", f"{attendee(IVAN)}END:VEVENT")
    token = ivan.sync("/ivan/ivan/")[0]
    text = alice.get(MINE).text.replace("\r\n ", "")
    kept = [line for line in text.split("\r\n") if not line.endswith(f":mailto:{IVAN}")]
    alice.put(MINE, "\r\n".join(kept), expect=204)
    assert ivan.sync("/ivan/ivan/", token)[1:] == (set(), {f"/dav{IVANS}"})


def test_3_2_1_3_deleting_takes_it_from_all(alice: DavClient, ivan: DavClient) -> None:
    _plan(alice, attendee(IVAN))
    token = ivan.sync("/ivan/ivan/")[0]
    alice.delete(MINE)
    assert ivan.sync("/ivan/ivan/", token)[1:] == (set(), {f"/dav{IVANS}"})


def test_3_2_1_persons_of_the_agency_are_not_mailed(
    book: AppointmentBook, alice: DavClient
) -> None:
    _plan(alice, attendee(IVAN) + attendee(CLAIRE))
    _edit(alice, MINE, "T090000", "T083000")
    alice.delete(MINE)
    assert queued(book) == []


# -- §7.1: SCHEDULE-AGENT -----------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"SCHEDULE_AGENT": "SERVER"}], ids=["none", "SERVER"])
def test_7_1_the_server_tells_guests(
    book: AppointmentBook, alice: DavClient, params: dict[str, str]
) -> None:
    _plan(alice, attendee(GUEST, **params))
    assert queued(book) == [REQUEST]
    _edit(alice, MINE, "T090000", "T083000")
    assert queued(book) == [REQUEST] * 2
    alice.delete(MINE)
    assert queued(book) == [REQUEST, REQUEST, CANCEL]


@pytest.mark.parametrize("agent", UNTOLD)
def test_7_1_who_is_told_by_the_program_is_not_told_by_the_server(
    book: AppointmentBook, alice: DavClient, agent: str
) -> None:
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT=agent))
    _edit(alice, MINE, "T090000", "T083000")
    _edit(alice, MINE, "SUMMARY:Essai", "SUMMARY:Autre")
    _edit(alice, MINE, "END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    assert queued(book) == []


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_7_1_nor_when_he_is_left_out_or_all_is_deleted(
    book: AppointmentBook, alice: DavClient, agent: str
) -> None:
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT=agent))
    alice.put(MINE, _without_guest(alice.get(MINE).text), expect=204)
    assert queued(book) == []
    _edit(alice, MINE, "END:VEVENT", f"{attendee(GUEST, SCHEDULE_AGENT=agent)}END:VEVENT")
    alice.delete(MINE)
    assert queued(book) == []


def test_7_1_each_guest_for_himself(book: AppointmentBook, alice: DavClient) -> None:
    other = "notaire@etude.example"
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT="CLIENT") + attendee(other))
    assert queued(book) == [("REQUEST", other)]
    _edit(alice, MINE, "T090000", "T083000")
    assert queued(book) == [("REQUEST", other)] * 2


def test_3_2_1_2_from_the_program_to_the_server(book: AppointmentBook, alice: DavClient) -> None:
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT="CLIENT"))
    _edit(alice, MINE, ";SCHEDULE-AGENT=CLIENT", "")
    assert queued(book) == [REQUEST]


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_3_2_1_2_from_the_server_to_the_program(
    book: AppointmentBook, alice: DavClient, agent: str
) -> None:
    _plan(alice, attendee(GUEST))
    text = alice.get(MINE).text
    line = _guest(text)
    moved = line.replace(":mailto:", f";SCHEDULE-AGENT={agent}:mailto:")
    alice.put(MINE, text.replace("\r\n ", "").replace(line, moved), expect=204)
    assert queued(book) == [REQUEST, CANCEL]
    _edit(alice, MINE, "T090000", "T083000")
    assert queued(book) == [REQUEST, CANCEL]


def test_7_1_of_one_date_too(book: AppointmentBook, alice: DavClient) -> None:
    alice.put(MINE, event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n"), expect=201)
    lines = f"SUMMARY:Essai\r\n{attendee(ALICE)}{attendee(GUEST, SCHEDULE_AGENT='CLIENT')}"
    _edit(alice, MINE, "END:VCALENDAR", f"{override(26, on=26, lines=lines)}END:VCALENDAR")
    assert GUEST in alice.get(MINE).text
    assert queued(book) == []


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_7_1_it_is_kept_for_who_wrote_it(alice: DavClient, agent: str) -> None:
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT=agent))
    assert f"SCHEDULE-AGENT={agent}" in _guest(alice.get(MINE).text)
    _edit(alice, MINE, "SUMMARY:Essai", "SUMMARY:Autre")
    assert f"SCHEDULE-AGENT={agent}" in _guest(alice.get(MINE).text)


def test_7_1_persons_take_part_whoever_tells_them(alice: DavClient, ivan: DavClient) -> None:
    _plan(alice, attendee(IVAN, SCHEDULE_AGENT="CLIENT"))
    assert presence(ivan.get(IVANS).text, IVAN) == "NEEDS-ACTION"


@pytest.mark.parametrize("person", [IVAN, "dupont@famille.example"], ids=["own", "shared"])
def test_7_1_nor_are_persons_told_whom_the_program_tells(
    book: AppointmentBook, alice: DavClient, person: str
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("invite_persons", True)
    name = {"CN": '"Jean Dupont"'} if person != IVAN else {}
    _plan(alice, attendee(person, SCHEDULE_AGENT="CLIENT", **name) + attendee(GUEST))
    assert queued(book) == [REQUEST]
    # RFC 6638 §3.2.1.2: what the program leaves to the server, the server tells
    _edit(alice, MINE, ";SCHEDULE-AGENT=CLIENT", "")
    assert queued(book) == [REQUEST, ("REQUEST", person)]


def test_7_1_an_attendee_changes_nobodys_agent(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    _plan(alice, attendee(IVAN) + attendee(GUEST))
    text = ivan.get(IVANS).text.replace("\r\n ", "")
    own = text.replace(f":mailto:{GUEST}", f";SCHEDULE-AGENT=NONE:mailto:{GUEST}")
    ivan.put(IVANS, own, expect=204)
    _edit(alice, MINE, "T090000", "T083000")
    assert queued(book) == [REQUEST] * 2


# -- §7.2: SCHEDULE-FORCE-SEND ------------------------------------------------------------


def test_7_2_it_is_nowhere_to_be_read(alice: DavClient, ivan: DavClient) -> None:
    forced = attendee(GUEST, SCHEDULE_FORCE_SEND="REQUEST")
    _plan(alice, attendee(IVAN, SCHEDULE_FORCE_SEND="REQUEST") + forced)
    assert "FORCE-SEND" not in alice.get(MINE).text.replace("\r\n ", "")
    _edit(alice, MINE, f":mailto:{GUEST}", f";SCHEDULE-FORCE-SEND=REQUEST:mailto:{GUEST}")
    for client, path in ((alice, MINE), (ivan, IVANS)):
        assert "FORCE-SEND" not in client.get(path).text.replace("\r\n ", "")


def test_7_2_a_guest_is_told_again(book: AppointmentBook, alice: DavClient) -> None:
    _plan(alice, attendee(GUEST))
    _edit(alice, MINE, f":mailto:{GUEST}", f";SCHEDULE-FORCE-SEND=REQUEST:mailto:{GUEST}")
    assert queued(book) == [REQUEST] * 2


def test_7_2_a_change_is_told_once(book: AppointmentBook, alice: DavClient) -> None:
    _plan(alice, attendee(GUEST))
    text = alice.get(MINE).text.replace("\r\n ", "").replace("T090000", "T083000")
    forced = f";SCHEDULE-FORCE-SEND=REQUEST:mailto:{GUEST}"
    alice.put(MINE, text.replace(f":mailto:{GUEST}", forced), expect=204)
    assert queued(book) == [REQUEST] * 2


FORCED = f";SCHEDULE-FORCE-SEND=REQUEST:mailto:{GUEST}"


def test_7_2_a_cancellation_is_told_as_one(book: AppointmentBook, alice: DavClient) -> None:
    _plan(alice, attendee(GUEST))
    text = alice.get(MINE).text.replace("\r\n ", "").replace(f":mailto:{GUEST}", FORCED)
    cancelled = text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    alice.put(MINE, cancelled, expect=204)
    assert queued(book) == [REQUEST, CANCEL]
    # nobody is invited to what does not take place
    _edit(alice, MINE, f":mailto:{GUEST}", FORCED)
    assert REQUEST not in queued(book)[1:]


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_7_2_it_forces_nothing_that_is_left_to_the_program(
    book: AppointmentBook, alice: DavClient, agent: str
) -> None:
    _plan(alice, attendee(GUEST, SCHEDULE_AGENT=agent))
    _edit(alice, MINE, f":mailto:{GUEST}", FORCED)
    assert queued(book) == []


def test_7_2_nor_where_guests_are_not_written_to(book: AppointmentBook, alice: DavClient) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("invite_external_guests", value=False)
    _plan(alice, attendee(GUEST))
    _edit(alice, MINE, f":mailto:{GUEST}", FORCED)
    assert queued(book) == []


def test_7_2_who_may_only_answer_forces_nothing(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    _plan(alice, attendee(IVAN) + attendee(GUEST))
    _edit(ivan, IVANS, f":mailto:{GUEST}", FORCED)
    assert queued(book) == [REQUEST]


def test_7_2_an_attendees_reply_is_not_mailed(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    _plan(alice, attendee(IVAN))
    _edit(ivan, IVANS, "ORGANIZER;", "ORGANIZER;SCHEDULE-FORCE-SEND=REPLY;")
    assert "FORCE-SEND" not in ivan.get(IVANS).text.replace("\r\n ", "")
    assert queued(book) == []


# -- §7.3: SCHEDULE-STATUS ----------------------------------------------------------------


def test_7_3_what_a_program_says_of_delivery_is_dropped(alice: DavClient, ivan: DavClient) -> None:
    lines = organizer(ALICE, SCHEDULE_STATUS="5.1") + attendee(IVAN, SCHEDULE_STATUS="5.1")
    _plan(alice, lines + attendee(GUEST, SCHEDULE_STATUS='"3.7,5.2"'))
    for client, path in ((alice, MINE), (ivan, IVANS)):
        text = client.get(path).text.replace("\r\n ", "")
        for told in ("5.1", "3.7", "5.2"):
            assert f"SCHEDULE-STATUS={told}" not in text
            assert f'SCHEDULE-STATUS="{told}' not in text
    _edit(ivan, IVANS, f":mailto:{IVAN}", f";SCHEDULE-STATUS=5.1:mailto:{IVAN}")
    assert "STATUS=5.1" not in alice.get(MINE).text.replace("\r\n ", "")


def test_7_no_parameter_of_scheduling_reaches_who_was_invited(
    alice: DavClient, claire: DavClient
) -> None:
    lines = attendee(CLAIRE, SCHEDULE_STATUS="1.2", SCHEDULE_FORCE_SEND="REQUEST")
    _plan(alice, organizer(ALICE, SCHEDULE_AGENT="CLIENT") + lines)
    text = claire.get("/claire/claire/a.ics").text.replace("\r\n ", "")
    assert "SCHEDULE-" not in text
    assert ALICE not in "".join(lines_of(text, "ORGANIZER"))
