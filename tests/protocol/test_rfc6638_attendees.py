"""RFC 6638 §3.2.2, §8.1: what who was invited may change, and how he goes away."""

from __future__ import annotations

import pytest

from support.dav import DavClient
from support.objects import event
from support.scheduling import (
    CLAIRE,
    IVAN,
    answer_at,
    answered,
    attendee,
    busy_times,
    lines_of,
    presence,
)

MINE, IVANS, CLAIRES = "/alice/alice/a.ics", "/ivan/ivan/a.ics", "/claire/claire/a.ics"
SERIES = (
    "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/Paris:20261125T100000\r\n"
    "RRULE:FREQ=DAILY;COUNT=5\r\n"
)


@pytest.fixture(autouse=True)
def meeting(alice: DavClient) -> None:
    """Alice's meeting with Ivan and Claire."""
    lines = f"LOCATION:Salle 1\r\n{attendee(IVAN)}{attendee(CLAIRE)}"
    alice.put(MINE, event("a", lines=lines), expect=201)


def _reschedule(alice: DavClient) -> None:
    text = alice.get(MINE).text
    alice.put(MINE, text.replace("T090000", "T140000").replace("T100000", "T150000"), expect=204)


# -- §3.2.2.1: allowed changes ------------------------------------------------------------


@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_3_2_2_1_his_own_answer_is_everybodys_at_once(
    alice: DavClient, ivan: DavClient, claire: DavClient, answer: str
) -> None:
    tokens = alice.sync("/alice/alice/")[0], claire.sync("/claire/claire/")[0]
    answer_at(ivan, IVANS, IVAN, answer)
    for client, path, token in ((alice, MINE, tokens[0]), (claire, CLAIRES, tokens[1])):
        assert presence(client.get(path).text, IVAN) == answer
        folder = path.rpartition("/")[0]
        assert client.sync(f"{folder}/", token)[1] == {f"/dav{path}"}


def test_3_2_2_1_nothing_else_is_taken_and_nothing_refused(
    alice: DavClient, ivan: DavClient
) -> None:
    text = answered(ivan.get(IVANS).text, IVAN, "ACCEPTED")
    text = answered(text, CLAIRE, "DECLINED")
    for old, new in (("Essai", "Piraté"), ("T090000", "T120000"), ("T100000", "T130000")):
        text = text.replace(old, new)
    answer = ivan.put(IVANS, text, expect=204)
    # §3.2.2: he reads it again, since it is not what he wrote
    assert answer.etag is None
    now = alice.get(MINE).text
    assert presence(now, IVAN) == "ACCEPTED"
    assert presence(now, CLAIRE) == "NEEDS-ACTION"
    assert "SUMMARY:Essai" in now
    assert "T090000" in now


