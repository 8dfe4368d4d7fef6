"""Sending somebody else in one's place."""

from __future__ import annotations

from dataclasses import replace

from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.answering import settle_answer
from rdv_caldav.domain.directory import Directory
from rdv_caldav.domain.draft import Draft
from rdv_caldav.domain.merge import Writing, settle
from support.agency import ALICE, CLAIRE, EVERYBODY, IVAN, SETTINGS, line, served, visit, writing

AGENCY = "rdv@agence.example"


def sending(draft: Draft, person: Person, *addresses: str) -> Draft:
    lines = tuple(
        replace(user, delegates=addresses) if user.name == person.name else user
        for user in draft.attendees
    )
    return replace(draft, attendees=lines)


def test_a_colleague_comes_in_by_an_answer() -> None:
    draft = sending(served(visit()), IVAN, ALICE.addresses[0])
    settled = settle_answer(draft, visit(), writing(IVAN, IVAN))
    assert settled.person_ids == visit().person_ids | {ALICE.id}


def test_who_left_does_not() -> None:
    gone = replace(ALICE, active=False)
    people = Directory([gone if each is ALICE else each for each in EVERYBODY], SETTINGS)
    circumstances: Writing = replace(writing(IVAN, IVAN), directory=people)
    draft = sending(served(visit()), IVAN, ALICE.addresses[0])
    assert settle_answer(draft, visit(), circumstances) == visit()


def test_who_takes_no_part_sends_nobody() -> None:
    draft = served(visit())
    stranger = replace(line(ALICE), delegates=(IVAN.addresses[0],))
    draft = replace(draft, attendees=(*draft.attendees, stranger))
    assert settle_answer(draft, visit(), writing(ALICE, ALICE)) == visit()


def test_nobody_sends_the_agency_itself() -> None:
    draft = sending(served(visit()), IVAN, AGENCY)
    settled = settle(draft, visit(), writing(ALICE, CLAIRE))
    assert settled.participants == visit().participants
