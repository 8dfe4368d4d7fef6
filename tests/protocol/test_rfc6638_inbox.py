"""RFC 6638 §4: who is told what by messages in inboxes that are filled (RFC 5546)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy.event import listen

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import Role
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_import import import_calendar
from support.caldav import Place
from support.dav import DavClient
from support.inbox import (
    CLAIRES,
    INBOX,
    IVANS,
    MINE,
    WEEKLY,
    edit,
    empty,
    meet,
    methods,
    only,
    place,
    postpone,
    switch,
    texts,
)
from support.objects import TIMES, event, override
from support.scheduling import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    answer_at,
    attendee,
    lines_of,
    presence,
)

Login = Callable[[str], DavClient]
pytestmark = pytest.mark.usefixtures("listening")


# -- what is told to whom -----------------------------------------------------------------


def test_an_invitation_is_a_request(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    text = only(ivan)
    assert lines_of(text, "METHOD") == ["METHOD:REQUEST"]
    assert lines_of(text, "UID") == ["UID:a"]
    assert presence(text, IVAN) == "NEEDS-ACTION"
    assert "mailto:rdv@agence.example" in lines_of(text, "ORGANIZER")[0]
    assert {address for address in (ALICE, IVAN, CLAIRE) if f"mailto:{address}" in text} == {
        ALICE,
        IVAN,
        CLAIRE,
    }


def test_who_acts_is_told_nothing(alice: DavClient) -> None:
    meet(alice)
    assert texts(alice) == []


def test_nobody_else_is_told(alice: DavClient, claire: DavClient, ivan: DavClient) -> None:
    alice.put("/alice/ivan/a.ics", event("a"), expect=201)
    assert methods(ivan) == ["METHOD:REQUEST"]
    assert texts(claire) == []


def test_notes_are_masked_and_alarms_are_left_out(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
    invited = attendee(IVAN) + attendee(CLAIRE, SCHEDULE_AGENT="CLIENT")
    lines = f"DESCRIPTION:Interne\r\n{invited}X-MOZ-LASTACK:20261124T080000Z\r\n{alarm}"
    alice.put(MINE, event("a", lines=lines), expect=201)
    assert "DESCRIPTION:Interne" in only(ivan)
    assert "Interne" not in only(claire)
    for text in (only(ivan), only(claire)):
        assert not re.search("VALARM|LASTACK|SCHEDULE-", text)


def test_an_update_replaces_what_is_unread(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    (before,) = place(ivan).listed()
    postpone(alice, MINE)
    (after,) = place(ivan).listed()
    assert after != before
    ivan.get(INBOX + before, expect=404)
    text = only(ivan)
    assert lines_of(text, "METHOD") == ["METHOD:REQUEST"]
    assert "T140000" in text


@pytest.mark.parametrize("old", ["SUMMARY:Essai", "LOCATION:Ici"])
def test_what_is_an_update(alice: DavClient, ivan: DavClient, old: str) -> None:
    meet(alice, lines="LOCATION:Ici\r\n")
    empty(ivan)
    edit(alice, MINE, old, f"{old} et ailleurs")
    assert methods(ivan) == ["METHOD:REQUEST"]


@pytest.mark.parametrize("lines", ["DESCRIPTION:Note\r\n", "TRANSP:TRANSPARENT\r\n"])
def test_what_is_none(alice: DavClient, ivan: DavClient, lines: str) -> None:
    meet(alice)
    empty(ivan)
    edit(alice, MINE, "SUMMARY:", f"{lines}SUMMARY:")
    assert texts(ivan) == []


def test_a_deletion_is_a_cancellation(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    alice.delete(MINE)
    text = only(ivan)
    assert lines_of(text, "METHOD") == ["METHOD:CANCEL"]
    assert lines_of(text, "STATUS") == ["STATUS:CANCELLED"]
    assert lines_of(text, "SEQUENCE") == ["SEQUENCE:1"]


def test_to_cancel_and_to_plan_again(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    edit(alice, MINE, "SUMMARY:", "STATUS:CANCELLED\r\nSUMMARY:")
    assert methods(ivan) == ["METHOD:CANCEL"]
    edit(alice, MINE, "STATUS:CANCELLED", "STATUS:TENTATIVE")
    assert methods(ivan) == ["METHOD:REQUEST"]


def test_who_is_taken_out_is_told(alice: DavClient, ivan: DavClient, claire: DavClient) -> None:
    meet(alice)
    empty(ivan, claire)
    text = alice.get(MINE).text
    (line,) = [each for each in lines_of(text, "ATTENDEE") if IVAN in each]
    unfolded = text.replace("\r\n ", "")
    alice.put(MINE, unfolded.replace(f"{line}\r\n", ""), expect=204)
    told = only(ivan)
    assert lines_of(told, "METHOD") == ["METHOD:CANCEL"]
    assert presence(told, IVAN) == "NEEDS-ACTION"
    ivan.get(IVANS, expect=404)
    assert texts(claire) == []


def test_an_answer_is_a_reply_to_who_may_edit(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    meet(alice)
    empty(ivan, claire)
    answer_at(claire, CLAIRES, CLAIRE, "ACCEPTED")
    text = only(alice)
    assert lines_of(text, "METHOD") == ["METHOD:REPLY"]
    assert presence(text, CLAIRE) == "ACCEPTED"
    assert len(lines_of(text, "ATTENDEE")) == 1
    assert f"mailto:{ALICE}" in lines_of(text, "ORGANIZER")[0]
    # Ivan takes part, but may not edit what is Alice's
    assert texts(ivan) == []


def test_the_latest_answer_is_told(alice: DavClient, ivan: DavClient, claire: DavClient) -> None:
    meet(alice)
    answer_at(claire, CLAIRES, CLAIRE, "ACCEPTED")
    answer_at(ivan, IVANS, IVAN, "DECLINED")
    text = only(alice)
    assert presence(text, IVAN) == "DECLINED"
    assert CLAIRE not in text


def test_an_answer_takes_no_invitation_away(
    alice: DavClient, login: Login, claire: DavClient
) -> None:
    admin = login("admin")
    admin.put("/admin/admin/a.ics", event("a", lines=attendee(ALICE) + attendee(CLAIRE)))
    answer_at(claire, CLAIRES, CLAIRE, "ACCEPTED")
    assert methods(alice) == ["METHOD:REQUEST"]
    empty(alice)
    answer_at(claire, CLAIRES, CLAIRE, "TENTATIVE")
    assert methods(alice) == ["METHOD:REPLY"]


def test_a_deletion_by_an_attendee_is_his_refusal(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    ivan.delete(IVANS)
    assert presence(only(alice), IVAN) == "DECLINED"


def test_who_refused_hears_no_more(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    ivan.delete(IVANS)
    empty(ivan)
    edit(alice, MINE, "SUMMARY:Essai", "SUMMARY:Autre")
    assert texts(ivan) == []
    # a new time asks everybody anew
    postpone(alice, MINE)
    assert methods(ivan) == ["METHOD:REQUEST"]


def test_an_answer_of_a_guest(alice: DavClient, ivan: DavClient, login: Login) -> None:
    meet(alice, IVAN, GUEST)
    admin = login("admin")
    answer_at(admin, "/admin/alice/a.ics", GUEST, "ACCEPTED")
    text = only(alice)
    assert lines_of(text, "METHOD") == ["METHOD:REPLY"]
    assert presence(text, GUEST) == "ACCEPTED"


def test_what_is_over_and_what_is_imported_tells_nothing(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    past = TIMES.replace("20261125", "20261120")
    alice.put("/alice/ivan/p.ics", event("p", times=past), expect=201)
    with book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.IMPORT)
        import_calendar(tx, actor, "ivan", event("i"), now=book.clock())
    assert "i.ics" in Place(ivan, "/ivan/ivan/").listed()
    assert texts(ivan) == []


# -- single dates of a series -------------------------------------------------------------


def test_a_cancelled_date(alice: DavClient, ivan: DavClient) -> None:
    meet(alice, lines=WEEKLY)
    (before,) = place(ivan).listed()
    moved = override(25, on=25, uid="a", lines="SUMMARY:Essai\r\nSTATUS:CANCELLED\r\n")
    moved = moved.replace("1125", "1202")
    text = alice.get(MINE).text
    # while the invitation is unread it has to say all
    alice.put(MINE, text.replace("END:VCALENDAR", f"{moved}END:VCALENDAR"), expect=204)
    (after,) = place(ivan).listed()
    assert after != before
    assert methods(ivan) == ["METHOD:REQUEST"]
    assert "STATUS:CANCELLED" in only(ivan)
    empty(ivan)
    third = moved.replace("1202", "1209")
    text = alice.get(MINE).text
    alice.put(MINE, text.replace("END:VCALENDAR", f"{third}END:VCALENDAR"), expect=204)
    told = only(ivan)
    assert lines_of(told, "METHOD") == ["METHOD:CANCEL"]
    assert lines_of(told, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20261209T090000"]
    assert "FREQ=WEEKLY" not in told


def test_who_takes_part_in_one_date_only(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    only_his = override(25, on=25, uid="a", lines=attendee(ALICE) + attendee(IVAN))
    invited = attendee(CLAIRE)
    alice.put(MINE, event("a", lines=WEEKLY + invited, after=only_his), expect=201)
    told = only(ivan)
    assert lines_of(told, "RECURRENCE-ID")
    assert "FREQ=WEEKLY" not in told
    assert "FREQ=WEEKLY" in only(claire)


# -- at which cost ------------------------------------------------------------------------


def test_accounts_without_it_cost_one_statement_at_most(
    book: AppointmentBook, alice: DavClient
) -> None:
    switch(book, "alice", "ivan", "claire", on=False)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "inbox" in statement:
            statements.append(statement)

    listen(book.database.engine, "before_cursor_execute", note)
    meet(alice)
    assert len(statements) == 1
    edit(alice, MINE, "SUMMARY:", "DESCRIPTION:Note\r\nSUMMARY:")
    assert len(statements) == 1


def test_another_account_of_the_same_person_is_told(
    book: AppointmentBook, alice: DavClient, login: Login
) -> None:
    with book.database.writing() as tx:
        known = tx.accounts.credentials("alice")
        assert known is not None
        tx.accounts.add(
            login="alice-bis",
            role=Role.GESTIONNAIRE,
            password_hash=known[1],
            person_id=known[0].person_id,
        )
    switch(book, "alice-bis")
    meet(alice)
    assert methods(login("alice-bis")) == ["METHOD:REQUEST"]
    assert texts(alice) == []