def test_3_2_2_1_his_transparency_is_his_own(alice: DavClient, ivan: DavClient) -> None:
    text = answered(ivan.get(IVANS).text, IVAN, "ACCEPTED")
    ivan.put(IVANS, text.replace("END:VEVENT", "TRANSP:TRANSPARENT\r\nEND:VEVENT"), expect=204)
    assert lines_of(ivan.get(IVANS).text, "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert lines_of(alice.get(MINE).text, "TRANSP") in ([], ["TRANSP:OPAQUE"])
    assert busy_times(alice, "alice@agence.example") != {}


def test_3_2_2_1_his_private_properties_are_his_own(alice: DavClient, ivan: DavClient) -> None:
    token = alice.sync("/alice/alice/")[0]
    text = ivan.get(IVANS).text
    ivan.put(IVANS, text.replace("END:VEVENT", "X-PERSO-COULEUR:3\r\nEND:VEVENT"), expect=204)
    assert "X-PERSO-COULEUR:3" in ivan.get(IVANS).text
    assert "X-PERSO" not in alice.get(MINE).text
    assert alice.sync("/alice/alice/", token) == (token, set(), set())


def test_3_2_2_1_leaving_out_one_date_is_refusing_it(alice: DavClient, ivan: DavClient) -> None:
    alice.put("/alice/alice/s.ics", event(times=SERIES, lines=attendee(IVAN)), expect=201)
    answer_at(ivan, "/ivan/ivan/s.ics", IVAN, "ACCEPTED")
    text = ivan.get("/ivan/ivan/s.ics").text
    exdate = "EXDATE;TZID=Europe/Paris:20261126T090000\r\n"
    ivan.put("/ivan/ivan/s.ics", text.replace("END:VEVENT", f"{exdate}END:VEVENT"), expect=204)
    now = alice.get("/alice/alice/s.ics").text
    assert "EXDATE" not in now
    assert presence(now, IVAN) == "ACCEPTED"
    (date,) = now.split("BEGIN:VEVENT")[2:]
    assert "20261126T090000" in "".join(lines_of(date, "RECURRENCE-ID"))
    assert presence(date, IVAN) == "DECLINED"


def test_3_2_2_1_who_answers_once_more_is_heard(alice: DavClient, ivan: DavClient) -> None:
    for answer in ("DECLINED", "ACCEPTED", "TENTATIVE", "ACCEPTED"):
        answer_at(ivan, IVANS, IVAN, answer)
        assert presence(alice.get(MINE).text, IVAN) == answer


def test_3_2_2_1_an_open_question_again_after_a_change_of_time(
    alice: DavClient, ivan: DavClient
) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    _reschedule(alice)
    assert presence(ivan.get(IVANS).text, IVAN) == "NEEDS-ACTION"


def test_3_2_10_others_answers_are_no_conflict_for_who_only_answers(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    stale = ivan.get(IVANS)
    answer_at(claire, CLAIRES, CLAIRE, "DECLINED")
    text = answered(stale.text, IVAN, "ACCEPTED")
    ivan.put(IVANS, text, expect=204, if_match=stale.etag or "")
    now = alice.get(MINE).text
    assert (presence(now, IVAN), presence(now, CLAIRE)) == ("ACCEPTED", "DECLINED")
    answer_at(claire, CLAIRES, CLAIRE, "TENTATIVE")
    ivan.delete(IVANS, if_match=stale.etag or "")


def test_3_2_10_a_change_of_time_is_one(alice: DavClient, ivan: DavClient) -> None:
    stale = ivan.get(IVANS)
    _reschedule(alice)
    text = answered(stale.text, IVAN, "ACCEPTED")
    ivan.put(IVANS, text, expect=412, if_match=stale.etag or "")
    ivan.delete(IVANS, expect=412, if_match=stale.etag or "")
    assert presence(alice.get(MINE).text, IVAN) == "NEEDS-ACTION"


# -- §3.2.2.4, §8.1: going away -----------------------------------------------------------


@pytest.mark.parametrize("reply", ["", "T"], ids=["none", "T"])
def test_8_1_deleting_is_refusing(alice: DavClient, ivan: DavClient, reply: str) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    if reply:
        ivan.delete(IVANS, schedule_reply=reply)
    else:
        ivan.delete(IVANS)
    ivan.get(IVANS, expect=404)
    assert presence(alice.get(MINE).text, IVAN) == "DECLINED"


@pytest.mark.parametrize("answer", ["NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED"])
def test_8_1_deleting_without_a_reply(
    alice: DavClient, ivan: DavClient, claire: DavClient, answer: str
) -> None:
    answer_at(ivan, IVANS, IVAN, answer)
    tokens = [c.sync(f"/{c.login}/{c.login}/")[0] for c in (alice, ivan, claire)]
    ivan.delete(IVANS, schedule_reply="F")
    ivan.get(IVANS, expect=404)
    assert ivan.sync("/ivan/ivan/", tokens[1])[1:] == (set(), {f"/dav{IVANS}"})
    assert presence(alice.get(MINE).text, IVAN) == answer
    assert presence(claire.get(CLAIRES).text, IVAN) == answer
    # nobody else learns of it
    assert alice.sync("/alice/alice/", tokens[0])[1:] == (set(), set())
    assert claire.sync("/claire/claire/", tokens[2])[1:] == (set(), set())


def test_8_1_what_is_new_about_it_is_shown_again(alice: DavClient, ivan: DavClient) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    ivan.delete(IVANS, schedule_reply="F")
    _reschedule(alice)
    assert presence(ivan.get(IVANS).text, IVAN) == "NEEDS-ACTION"


def test_8_1_a_condition_holds_first(alice: DavClient, ivan: DavClient) -> None:
    ivan.delete(IVANS, expect=412, if_match='"x"', schedule_reply="F")
    ivan.get(IVANS)


def test_8_1_the_organizers_delete_is_one_for_all(alice: DavClient, ivan: DavClient) -> None:
    alice.delete(MINE, schedule_reply="F")
    alice.get(MINE, expect=404)
    ivan.get(IVANS, expect=404)


def test_8_1_what_is_cancelled_is_only_tidied_away(alice: DavClient, ivan: DavClient) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    text = alice.get(MINE).text
    alice.put(MINE, text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"), expect=204)
    ivan.delete(IVANS)
    assert presence(alice.get(MINE).text, IVAN) == "ACCEPTED"
