"""Lines and components: what was taken comes back, what is written cannot break out."""

from __future__ import annotations

import time

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    make_line,
    parse_components,
    text_value,
    to_crlf,
    unfold,
)
from support.lens import drafted
from support.objects import event

ZONE = "BEGIN:VTIMEZONE\r\nTZID:Ici\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
FRAGMENTS = [
    *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE"),
    *("END:VTIMEZONE", "begin:vevent", "BEGIN", "END", ":", ";", " ", "\t", "é", "\u2028", "\x85"),
    *("\r\n", "\n", "\r", "\r\n ", "\n\n\t", "A:1\r\n", 'A;B="c:\r\n', "A;B=c,d:e\r\n", ZONE),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
def test_whatever_it_is_it_comes_back(text: str) -> None:
    assert parse_components(text).text() == text
    assert "".join(unfold(text)).count("A") == text.count("A")


def test_separators_of_unicode_are_ordinary_text() -> None:
    assert unfold("SUMMARY:a\u2028b\x85c\r\nB:1\r\n") == ["SUMMARY:a\u2028b\x85c", "B:1"]


@pytest.mark.parametrize(
    "raw",
    [
        "DESCRIP\r\n TION:x\r\n",
        "DESCRIPTION\r\n :x\r\n",
        "description :x\r\n",
        "DESC RIPTION;A=b:x",
    ],
)
def test_a_name_is_found_as_the_reader_finds_it(raw: str) -> None:
    assert ContentLine(raw).name == "DESCRIPTION"


def test_a_last_line_may_be_folded_without_line_end() -> None:
    assert unfold("A:1\r\n 2") == ["A:12"]


def test_blank_lines_go_so_that_folds_are_what_the_reader_takes_for_folds() -> None:
    sent = event(lines="DESCRIPTION:un\r\n\r\n  deux\r\n")
    assert drafted(sent).notes == "un deux"
    kept = to_crlf(sent)
    assert "DESCRIPTION:un deux" in unfold(kept)
    assert "\r\n\r\n" not in kept


def test_a_lone_carriage_return_is_no_line_end() -> None:
    assert to_crlf("SUMMARY:a\rX-EVIL:b\nB:1\r\r\n\n") == "SUMMARY:aX-EVIL:b\r\nB:1\r\n"


# -- parameters ---------------------------------------------------------------------------


def test_a_changed_parameter_leaves_the_others_to_the_letter() -> None:
    raw = (
        'ATTENDEE;MEMBER="mailto:a@x","mailto:b@x";X-Q="q";partstat=TENTATIVE;CN=A B:mailto:c@x\r\n'
    )
    changed = ContentLine(raw).with_params({"PARTSTAT": "ACCEPTED"})
    assert changed.unfolded == (
        'ATTENDEE;MEMBER="mailto:a@x","mailto:b@x";X-Q="q";PARTSTAT=ACCEPTED;CN=A B:mailto:c@x'
    )
    assert changed.params["MEMBER"] == "mailto:a@x,mailto:b@x"


def _attendee_as_icalendar_reads_it(raw: str) -> icalendar.vCalAddress:
    calendar = icalendar.Calendar.from_ical(event(lines=raw))
    (attendee,) = calendar.events[0].attendees
    assert isinstance(attendee, icalendar.vCalAddress)
    return attendee


@pytest.mark.parametrize(
    "head",
    [
        "ATTENDEE ;CN= x",
        "ATTENDEE; CN=x",
        'ATTENDEE;CN="x"',
        "ATTENDEE;CN=x\\;y",
        'ATTENDEE;CN="a\\b"',
    ],
)
def test_lenient_parameters_read_as_icalendar_reads_them(head: str) -> None:
    attendee = _attendee_as_icalendar_reads_it(f"{head}:mailto:a@b.example\r\n")
    assert ContentLine(f"{head}:mailto:a@b.example").params["CN"] == attendee.params["CN"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="%\\"), max_size=90))
