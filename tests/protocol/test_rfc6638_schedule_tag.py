"""RFC 6638 §3.2.10, §8.2, §8.3, §9.3: Schedule-Tag, which others' answers leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.caldav import (
    Place,
    multiget,
    preconditions,
    proppatch_body,
    query,
    set_props,
    statuses,
    sync_collection,
)
from support.dav import CALDAV, DavClient, resources
from support.objects import event, override
from support.scheduling import ALICE, CLAIRE, GUEST, IVAN, answer_at, answered, attendee, presence

Login = Callable[[str], DavClient]
TAG = f"{CALDAV}schedule-tag"
MINE, IVANS, CLAIRES = "/alice/alice/a.ics", "/ivan/ivan/a.ics", "/claire/claire/a.ics"
ALARM = (
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT"
)


@pytest.fixture(autouse=True)
def meeting(alice: DavClient) -> None:
    """Alice's meeting with Ivan and Claire."""
    lines = f"LOCATION:Salle 1\r\n{attendee(IVAN)}{attendee(CLAIRE)}"
    alice.put(MINE, event("a", lines=lines), expect=201)


@pytest.fixture
def seen(alice: DavClient, ivan: DavClient, claire: DavClient) -> Callable[[], list[str]]:
    """Tells the tag in everybody's calendar."""

    def tags() -> list[str]:
        return [_tag(alice, MINE), _tag(ivan, IVANS), _tag(claire, CLAIRES)]

    return tags


def _tag(client: DavClient, path: str) -> str:
    return client.get(path).headers["schedule-tag"]


def _edit(client: DavClient, path: str, old: str, new: str) -> None:
    text = client.get(path).text
    assert old in text
    client.put(path, text.replace(old, new, 1), expect=204)


# -- §8.2, §9.3: where it is told ---------------------------------------------------------


def test_8_2_it_is_an_entity_tag(alice: DavClient) -> None:
    tag = _tag(alice, MINE)
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert len(tag) > 2
    assert alice.request("HEAD", MINE, expect=200).headers["schedule-tag"] == tag


def test_8_2_an_answer_to_put_tells_it(alice: DavClient) -> None:
    made = alice.put("/alice/alice/b.ics", event("b", lines=attendee(IVAN)), expect=201)
    assert made.headers["schedule-tag"] == _tag(alice, "/alice/alice/b.ics")
    text = alice.get(MINE).text.replace("Essai", "Autre")
    changed = alice.put(MINE, text, expect=204)
    assert changed.headers["schedule-tag"] == _tag(alice, MINE)


def test_8_2_an_answer_to_move_tells_it(alice: DavClient) -> None:
    moved = alice.move(MINE, "/alice/alice/z.ics")
    assert moved.headers["schedule-tag"] == _tag(alice, "/alice/alice/z.ics")


def test_9_3_the_property_says_the_same_everywhere(alice: DavClient) -> None:
    place, tag, asked = Place(alice, "/alice/alice/"), _tag(alice, MINE), "<C:schedule-tag/>"
    (found,) = alice.propfind(MINE, TAG).values()
    assert found.text(TAG) == tag
    reports = (
        multiget(f"/dav{MINE}", props=asked),
        query(props=asked),
        sync_collection(props=asked),
    )
    for body in reports:
        (found,) = resources(place.report(body)).values()
        assert found.text(TAG) == tag, body
    listed = alice.propfind(place.path, TAG, depth=1)
    assert listed[f"/dav{MINE}"].text(TAG) == tag
    assert TAG not in listed[place.url].props


def test_9_3_it_is_no_matter_of_allprop(alice: DavClient) -> None:
    (found,) = alice.propfind(MINE).values()
    assert TAG not in found.props


def test_9_3_it_is_protected(alice: DavClient) -> None:
    body = proppatch_body(set_props("<C:schedule-tag>x</C:schedule-tag>"))
    answer = alice.request("PROPPATCH", MINE, body, expect=207)
    assert statuses(answer) == {TAG: 403}
    assert "{DAV:}cannot-modify-protected-property" in preconditions(answer)


def test_9_3_only_what_is_scheduled_has_one(perso: Place) -> None:
    perso.put("a.ics", event("a"))
    assert "schedule-tag" not in perso.client.get("/alice/perso/a.ics").headers
    (found,) = perso.client.propfind("/alice/perso/a.ics", TAG).values()
    assert TAG not in found.props


# -- §3.2.10: what leaves it alone --------------------------------------------------------


