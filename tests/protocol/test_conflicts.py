"""Conflicts over CalDAV (rule 12): programs are informed, never refused."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.ical.contentlines import unfold
from support.dav import DavClient
from support.objects import event

IVAN = "ATTENDEE;CN=Ivan:mailto:ivan@agence.example\r\n"
NAME = "X-RDV-CONFLIT"
SENTENCE = "Ivan Intervenant : déjà un rendez-vous le 25/11/2026 de 09:00 à 10:00"


def said(text: str) -> list[str]:
    """Return what a text says of conflicts."""
    return [line.partition(":")[2] for line in unfold(text) if line.startswith(NAME)]


def moved(text: str, hour: int) -> str:
    return text.replace("T090000", f"T{hour:02}0000").replace("T100000", f"T{hour + 1}0000")


@pytest.fixture
def pair(alice: DavClient) -> DavClient:
    """Two visits at once: the second one says so."""
    alice.put("/alice/claire/un.ics", event("un", lines=IVAN), expect=201)
    alice.put("/alice/jean-dupont/deux.ics", event("deux", lines=IVAN), expect=201)
    return alice


def test_an_editor_reads_it_and_nobody_else(pair: DavClient, ivan: DavClient) -> None:
    assert said(pair.get("/alice/jean-dupont/deux.ics").text) == [SENTENCE]
    assert said(ivan.get("/ivan/ivan/deux.ics").text) == []


def test_a_body_that_gets_a_line_is_not_what_was_sent(alice: DavClient) -> None:
    one = alice.put("/alice/claire/un.ics", event("un", lines=IVAN), expect=201)
    again = alice.put("/alice/claire/un.ics", alice.get("/alice/claire/un.ics").text, expect=204)
    two = alice.put("/alice/jean-dupont/deux.ics", event("deux", lines=IVAN), expect=201)
    assert one.etag is two.etag is None
    assert again.etag is not None
    served = alice.get("/alice/jean-dupont/deux.ics").text
    changed = served.replace("SUMMARY:Essai", "SUMMARY:Autre")
    assert alice.put("/alice/jean-dupont/deux.ics", changed, expect=204).etag is not None


def test_without_conflicts_the_etag_is_given_as_before(alice: DavClient) -> None:
    alice.put("/alice/claire/un.ics", event("un", lines=IVAN), expect=201)
    served = alice.get("/alice/claire/un.ics").text
    answer = alice.put("/alice/claire/un.ics", moved(served, 14), expect=204)
    # SEQUENCE is ours: a moved appointment is never stored as sent
    assert answer.etag is None
    again = alice.get("/alice/claire/un.ics")
    assert alice.put("/alice/claire/un.ics", again.text, expect=204).etag == again.etag


def test_the_other_appointment_is_not_changed_by_it(pair: DavClient) -> None:
    etag = pair.get("/alice/claire/un.ics").etag
    pair.put("/alice/jean-dupont/trois.ics", event("trois", lines=IVAN), expect=201)
    other = pair.get("/alice/claire/un.ics")
    assert other.etag == etag
    assert said(other.text) == []


def test_the_next_change_of_the_other_says_it_too(pair: DavClient) -> None:
    served = pair.get("/alice/claire/un.ics").text
    longer = served.replace("T100000", "T103000")
    pair.put("/alice/claire/un.ics", longer, expect=204)
    assert said(pair.get("/alice/claire/un.ics").text) == [SENTENCE]


@pytest.mark.parametrize("line", [f"{NAME}:Rien\r\n", f"{NAME};X-RDV-REGLE=HOURS:Rien\r\n"])
def test_what_programs_send_of_it_counts_for_nothing(alice: DavClient, line: str) -> None:
    alice.put("/alice/claire/un.ics", event("un", lines=line), expect=201)
    assert said(alice.get("/alice/claire/un.ics").text) == []


def test_a_program_that_drops_the_line_gets_it_back(pair: DavClient) -> None:
    url = "/alice/jean-dupont/deux.ics"
    served = pair.get(url)
    bare = "".join(f"{line}\r\n" for line in unfold(served.text) if not line.startswith(NAME))
    assert pair.put(url, bare, expect=204).etag is None
    assert pair.get(url).etag == served.etag
    pair.put(url, bare.replace("SUMMARY:Essai", "SUMMARY:Autre"), expect=204)
    assert said(pair.get(url).text) == [SENTENCE]


def test_an_answer_moves_no_schedule_tag_by_its_line(pair: DavClient, ivan: DavClient) -> None:
    url = "/ivan/ivan/deux.ics"
    tag = ivan.get(url).headers["schedule-tag"]
    for answer in ("DECLINED", "ACCEPTED"):
        lines = unfold(ivan.get(url).text)
        body = "".join(
            f"{line.partition(';')[0]};PARTSTAT={answer}:mailto:ivan@agence.example\r\n"
            if "mailto:ivan@" in line
            else f"{line}\r\n"
            for line in lines
        )
        ivan.put(url, body, expect=204)
        expected = [] if answer == "DECLINED" else [SENTENCE]
        assert said(pair.get("/alice/jean-dupont/deux.ics").text) == expected
    assert ivan.get(url).headers["schedule-tag"] == tag


def test_time_that_is_not_blocked_conflicts_with_nothing(pair: DavClient) -> None:
    url = "/alice/jean-dupont/deux.ics"
    blocked = pair.get(url).text
    free = blocked.replace("END:VEVENT", "TRANSP:TRANSPARENT\r\nEND:VEVENT")
    pair.put(url, free, expect=204)
    assert said(pair.get(url).text) == []
    pair.put(url, blocked, expect=204)
    assert said(pair.get(url).text) == [SENTENCE]


def test_deleting_ends_it(pair: DavClient) -> None:
    pair.delete("/alice/claire/un.ics")
    url = "/alice/jean-dupont/deux.ics"
    pair.put(url, pair.get(url).text.replace("SUMMARY:Essai", "SUMMARY:Autre"), expect=204)
    assert said(pair.get(url).text) == []


def test_a_long_list_is_cut_short(alice: DavClient) -> None:
    for number in range(12):
        alice.put(f"/alice/claire/n{number}.ics", event(f"n{number}"), expect=201)
    last = said(alice.get("/alice/claire/n11.ics").text)
    assert len(last) == 11
    assert last[-1] == "et 1 autres conflits"
    first = "Claire Cliente : déjà un rendez-vous le 25/11/2026 de 09:00 à 10:00"
    assert last[0] == first


def test_a_blocking_rule_does_not_refuse_a_program(alice: DavClient, book: AppointmentBook) -> None:
    blocking = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
    with book.database.writing() as tx:
        tx.agency.save_setting("conflict_rules", (blocking,))
    alice.put("/alice/claire/un.ics", event("un"), expect=201)
    alice.put("/alice/claire/deux.ics", event("deux"), expect=201)
    assert len(said(alice.get("/alice/claire/deux.ics").text)) == 1


def test_the_journal_has_a_line_of_each_new_one(pair: DavClient, book: AppointmentBook) -> None:
    url = "/alice/jean-dupont/deux.ics"
    pair.put(url, pair.get(url).text.replace("SUMMARY:Essai", "SUMMARY:Autre"), expect=204)
    with book.database.reading() as tx:
        found = tx.appointments.id_of_uid("deux")
        other = tx.appointments.id_of_uid("un")
        assert found is not None
        entries = [e for e in tx.journal.entries_for(found) if e.event == "ConflictFound"]
    (entry,) = entries
    assert entry.login == "alice"
    assert entry.details["code"] == "overlap"
    assert entry.details["other_id"] == other
    assert entry.details["start"] == "2026-11-25T08:00:00+00:00"
