"""The laws of the lens, over samples of client programs, the corpus and invented changes."""

from __future__ import annotations

import contextlib
import time
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.domain.diff import diff
from rdv_caldav.domain.errors import CalendarDataRefused, NotCalendarData
from rdv_caldav.ical.contentlines import to_crlf, unfold
from rdv_caldav.ical.objects import parse
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.ical.splitting import split_by_uid
from rdv_caldav.ical.views import View, find_slots, render, withdraw_private
from rdv_caldav.ical.writer import patch, write
from support.lens import (
    CLAIRE,
    CLIENTS,
    IVAN,
    JEAN,
    MARIE,
    NOW,
    PAUL,
    WORDS,
    client_text,
    drafted,
    settled,
    stored,
)

CORPUS = sorted((Path(__file__).parents[4] / "shared" / "data" / "ics").glob("*/*.ics"))

texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
    ),
    max_size=60,
).map(str.strip)
notes = st.lists(texts, max_size=3).map("\n".join).map(str.strip)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
lengths = st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(moments)
    if draw(st.booleans()):
        day = datetime(start.year, start.month, start.day)
        end = day + timedelta(days=draw(st.integers(1, 9)))
        return Span(start=day, end=end, zone="Europe/Paris", all_day=True)
    zone = draw(st.sampled_from(["Europe/Paris", "UTC", "America/New_York"]))
    return Span(start=start, end=start + draw(lengths), zone=zone)


@st.composite
def participants(draw: st.DrawFn) -> tuple[Participant, ...]:
    owner = Participant(
        person_id=CLAIRE.id, is_owner=True, presence=draw(st.sampled_from(Presence))
    )
    others = draw(st.lists(st.sampled_from([IVAN, JEAN, MARIE, PAUL]), unique=True, max_size=3))
    people = [Participant(person_id=p.id, presence=draw(st.sampled_from(Presence))) for p in others]
    guests = [
        Participant(address=f"invite{n}@ailleurs.example", name=draw(texts.filter(_is_name)))
        for n in range(draw(st.integers(0, 2)))
    ]
    return (owner, *people, *guests)


def _is_name(text: str) -> bool:
    return not set(text) & {'"', "\\"}


@st.composite
def appointments(draw: st.DrawFn) -> Appointment:
    span, people = draw(spans()), draw(participants())
    single = Appointment(
        uid="essai",
        type_code=draw(st.sampled_from(["client", "interne", "intervenant"])),
        span=span,
        subject=draw(texts.filter(lambda text: not text.lower().startswith(("cancel", "annul")))),
        location=draw(texts),
        notes=draw(notes),
        state=draw(st.sampled_from(State)),
        participants=people,
        sequence=draw(st.integers(0, 5)),
    )
    if draw(st.booleans()):
        return single
    series = replace(single, recurrence=Recurrence(rules=("FREQ=DAILY;COUNT=9",)))
    for days in draw(st.sets(st.integers(1, 8), max_size=3)):
        original = span.start + timedelta(days=days)
        occurrence = Occurrence(
            original=original,
            span=span.moved_to(original + timedelta(days=draw(st.integers(0, 2)))),
            subject=series.subject,
            location=draw(texts),
            notes=series.notes,
            state=draw(st.sampled_from(State)),
            participants=people,
        )
        series = rules.with_occurrence(series, occurrence)
    return series


def _reread(text: str, previous: Appointment) -> Appointment:
    """What the text says to somebody who knew the appointment before."""
    return replace(settled(text, previous), sequence=previous.sequence)


def _check_same(found: Appointment, wanted: Appointment) -> None:
    """The order of participants is that of their lines, which means nothing."""
    assert diff(wanted, found) == ()
    for field in fields(wanted):
        if field.name not in ("sequence", "time_sequence", "participants", "occurrences"):
            assert getattr(found, field.name) == getattr(wanted, field.name), field.name
    assert set(found.participants) == set(wanted.participants)
    assert [_unordered(o) for o in found.occurrences] == [_unordered(o) for o in wanted.occurrences]


def _unordered(occurrence: Occurrence) -> tuple[Occurrence, frozenset[Participant]]:
    return replace(occurrence, participants=()), frozenset(occurrence.participants)


@given(appointments())
@settings(max_examples=60, deadline=None)
def test_what_is_written_reads_back(appointment: Appointment) -> None:
    text = write(appointment, WORDS, stamp=NOW)
    draft = drafted(text)
    assert draft.span == appointment.span
    assert (draft.subject, draft.location) == (appointment.subject, appointment.location)
    assert draft.notes == appointment.notes
    assert draft.recurrence == appointment.recurrence
    assert draft.type_code == appointment.type_code
    assert len(draft.occurrences) == len(appointment.occurrences)
    _check_same(_reread(text, appointment), appointment)
    assert all(len(line.encode()) <= 76 for line in text.split("\r\n"))