@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_3_2_10_answers_leave_it(
    ivan: DavClient, alice: DavClient, seen: Callable[[], list[str]], answer: str
) -> None:
    before, etag = seen(), alice.get(MINE).etag
    answer_at(ivan, IVANS, IVAN, answer)
    assert seen() == before
    # the object is another one all the same
    assert alice.get(MINE).etag != etag
    assert presence(alice.get(MINE).text, IVAN) == answer


def test_3_2_10_an_answer_given_by_an_editor_leaves_it(
    alice: DavClient, seen: Callable[[], list[str]]
) -> None:
    before = seen()
    answer_at(alice, MINE, IVAN, "ACCEPTED")
    assert seen() == before


def test_3_2_10_the_order_of_lines_is_no_change(
    alice: DavClient, seen: Callable[[], list[str]]
) -> None:
    before, line = seen(), "LOCATION:Salle 1\r\n"
    text = answered(alice.get(MINE).text, IVAN, "ACCEPTED")
    assert line in text
    moved = text.replace(line, "").replace("END:VEVENT", f"{line}END:VEVENT")
    alice.put(MINE, moved, expect=204)
    assert seen() == before


def test_3_2_10_comments_leave_it(ivan: DavClient, seen: Callable[[], list[str]]) -> None:
    before = seen()
    text = answered(ivan.get(IVANS).text, IVAN, "DECLINED;X-RESPONSE-COMMENT=En congé")
    ivan.put(IVANS, text, expect=204)
    assert seen() == before


def test_3_2_10_a_refusal_by_deleting_leaves_it(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    before = [_tag(alice, MINE), _tag(claire, CLAIRES)]
    ivan.delete(IVANS)
    assert [_tag(alice, MINE), _tag(claire, CLAIRES)] == before


@pytest.mark.parametrize(("name", "path"), [("ivan", IVANS), ("alice", MINE)])
def test_3_2_10_alarms_leave_it(
    login: Login, seen: Callable[[], list[str]], name: str, path: str
) -> None:
    before = seen()
    _edit(login(name), path, "END:VEVENT", ALARM)
    assert "BEGIN:VALARM" in login(name).get(path).text
    assert seen() == before


def test_3_2_10_an_answer_for_one_date_leaves_it(alice: DavClient, ivan: DavClient) -> None:
    lines = f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}"
    alice.put("/alice/alice/s.ics", event(lines=lines), expect=201)
    before = _tag(alice, "/alice/alice/s.ics"), _tag(ivan, "/ivan/ivan/s.ics")
    date = override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(IVAN, PARTSTAT='DECLINED')}")
    _edit(ivan, "/ivan/ivan/s.ics", "END:VCALENDAR", f"{date}END:VCALENDAR")
    assert "DECLINED" in alice.get("/alice/alice/s.ics").text
    assert (_tag(alice, "/alice/alice/s.ics"), _tag(ivan, "/ivan/ivan/s.ics")) == before


def test_3_2_10_what_is_ignored_leaves_it(ivan: DavClient, seen: Callable[[], list[str]]) -> None:
    before = seen()
    _edit(ivan, IVANS, "SUMMARY:Essai", "SUMMARY:Piraté")
    assert seen() == before


# -- §3.2.10: what changes it -------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("T090000", "T083000"),
        ("T100000", "T103000"),
        ("LOCATION:Salle 1", "LOCATION:Salle 2"),
        ("SUMMARY:Essai", "SUMMARY:Autre"),
        ("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"),
        ("END:VEVENT", f"{attendee(GUEST)}END:VEVENT"),
        ("END:VEVENT", "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT"),
    ],
    ids=["start", "end", "place", "subject", "state", "participant", "series"],
)
def test_3_2_10_changes_change_it_for_all(
    alice: DavClient, seen: Callable[[], list[str]], old: str, new: str
) -> None:
    before = seen()
    _edit(alice, MINE, old, new)
    assert all(now != then for now, then in zip(seen(), before, strict=True))


@pytest.mark.parametrize(
    "line", ["ATTACH:https://exemple.example/plan.pdf", "X-SALLE:12", "DESCRIPTION:Code 4711"]
)
def test_3_2_10_what_comes_with_an_answer_changes_it(alice: DavClient, line: str) -> None:
    stale = alice.get(MINE)
    text = answered(stale.text, IVAN, "ACCEPTED")
    alice.put(MINE, text.replace("END:VEVENT", f"{line}\r\nEND:VEVENT"), expect=204)
    # else an editor with an older copy would take the line away again
    assert line in alice.get(MINE).text.replace("\r\n ", "")
    assert _tag(alice, MINE) != stale.headers["schedule-tag"]


