"""RFC 5545 §3.2.4-5, RFC 5546 §3.2.2.3: sending somebody else in one's place."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    answer_at,
    attendee,
    hire,
    lines_of,
    presence,
)

PATH, IVANS, CLAIRES = "/alice/alice/d.ics", "/ivan/ivan/d.ics", "/claire/claire/d.ics"
ZOE = "zoe@agence.example"


@pytest.fixture(autouse=True)
def zoe(book: AppointmentBook) -> None:
    """Another intervenante."""
    hire(book, "zoe", PersonKind.INTERVENANT)


def sent_by(text: str, who: str, *, to: str) -> str:
    """The object as a program writes it whose user sends somebody else."""
    unfolded = text.replace("\r\n ", "")
    for line in lines_of(unfolded, "ATTENDEE"):
        if line.endswith(who):
            delegated = f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{to}":mailto:{who}'
            unfolded = unfolded.replace(line, delegated)
    return unfolded


def line(text: str, who: str) -> str:
    (found,) = [each for each in lines_of(text, "ATTENDEE") if each.endswith(f":mailto:{who}")]
    return found


def test_an_attendee_sends_a_colleague(alice: DavClient, ivan: DavClient) -> None:
    alice.put(PATH, event(lines=attendee(IVAN, PARTSTAT="ACCEPTED")), expect=201)
    ivan.put(IVANS, sent_by(ivan.get(IVANS).text, IVAN, to=ZOE), expect=204)
    text = alice.get(PATH).text
    assert "PARTSTAT=DELEGATED" in line(text, IVAN)
    assert f'DELEGATED-TO="mailto:{ZOE}"' in line(text, IVAN)
    assert presence(text, ZOE) == "NEEDS-ACTION"
    assert f'DELEGATED-FROM="mailto:{IVAN}"' in line(text, ZOE)
    # she has it in her calendar
    assert alice.get("/alice/zoe/d.ics").status == 200


def test_what_was_delegated_stays_so_until_he_answers_himself(
    alice: DavClient, ivan: DavClient
) -> None:
    alice.put(PATH, event(lines=attendee(IVAN)), expect=201)
    ivan.put(IVANS, sent_by(ivan.get(IVANS).text, IVAN, to=ZOE), expect=204)
    text = alice.get(PATH).text
    alice.put(PATH, text.replace("SUMMARY:Essai", "SUMMARY:Autre"), expect=204)
    assert "DELEGATED-TO" in line(alice.get(PATH).text, IVAN)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    text = alice.get(PATH).text
    assert presence(text, IVAN) == "ACCEPTED"
    assert "DELEGATED-TO" not in line(text, IVAN)


def test_one_date_of_a_series(alice: DavClient, ivan: DavClient) -> None:
    lines = f"SUMMARY:Essai\r\n{attendee(IVAN)}"
    date = override(26, on=26, lines=lines)
    series = event(lines=f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}", after=date)
    alice.put(PATH, series, expect=201)
    whole, part = ivan.get(IVANS).text.rsplit("BEGIN:VEVENT", 1)
    ivan.put(IVANS, f"{whole}BEGIN:VEVENT{sent_by(part, IVAN, to=ZOE)}", expect=204)
    master, changed = alice.get(PATH).text.split("BEGIN:VEVENT")[1:]
    assert ZOE not in master.replace("\r\n ", "")
    assert "DELEGATED-FROM" in line(changed, ZOE)
    (only,) = alice.get("/alice/zoe/d.ics").text.split("BEGIN:VEVENT")[1:]
    assert "DTSTART;TZID=Europe/Paris:20261126T090000" in only


def test_a_whole_series_with_a_differing_date(alice: DavClient, ivan: DavClient) -> None:
    date = override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(IVAN)}")
    series = event(lines=f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}", after=date)
    alice.put(PATH, series, expect=201)
    ivan.put(IVANS, sent_by(ivan.get(IVANS).text, IVAN, to=ZOE), expect=204)
    parts = alice.get(PATH).text.split("BEGIN:VEVENT")[1:]
    assert all("DELEGATED-FROM" in line(part, ZOE) for part in parts)


def test_a_date_without_him_stays_without_his_colleague(alice: DavClient, ivan: DavClient) -> None:
    without = override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(ALICE)}")
    with_him = override(27, on=27, lines=f"SUMMARY:Essai\r\n{attendee(IVAN)}")
    series = event(lines=f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}", after=without + with_him)
    alice.put(PATH, series, expect=201)
    whole, part = ivan.get(IVANS).text.rsplit("BEGIN:VEVENT", 1)
    ivan.put(IVANS, f"{whole}BEGIN:VEVENT{sent_by(part, IVAN, to=ZOE)}", expect=204)
    _, without, with_him = alice.get(PATH).text.split("BEGIN:VEVENT")[1:]
    assert ZOE not in without
    assert "DELEGATED-FROM" in line(with_him, ZOE)
    # a date that his program did not send at all
    ivan.put(IVANS, f"{whole}END:VCALENDAR\r\n", expect=204)
    assert "DELEGATED-TO" in line(alice.get(PATH).text.split("BEGIN:VEVENT")[3], IVAN)


def test_a_colleague_who_takes_part_already(alice: DavClient, ivan: DavClient) -> None:
    both = attendee(IVAN) + attendee(ZOE, PARTSTAT="ACCEPTED")
    alice.put(PATH, event(lines=both), expect=201)
    ivan.put(IVANS, sent_by(ivan.get(IVANS).text, IVAN, to=ZOE), expect=204)
    assert presence(alice.get(PATH).text, ZOE) == "ACCEPTED"


@pytest.mark.parametrize("to", [GUEST, CLAIRE])
def test_nobody_but_staff_comes_in_by_an_answer(to: str, alice: DavClient, ivan: DavClient) -> None:
    alice.put(PATH, event(lines=attendee(IVAN, PARTSTAT="TENTATIVE")), expect=201)
    ivan.put(IVANS, sent_by(ivan.get(IVANS).text, IVAN, to=to), expect=204)
    text = alice.get(PATH).text.replace("\r\n ", "")
    assert to not in text
    assert presence(text, IVAN) == "NEEDS-ACTION"


def test_clients_send_nobody(alice: DavClient, claire: DavClient) -> None:
    alice.put(PATH, event(lines=attendee(CLAIRE)), expect=201)
    claire.put(CLAIRES, sent_by(claire.get(CLAIRES).text, CLAIRE, to=ZOE), expect=204)
    assert ZOE not in alice.get(PATH).text.replace("\r\n ", "")


def test_a_delegate_without_a_partstat_is_none(alice: DavClient, ivan: DavClient) -> None:
    alice.put(PATH, event(lines=attendee(IVAN)), expect=201)
    text = sent_by(ivan.get(IVANS).text, IVAN, to=ZOE).replace("PARTSTAT=DELEGATED", "X-A=1")
    ivan.put(IVANS, text, expect=204)
    assert ZOE not in alice.get(PATH).text


@pytest.mark.parametrize("to", [ZOE, GUEST])
def test_an_editor_sends_whom_he_likes(to: str, alice: DavClient) -> None:
    lines = f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{to}":mailto:{IVAN}\r\n'
    alice.put(PATH, event(lines=lines + attendee(ALICE)), expect=201)
    text = alice.get(PATH).text
    assert "PARTSTAT=DELEGATED" in line(text, IVAN)
    assert presence(text, to) == "NEEDS-ACTION"