@given(appointments(), st.sampled_from(CLIENTS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_can_be_made_to_say_anything(appointment: Appointment, path: Path) -> None:
    before, old = stored(path.read_bytes().decode())
    wanted = replace(appointment, uid=old.uid)
    text = patch(before, wanted, WORDS, said=old, stamp=NOW, touch=True)
    _check_same(_reread(text, wanted), wanted)
    assert patch(text, wanted, WORDS, said=wanted, stamp=NOW, touch=True) == text


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_what_is_stored_is_not_touched_again(path: Path) -> None:
    text, appointment = stored(path.read_bytes().decode())
    assert patch(text, appointment, WORDS, said=drafted(text), stamp=NOW) == text
    assert patch(text, appointment, WORDS, said=appointment, stamp=NOW, touch=True) == text


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_nothing_a_client_sent_is_lost(path: Path) -> None:
    sent = to_crlf(path.read_bytes().decode())
    text, _ = stored(sent)
    _, private = withdraw_private(sent, zone="Europe/Paris")
    kept = set(unfold(text)) | {line for own in private.values() for line in unfold(own)}
    mapped = ("ATTENDEE", "ORGANIZER", "STATUS", "SEQUENCE", "COLOR", "SUMMARY:Cancelled")
    lost = [line for line in unfold(sent) if line not in kept and not line.startswith(mapped)]
    zone_lines = [line for line in lost if line.startswith(("X-TZINFO", "TZ", "DTSTART:1"))]
    assert [line for line in lost if line not in zone_lines] == []


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda a: rules.record_presence(a, IVAN.id, Presence.ACCEPTED), 1),
        (lambda a: replace(a, subject="Autre"), 1),
        (lambda a: replace(a, location="Ailleurs"), 1),
        (lambda a: replace(a, notes="Autres"), 1),
        (lambda a: rules.remove_participant(a, IVAN.id), 1),
        (lambda a: rules.add_participant(a, Participant(person_id=PAUL.id)), 1),
        (lambda a: rules.give_ownership(a, IVAN.id), 2),
    ],
)
def test_one_change_is_one_line(change: object, lines: int) -> None:
    text, old = stored(client_text("thunderbird"))
    assert callable(change)
    after = patch(text, change(old), WORDS, said=old, stamp=NOW)
    before_lines, after_lines = set(unfold(text)), set(unfold(after))
    assert len(before_lines ^ after_lines) <= 2 * lines
    assert max(len(before_lines - after_lines), len(after_lines - before_lines)) == lines


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_views(path: Path) -> None:
    sent = to_crlf(path.read_bytes().decode())
    zone = drafted(sent).span.zone
    shared, private = withdraw_private(sent, zone=zone)
    slots = find_slots(shared, zone=zone)
    assert render(shared, slots, View()) == shared
    assert "VALARM" not in shared
    if "LASTACK" not in sent:
        assert render(shared, slots, View(private=private)) == sent
    masked = render(shared, slots, View(notes_hidden=True))
    assert drafted(masked).notes == ""
    assert drafted(masked).subject == drafted(shared).subject
    refused = render(
        shared, slots, View(presences={"": Presence.DECLINED}, private={"": "X-NEVER:1\r\n"})
    )
    assert refused.count("TRANSP:TRANSPARENT\r\n") == shared.count("BEGIN:VEVENT")
    assert "X-NEVER" not in refused
    parse(refused)


def test_one_date_has_a_view_of_its_own() -> None:
    text, _ = stored(client_text("apple"))
    slots = find_slots(text, zone="Europe/Paris")
    key = "2026-12-04T10:30:00"
    view = View(
        organizer_address="alice@agence.example",
        organizer_name="Agence",
        presences={"": Presence.ACCEPTED, key: Presence.DECLINED},
    )
    seen = drafted(render(text, slots, view))
    assert seen.organizer is not None
    assert (seen.organizer.address, seen.organizer.presence) == (
        "alice@agence.example",
        Presence.ACCEPTED,
    )
    (moved,) = seen.occurrences
    assert moved.organizer is not None
    assert moved.organizer.presence is Presence.DECLINED


def test_no_slots_and_no_presence() -> None:
    assert render("x", "", View()) == "x"
    text, _ = stored(client_text("davx5"))
    view = View(organizer_address="a@b.example", organizer_name="A")
    assert "ORGANIZER;CN=A:mailto:a@b.example" in render(
        text, find_slots(text, zone="Europe/Paris"), view
    )
    assert find_slots("no calendar", zone="Europe/Paris") == ""


@pytest.mark.skipif(not CORPUS, reason="the corpus is not here")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_corpus(path: Path) -> None:
    """Each object is refused with a reason, or read, written, viewed and found in time."""
    try:
        parts = [part for _, part in split_by_uid(path.read_bytes().decode("utf-8", "replace"))]
    except NotCalendarData:
        return
    for part in parts:
        started = time.process_time()
        _check_part(part)
        assert time.process_time() - started < 2


def _check_part(part: str) -> None:
    try:
        text, appointment = stored(part)
        time_index(appointment, now=NOW)
    except CalendarDataRefused:
        return
    slots = find_slots(text, zone=appointment.span.zone)
    assert render(text, slots, View()) == text
    assert patch(text, appointment, WORDS, said=appointment, stamp=NOW, touch=True) == text
    _check_same(_reread(text, appointment), appointment)


@given(st.sampled_from(CLIENTS), st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_objects_are_refused_or_read(path: Path, data: st.DataObject) -> None:
    text = path.read_bytes().decode()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        insert = data.draw(st.text(max_size=4))
        text = text[:place] + insert + text[place + data.draw(st.integers(0, 6)) :]
    with contextlib.suppress(CalendarDataRefused):
        stored(text)