def test_a_parameter_comes_back(text: str) -> None:
    line = make_line("ATTENDEE", "mailto:a@b.example", {"CN": text, "ROLE": "CHAIR"})
    assert len(unfold(line.raw)) == 1
    attendee = _attendee_as_icalendar_reads_it(line.raw)
    assert attendee.params.get("CN", "") == ContentLine(line.raw).params["CN"]
    assert ContentLine(line.raw).params["ROLE"] == "CHAIR"
    if text.isprintable():
        assert ContentLine(line.raw).params["CN"] in (text, text.strip())


# -- values -------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=200))
def test_a_text_comes_back_through_the_reader(text: str) -> None:
    if {"\ufffe", "\uffff"} & set(text):
        return
    line = make_line("LOCATION", text_value(text))
    assert all(len(part.encode()) <= 75 for part in line.raw.split("\r\n"))
    assert drafted(event(lines=line.raw)).location == text


@pytest.mark.parametrize("text", ["C:\\New\\new", "a\\nb", "\\", 'a;b,c:"d"', "un\ndeux\n"])
def test_escapes(text: str) -> None:
    assert drafted(event(lines=make_line("DESCRIPTION", text_value(text)).raw)).notes == text


def test_line_ends_of_forms_are_one_line_end() -> None:
    assert text_value("a\r\nb\rc\nd") == "a\\nb\\nc\\nd"


def test_nothing_breaks_out_of_a_line() -> None:
    line = make_line("X-A", "b\r\nX-EVIL:1\x00\x0c\ud800\ufffe", {"CN": "c\nATTENDEE:d\x01"})
    assert line.raw == 'X-A;CN="c^nATTENDEE:d":bX-EVIL:1\r\n'


# -- components ---------------------------------------------------------------------------


def test_bottomless_nesting_is_kept_as_lines() -> None:
    text = "BEGIN:A\r\n" * 5000 + "END:A\r\n" * 4990 + "B:1\r\n" + "END:A\r\n" * 10
    root = parse_components(text)
    assert root.text() == text
    assert root.copy().text() == text
    assert len(root.items) == 1


@pytest.mark.parametrize(
    "line", ["BEGIN:VTIMEZONE\r\n", "\r\n", " \r\n", "A\r\n\r\n ", '"', ";", 'A;B="', "A;B=c;"]
)
def test_large_texts_take_no_time(line: str) -> None:
    text = line * (100_000 // len(line))
    started = time.process_time()
    assert parse_components(text).text() == text
    unfold(to_crlf(text))
    for one in parse_components(text).lines(""):
        assert isinstance(one.params, dict)
    assert time.process_time() - started < 5


def test_definitions_of_zones_are_whole_or_lines() -> None:
    (zone,) = parse_components(ZONE).components("VTIMEZONE")
    assert zone is parse_components(ZONE).components("VTIMEZONE")[0]
    assert [inner.name for inner in zone.items] == ["TZID", "STANDARD"]
    unbalanced = ZONE.replace("END:STANDARD\r\n", "")
    (open_zone,) = parse_components(unbalanced).components("VTIMEZONE")
    assert open_zone.end == ""
    huge = ZONE.replace("TZID:Ici\r\n", "X-A:1\r\n" * 9000)
    (parsed,) = parse_components(huge).components("VTIMEZONE")
    assert parsed is not parse_components(huge).components("VTIMEZONE")[0]
    assert parsed.text() == huge


def test_a_line_goes_beside_others_of_its_kind() -> None:
    root = parse_components("A:1\r\nB:1\r\nBEGIN:C\r\nEND:C\r\n")
    first = root.line("A")
    assert first is not None
    root.insert(ContentLine("A:2\r\n"), after=first)
    root.insert(ContentLine("A:0\r\n"), after=None)
    root.insert(ContentLine("D:1\r\n"), after=None)
    assert [item.name for item in root.items] == ["A", "A", "A", "B", "D", "C"]
    assert [line.value for line in root.lines("A")] == ["0", "1", "2"]


def test_a_line_put_stands_alone() -> None:
    component = Component("VEVENT", "BEGIN:VEVENT\r\n", [], "END:VEVENT\r\n")
    assert component.put(ContentLine("A:1\r\n"))
    assert not component.put(ContentLine("A:\r\n 1\r\n"))
    assert component.text() == "BEGIN:VEVENT\r\nA:1\r\nEND:VEVENT\r\n"
    assert not component.drop("B")
