"""Forms saved upon what stands by now: merged, for one date, those that follow, or all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, Span, State
from rdv_caldav.domain.editing import Sheet, sheet_of
from rdv_caldav.domain.errors import (
    DateOutOfRange,
    EditRefused,
    ModuleOff,
    NotCalendarData,
    OwnerMissing,
    TooManyInstances,
    UnknownObject,
    UnknownOccurrence,
    UnknownType,
)
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import (
    appointment_editing,
    appointment_mails,
    appointment_pages,
    appointment_starting,
    appointments,
)
from rdv_caldav.services.appointment_editing import Edit, Overtaken, Saved, Scope
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.mailing import mail_listing
from support.agency import FIRST, FOURTH, GUEST, SECOND, THIRD, WEEKLY
from support.desk import PLAN, Desk

ZONE = "Europe/Paris"


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def shown(desk: Desk, appointment_id: int, original: datetime | None = None) -> Sheet:
    return sheet_of(desk.appointment(appointment_id), original, zone=ZONE)


def save(
    desk: Desk,
    appointment_id: int,
    base: Sheet,
    sheet: Sheet,
    *,
    original: datetime | None = None,
    scope: Scope = Scope.ALL,
    login: str = "alice",
) -> Saved | Overtaken:
    edit = Edit(base=base, sheet=sheet, original=original, scope=scope)
    return appointment_editing.save(
        desk.tx, desk.actor(login), appointment_id, edit, now=desk.now, confirmed=True
    )


def series(desk: Desk) -> int:
    return desk.plan("ivan", "alice", plan=replace(PLAN, recurrence=WEEKLY))


# -- one that does not repeat -------------------------------------------------------------


def test_only_what_was_changed_counts(desk: Desk) -> None:
    planned = desk.plan("ivan")
    base = shown(desk, planned)
    assert save(desk, planned, base, replace(base, location="Ailleurs")) == Saved(
        appointment_id=planned
    )
    outcome = save(desk, planned, base, replace(base, subject="Bilan"), login="admin")
    assert outcome == Saved(appointment_id=planned, is_merged=True)
    appointment = desk.appointment(planned)
    assert (appointment.subject, appointment.location) == ("Bilan", "Ailleurs")


def test_nothing_is_written_where_somebody_has_to_choose(desk: Desk) -> None:
    planned = desk.plan()
    base = shown(desk, planned)
    save(desk, planned, base, replace(base, subject="Bilan"))
    outcome = save(desk, planned, base, replace(base, subject="Contrat", notes="À garder"))
    assert isinstance(outcome, Overtaken)
    assert outcome.clashes == ("subject",)
    assert (outcome.present.subject, outcome.merged.subject) == ("Bilan", "Contrat")
    assert outcome.merged.notes == "À garder"
    assert desk.appointment(planned).notes == base.notes


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"type_code": "rien"}, UnknownType),
        ({"owner": GUEST}, OwnerMissing),
        ({"owner": 999_999}, OwnerMissing),
        ({"rule": "FREQ=NEVER"}, NotCalendarData),
        ({"rule": "FREQ=MINUTELY"}, TooManyInstances),
        ({"participants": (Participant(person_id=999_999),)}, EditRefused),
    ],
)
def test_what_no_form_offers_is_refused(
    desk: Desk, changes: dict[str, object], refusal: type[Exception]
) -> None:
    planned = desk.plan()
    base = shown(desk, planned)
    with pytest.raises(refusal):
        save(desk, planned, base, replace(base, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("year", [1912, 3001])
def test_slips_of_the_keyboard_are_refused(desk: Desk, year: int) -> None:
    planned = desk.plan()
    base = shown(desk, planned)
    moved = base.span.moved_to(base.span.start.replace(year=year))
    with pytest.raises(DateOutOfRange) as refused:
        save(desk, planned, base, replace(base, span=moved))
    assert refused.value.too_late == (year > 2000)


def test_nobody_edits_what_is_not_his_or_gone(desk: Desk) -> None:
    planned = desk.plan("ivan")
    base = shown(desk, planned)
    with pytest.raises(EditRefused):
        save(desk, planned, base, replace(base, subject="Bilan"), login="ivan")
    with pytest.raises(UnknownObject):
        save(desk, 999_999, base, base)
    appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    with pytest.raises(UnknownObject):
        save(desk, planned, base, base)


# -- series -------------------------------------------------------------------------------


def test_following_dates_keep_what_programs_wrote(desk: Desk) -> None:
    planned = series(desk)
    stored = desk.tx.appointments.get(planned)
    assert stored
    text = stored.text.replace("END:VEVENT", "X-AUTRE-PROGRAMME:gardé\r\nEND:VEVENT", 1)
    actor = desk.actor("alice")
    put_object(desk.tx, actor, "alice", stored.href, parse(text), now=desk.now)
    base = shown(desk, planned, THIRD)
    moved = replace(base, span=base.span.moved_to(THIRD.replace(hour=15)))
    outcome = save(desk, planned, base, moved, original=THIRD, scope=Scope.FOLLOWING)
    assert isinstance(outcome, Saved)
    follows = desk.tx.appointments.get(outcome.appointment_id)
    assert follows
    assert "X-AUTRE-PROGRAMME:gardé" in follows.text
    assert f"UID:{follows.appointment.uid}" in follows.text
    assert parse(follows.text).uid == follows.appointment.uid
    assert follows.appointment.span.start == THIRD.replace(hour=15)
    assert desk.calendars(outcome.appointment_id) == {"claire", "ivan", "alice"}
    answers = {p.presence for p in follows.appointment.participants if not p.is_owner}
    assert answers == {Presence.NEEDS_ACTION}
    head = desk.appointment(planned)
    assert head.recurrence
    assert "UNTIL=" in head.recurrence.rules[0]


def test_following_dates_remind_as_before(desk: Desk) -> None:
    planned = series(desk)
    account_id = desk.actor("ivan").account.id
    own = {"": "X-EIGEN:1\r\n", SECOND.isoformat(): "X-A:1\r\n", FOURTH.isoformat(): "X-B:1\r\n"}
    desk.tx.calendars.save_overlay(account_id, planned, own)
    base = shown(desk, planned, THIRD)
    changed = replace(base, subject="Bilan")
    outcome = save(desk, planned, base, changed, original=THIRD, scope=Scope.FOLLOWING)
    assert isinstance(outcome, Saved)
    kept = {"": own[""], FOURTH.isoformat(): own[FOURTH.isoformat()]}
    assert desk.tx.calendars.overlays_of(outcome.appointment_id) == [(account_id, kept)]


def test_following_the_first_date_is_all_of_it(desk: Desk) -> None:
    planned = series(desk)
    base = shown(desk, planned, FIRST)
    changed = replace(base, subject="Bilan")
    outcome = save(desk, planned, base, changed, original=FIRST, scope=Scope.FOLLOWING)
    assert outcome == Saved(appointment_id=planned)
    assert desk.appointment(planned).subject == "Bilan"


def test_one_date_alone(desk: Desk) -> None:
    planned = series(desk)
    base = shown(desk, planned, SECOND)
    changed = replace(base, subject="Bilan")
    save(desk, planned, base, changed, original=SECOND, scope=Scope.DATE)
    appointment = desk.appointment(planned)
    assert (appointment.subject, appointment.occurrences[0].subject) == ("Visite", "Bilan")


def test_dates_that_the_new_rule_lacks_go(desk: Desk) -> None:
    planned = series(desk)
    for original in (SECOND, FOURTH):
        appointments.set_state(
            desk.tx,
            desk.actor("alice"),
            planned,
            State.CANCELLED,
            now=desk.now,
            original=original,
        )
    base = shown(desk, planned)
    save(desk, planned, base, replace(base, rule="FREQ=WEEKLY;COUNT=3"))
    assert [o.original for o in desk.appointment(planned).occurrences] == [SECOND]


# -- starting -----------------------------------------------------------------------------


def test_a_new_one_begins_with_what_the_agency_chose(desk: Desk) -> None:
    actor, claire = desk.actor("alice"), desk.person("claire")
    begin, end = datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 12)
    first = appointment_starting.first_sheet(
        desk.tx, actor, claire, now=desk.now, start=begin, end=end
    )
    assert first.span == Span(start=begin, end=end, zone=ZONE)
    assert (first.owner, first.type_code) == (claire.id, "client")
    whole = appointment_starting.first_sheet(
        desk.tx,
        actor,
        claire,
        now=desk.now,
        start=datetime(2026, 12, 1),
        end=datetime(2026, 12, 3),
    )
    assert whole.span.all_day
    made = appointment_editing.create(
        desk.tx, actor, "claire", first, now=desk.now, confirmed=False
    )
    assert desk.appointment(made).owner.presence is Presence.ACCEPTED


def test_one_like_another_asks_everybody_anew(desk: Desk) -> None:
    planned = series(desk)
    appointments.record_presence(
        desk.tx,
        desk.actor("alice"),
        planned,
        desk.person("ivan").id,
        Presence.DECLINED,
        now=desk.now,
    )
    paul = desk.person("paul")
    first = appointment_starting.first_sheet(desk.tx, desk.actor("alice"), paul, now=desk.now)
    copy = appointment_starting.like(shown(desk, planned), first)
    assert copy.owner == paul.id
    assert copy.rule == ""
    assert {p.presence for p in copy.participants if p.key != paul.id} == {Presence.NEEDS_ACTION}


def test_the_module_is_off(desk: Desk) -> None:
    planned = desk.plan()
    desk.tx.agency.save_setting("module_enabled", False)
    with pytest.raises(ModuleOff):
        appointment_starting.place_for(desk.tx, desk.actor("alice"), "claire")
    with pytest.raises(ModuleOff):
        appointment_pages.open_page(desk.tx, desk.actor("alice"), planned)


# -- reading ------------------------------------------------------------------------------


def test_who_takes_part_in_one_date_sees_that_date(desk: Desk) -> None:
    planned = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    base = shown(desk, planned, THIRD)
    ivan = desk.person("ivan").id
    added = replace(base, participants=(*base.participants, Participant(person_id=ivan)))
    save(desk, planned, base, added, original=THIRD, scope=Scope.DATE)
    actor = desk.actor("ivan")
    page = appointment_pages.open_page(desk.tx, actor, planned)
    assert page.original == THIRD
    assert [d.original for d in appointment_pages.dates_around(page, actor, now=desk.now)] == [
        THIRD
    ]
    with pytest.raises(UnknownObject):
        appointment_pages.open_page(desk.tx, actor, planned, original=SECOND)
    editor = desk.actor("alice")
    whole = appointment_pages.open_page(desk.tx, editor, planned)
    assert len(appointment_pages.dates_around(whole, editor, now=desk.now)) == 4
    with pytest.raises(UnknownOccurrence):
        appointment_pages.open_page(desk.tx, editor, planned, original=datetime(2027, 1, 1))


def test_excluded_dates_are_none(desk: Desk) -> None:
    without = Recurrence(rules=WEEKLY.rules, excluded=(SECOND,))
    planned = desk.plan(plan=replace(PLAN, recurrence=without))
    with pytest.raises(UnknownOccurrence):
        appointment_pages.open_page(desk.tx, desk.actor("alice"), planned, original=SECOND)


def test_the_history_hides_notes_from_clients(desk: Desk) -> None:
    planned = desk.plan()
    base = shown(desk, planned)
    save(desk, planned, base, replace(base, notes="Secret"))
    told = {}
    for login in ("alice", "claire"):
        page = appointment_pages.open_page(desk.tx, desk.actor(login), planned)
        deeds = appointment_pages.history(desk.tx, page)
        told[login] = {entry.event for deed in deeds for entry in deed.entries}
    assert "NotesChanged" in told["alice"]
    assert "NotesChanged" not in told["claire"]


def test_letters_go_to_who_has_an_address(desk: Desk) -> None:
    planned = desk.plan("paul", plan=replace(PLAN, participants=(Participant(address=GUEST),)))
    letter = appointment_mails.Letter(subject="Visite", body="Bonjour")
    keys: list[int | str] = [desk.person("claire").id, desk.person("paul").id, GUEST]
    count = appointment_mails.send(
        desk.tx, desk.actor("alice"), planned, keys, lambda _: letter, now=desk.now
    )
    assert count == 2
    page = appointment_pages.open_page(desk.tx, desk.actor("alice"), planned)
    sent = mail_listing.correspondence(desk.tx, page, most=50).sent
    rows = [row for row in sent if row.method == "MESSAGE"]
    assert {row.recipient for row in rows} == {"claire@famille.example", GUEST}
    with pytest.raises(EditRefused):
        appointment_mails.send(
            desk.tx, desk.actor("claire"), planned, keys, lambda _: letter, now=desk.now
        )
    claire = appointment_pages.open_page(desk.tx, desk.actor("claire"), planned)
    assert not mail_listing.correspondence(desk.tx, claire, most=50).sent


def test_the_rules_hold_for_what_is_divided(desk: Desk) -> None:
    planned = series(desk)
    base = shown(desk, planned, THIRD)
    ivan = desk.person("ivan").id
    given = replace(base, owner=ivan)
    outcome = save(desk, planned, base, given, original=THIRD, scope=Scope.FOLLOWING)
    assert isinstance(outcome, Saved)
    assert desk.appointment(outcome.appointment_id).owner.person_id == ivan
    assert desk.appointment(planned).owner.person_id == desk.person("claire").id
    rules.check_ownership(desk.appointment(outcome.appointment_id))


# -- looking for participants -------------------------------------------------------------


def names(desk: Desk, login: str, words: str) -> list[str]:
    found = appointment_pages.find_persons(desk.tx, desk.actor(login), words)
    return [person.slug for person in found]


def test_persons_are_found_by_words_of_their_names(desk: Desk) -> None:
    assert names(desk, "alice", "DUPONT mari") == ["marie-dupont"]
    assert names(desk, "alice", "sophie") == ["sophie"]
    assert names(desk, "nora", "sophie") == [], "of another secteur"
    assert names(desk, "nora", "dupont") == ["jean-dupont", "marie-dupont"]
    assert names(desk, "ivan", "") == ["admin", "alice", "ivan"], "staff know each other"
    assert names(desk, "claire", "") == []
    claire = desk.person("claire").id
    everybody = appointment_pages.find_persons(
        desk.tx, desk.actor("admin"), "", without=frozenset({claire})
    )
    assert len(everybody) == 7
    assert claire not in {person.id for person in everybody}