def test_3_2_10_who_is_left_out_changes_it(alice: DavClient, ivan: DavClient) -> None:
    before = _tag(alice, MINE), _tag(ivan, IVANS)
    text = alice.get(MINE).text.replace("\r\n ", "")
    kept = [line for line in text.split("\r\n") if not line.endswith(f":mailto:{CLAIRE}")]
    alice.put(MINE, "\r\n".join(kept), expect=204)
    after = _tag(alice, MINE), _tag(ivan, IVANS)
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_3_2_10_a_date_of_its_own_changes_it(alice: DavClient, ivan: DavClient) -> None:
    lines = f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}"
    alice.put("/alice/alice/s.ics", event(lines=lines), expect=201)
    before = _tag(ivan, "/ivan/ivan/s.ics")
    date = override(26, on=27, lines=f"SUMMARY:Essai\r\n{attendee(IVAN)}")
    _edit(alice, "/alice/alice/s.ics", "END:VCALENDAR", f"{date}END:VCALENDAR")
    assert _tag(ivan, "/ivan/ivan/s.ics") != before


def test_3_2_10_notes_of_another_editor_are_not_written_over(
    alice: DavClient, login: Login
) -> None:
    stale = alice.get(MINE)
    nora = login("nora")
    _edit(nora, "/nora/claire/a.ics", "END:VEVENT", "DESCRIPTION:Code 4711\r\nEND:VEVENT")
    alice.put(
        MINE,
        stale.text.replace("Essai", "Autre"),
        expect=412,
        if_schedule_tag_match=stale.headers["schedule-tag"],
    )
    assert "4711" in alice.get(MINE).text


# -- §8.3: If-Schedule-Tag-Match ----------------------------------------------------------


def test_8_3_others_answers_stop_nobody(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    stale, claires = alice.get(MINE), claire.get(CLAIRES)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    text = answered(claires.text, CLAIRE, "TENTATIVE")
    tag = claires.headers["schedule-tag"]
    claire.put(CLAIRES, text, expect=204, if_schedule_tag_match=tag)
    alice.put(
        MINE,
        stale.text.replace("END:VEVENT", "DESCRIPTION:Ordre du jour\r\nEND:VEVENT"),
        expect=204,
        if_schedule_tag_match=stale.headers["schedule-tag"],
    )
    now = alice.get(MINE).text
    assert "Ordre du jour" in now
    # §3.2.10.1: what the stale copy does not know of is kept
    assert presence(now, IVAN) == "ACCEPTED"
    assert presence(now, CLAIRE) == "TENTATIVE"


def test_8_3_a_date_that_only_an_answer_made_is_kept(alice: DavClient, ivan: DavClient) -> None:
    path = "/alice/alice/s.ics"
    lines = f"RRULE:FREQ=DAILY;COUNT=5\r\n{attendee(IVAN)}"
    alice.put(path, event(lines=lines), expect=201)
    stale = alice.get(path)
    date = override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(IVAN, PARTSTAT='DECLINED')}")
    _edit(ivan, "/ivan/ivan/s.ics", "END:VCALENDAR", f"{date}END:VCALENDAR")
    text = stale.text.replace("END:VEVENT", "DESCRIPTION:Ordre du jour\r\nEND:VEVENT")
    answer = alice.put(path, text, if_schedule_tag_match=stale.headers["schedule-tag"])
    now = alice.get(path).text
    assert answer.status == 204
    assert "Ordre du jour" in now
    assert presence(now.split("BEGIN:VEVENT")[2], IVAN) == "DECLINED"


def test_8_3_who_is_new_in_a_stale_copy_comes(alice: DavClient, ivan: DavClient) -> None:
    stale = alice.get(MINE)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    text = stale.text.replace("END:VEVENT", f"{attendee(GUEST)}END:VEVENT")
    alice.put(MINE, text, expect=204, if_schedule_tag_match=stale.headers["schedule-tag"])
    now = alice.get(MINE).text
    assert (presence(now, IVAN), presence(now, GUEST)) == ("ACCEPTED", "NEEDS-ACTION")


def test_8_3_a_change_of_time_asks_again_all_the_same(alice: DavClient, ivan: DavClient) -> None:
    stale = alice.get(MINE)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    text = stale.text.replace("T090000", "T083000")
    alice.put(MINE, text, expect=204, if_schedule_tag_match=stale.headers["schedule-tag"])
    assert presence(alice.get(MINE).text, IVAN) == "NEEDS-ACTION"


def test_8_3_an_attendees_stale_copy_takes_no_answer_back(
    ivan: DavClient, claire: DavClient, alice: DavClient
) -> None:
    stale = ivan.get(IVANS)
    answer_at(claire, CLAIRES, CLAIRE, "DECLINED")
    text = answered(stale.text, IVAN, "ACCEPTED")
    ivan.put(IVANS, text, expect=204, if_schedule_tag_match=stale.headers["schedule-tag"])
    assert presence(alice.get(MINE).text, CLAIRE) == "DECLINED"
    assert presence(alice.get(MINE).text, IVAN) == "ACCEPTED"


def test_8_3_a_change_stops_a_put(alice: DavClient, ivan: DavClient) -> None:
    stale = ivan.get(IVANS)
    _edit(alice, MINE, "T090000", "T083000")
    text, tag = answered(stale.text, IVAN, "ACCEPTED"), stale.headers["schedule-tag"]
    ivan.put(IVANS, text, expect=412, if_schedule_tag_match=tag)
    assert presence(alice.get(MINE).text, IVAN) == "NEEDS-ACTION"


def test_8_3_a_change_stops_a_delete_and_a_move(alice: DavClient, ivan: DavClient) -> None:
    mine, theirs = _tag(alice, MINE), _tag(ivan, IVANS)
    _edit(alice, MINE, "Salle 1", "Salle 2")
    ivan.delete(IVANS, expect=412, if_schedule_tag_match=theirs)
    alice.delete(MINE, expect=412, if_schedule_tag_match=mine)
    alice.move(MINE, "/alice/claire/a.ics", expect=412, if_schedule_tag_match=mine)
    assert presence(alice.get(MINE).text, IVAN) == "NEEDS-ACTION"


def test_8_3_a_delete_with_the_tag_of_now(alice: DavClient, ivan: DavClient) -> None:
    mine, theirs = _tag(alice, MINE), _tag(ivan, IVANS)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    ivan.delete(IVANS, if_schedule_tag_match=theirs)
    assert presence(alice.get(MINE).text, IVAN) == "DECLINED"
    alice.delete(MINE, if_schedule_tag_match=mine)


@pytest.mark.parametrize("sent", ['"x"', "x", '""'])
def test_8_3_a_tag_that_never_was(alice: DavClient, sent: str) -> None:
    text = alice.get(MINE).text
    answer = alice.put(MINE, text.replace("Essai", "Autre"), if_schedule_tag_match=sent)
    assert answer.status in (400, 412)
    answer = alice.request("DELETE", MINE, if_schedule_tag_match=sent)
    assert answer.status in (400, 412)
    assert "SUMMARY:Essai" in alice.get(MINE).text


def test_8_3_nothing_stands_there(alice: DavClient) -> None:
    tag = _tag(alice, MINE)
    alice.put("/alice/alice/b.ics", event("b"), expect=412, if_schedule_tag_match=tag)
    alice.get("/alice/alice/b.ics", expect=404)
    alice.delete(MINE)
    alice.put(MINE, event("a", lines=attendee(IVAN)), expect=412, if_schedule_tag_match=tag)


def test_8_3_a_tag_is_not_used_again(alice: DavClient) -> None:
    tag = _tag(alice, MINE)
    alice.delete(MINE)
    alice.put(MINE, event("a", lines=attendee(IVAN)), expect=201)
    alice.delete(MINE, expect=412, if_schedule_tag_match=tag)


def test_8_3_both_conditions_hold(alice: DavClient, ivan: DavClient) -> None:
    stale = alice.get(MINE)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    tag, text = stale.headers["schedule-tag"], stale.text.replace("Essai", "Autre")
    alice.put(MINE, text, expect=412, if_match='"x"', if_schedule_tag_match=tag)
    now = alice.get(MINE).etag or ""
    alice.put(MINE, text, expect=412, if_match=now, if_schedule_tag_match='"x"')
    alice.put(MINE, text, expect=204, if_match=now, if_schedule_tag_match=tag)


def test_8_3_the_organizers_own_answer(alice: DavClient) -> None:
    alice.put("/alice/claire/b.ics", event("b", lines=attendee(ALICE)), expect=201)
    path = "/alice/alice/b.ics"
    before = alice.get(path)
    answer_at(alice, path, ALICE, "ACCEPTED")
    assert _tag(alice, path) == before.headers["schedule-tag"]
