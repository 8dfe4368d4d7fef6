"""An agency at work: what each program may write, and what then has to be true of the book."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.agency import DEFAULT_TYPES, PersonKind, Role
from rdv_caldav.domain.directory import Directory
from rdv_caldav.ical.objects import parse
from rdv_caldav.ical.reader import read
from rdv_caldav.settings import Settings
from rdv_radicale.application import create_app
from support import programs
from support.dav import DavClient
from support.expected import Expected
from support.programs import Copy, Program
from support.scenario import Clock
from support.scheduling import admit, hire
from support.small_agency import found_agency

EDITORS = ("alice", "admin", "bruno")
# (account, whose calendar): an editor's programs show others' too, and Jean's is nobody else's
PROGRAMS = (
    ("alice", "alice"),
    ("alice", "claire"),
    ("admin", "alice"),
    ("admin", "marie-dupont"),
    ("bruno", "bruno"),
    ("bruno", "jean-dupont"),
    ("ivan", "ivan"),
    ("claire", "claire"),
    ("marie-dupont", "marie-dupont"),
    ("paul", "paul"),
)
SLUGS = ("alice", "bruno", "ivan", "claire", "jean-dupont", "marie-dupont", "paul")

Write = Callable[[str, str], str]


class Office:
    """Ten programs of seven people on one appointment book."""

    def __init__(self, database_url: str) -> None:
        self.clock = Clock()
        self.database = Database(database_url)
        self.book = AppointmentBook(settings=Settings(), database=self.database, clock=self.clock)
        found_agency(self.book)
        hire(self.book, "bruno", PersonKind.GESTIONNAIRE)
        admit(self.book, "bruno", Role.GESTIONNAIRE)
        admit(self.book, "marie-dupont", Role.CLIENT)
        admit(self.book, "paul", Role.CLIENT)
        app = create_app(self.book)
        self.programs = [Program(DavClient(app, login), slug) for login, slug in PROGRAMS]
        self.expected: dict[str, Expected] = {}
        self.names: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.slug_of_id: dict[int, str] = {}
        with self.database.reading() as tx:
            people = tx.people.everyone()
            directory = Directory(people, tx.agency.settings())
        for person in people:
            self.names[person.slug] = person.name
            self.addresses[person.slug] = directory.address_of(person)
            self.slug_of_id[person.id] = person.slug
        self.slugs = {address: slug for slug, address in self.addresses.items()}

    # -- how they do it -------------------------------------------------------------------

    def chosen(
        self, program: int, which: int, *, series: bool | None = None
    ) -> tuple[Program, Copy | None]:
        """Choose one of the programs with such copies, and one of these."""
        self.clock.now += timedelta(minutes=1)
        fitting = [
            (each, copies)
            for each in self.programs
            if (copies := [one for one in each.sorted() if series in (None, is_series(one))])
        ]
        if not fitting:
            return self.programs[program], None
        chosen, copies = fitting[program % len(fitting)]
        return chosen, copies[which % len(copies)]

    def original(self, text: str, date: int) -> datetime:
        """Choose one of the dates of a series, as its text has it."""
        master, _ = programs.said(text)
        return master.start + timedelta(days=date % master.days)

    def said_of(self, program: Program, copy: Copy) -> list[str | None]:
        """Return what a copy says of the answers of its reader."""
        own = self.addresses[program.login]
        master, dates = programs.said(copy.text)
        return [each.answers.get(own) for each in (master, *dates.values())]

    def edits(self, program: Program, expected: Expected) -> bool:
        """Tell whether a program's user may edit an appointment."""
        return program.login in EDITORS or (program.login == "ivan" and expected.owner == "ivan")

    def fits(self, program: Program, copy: Copy) -> bool:
        """Tell whether a write from a copy must be taken: nothing would be written over by it.

        An editor's copy has to be that of now. Of who may only answer others' answers may be
        news to it.
        """
        now = program.now(copy.name)
        if now is None:
            return False
        if self.edits(program, self.expected[uid_of(copy)]):
            assert now.etag != copy.etag or now.text == copy.text
            return now.etag == copy.etag
        return now.schedule_tag == copy.schedule_tag

    def refusal(self, program: Program, copy: Copy) -> int:
        """Return how a DELETE or a MOVE from a copy that does not fit is refused."""
        return 404 if program.now(copy.name) is None else 412

    def write(self, program: int, which: int, write: Write, *, series: bool | None = None) -> bool:
        """Change a copy and PUT it; tell whether it was taken.

        ``write`` is given its text and the address of who writes.
        """
        chosen, copy = self.chosen(program, which, series=series)
        if copy is None:
            return False
        expected, fits = self.expected[uid_of(copy)], self.fits(chosen, copy)
        edits, text = self.edits(chosen, expected), write(copy.text, self.addresses[chosen.login])
        answer = chosen.put(copy.name, text, if_match=copy.etag)
        assert answer.status == (204 if fits else 412), (answer.status, answer.body)
        if fits:
            take_over = expected.edited if edits else expected.answered
            take_over(text, chosen.login, self.slugs)
        else:
            chosen.synchronise()
        self.check(expected.uid)
        return fits

    # -- what has to be true --------------------------------------------------------------

    def check(self, uid: str) -> None:
        """Hold that an appointment is what it has to be, wherever it is to be seen."""
        expected = self.expected[uid]
        self.check_row(expected)
        for program in self.programs:
            shown = program.now(f"{uid}.ics")
            assert (shown is not None) == (program.slug in expected.shown_to), program.calendar
            if shown is not None:
                self.check_text(expected, shown.text)

    def check_text(self, expected: Expected, text: str) -> None:
        """Hold that an object says what the appointment is."""
        master, dates = programs.said(text)
        assert (master.start, master.subject) == (expected.start, expected.subject)
        assert [self.slugs[address] for address in master.chairs] == [expected.owner]
        assert self.by_slug(master.answers) == expected.answers
        assert {each: self.by_slug(date.answers) for each, date in dates.items()} == {
            each: date.answers for each, date in expected.dates.items()
        }
        assert {each: date.start for each, date in dates.items()} == {
            each: date.start for each, date in expected.dates.items()
        }

    def check_row(self, expected: Expected) -> None:
        """Hold that the row has one owner, and says what its text says."""
        with self.database.reading() as tx:
            stored: Stored | None
            if expected.trashed:
                found = {each.appointment.uid: each for each in tx.appointments.trashed()}
                stored = found.get(expected.uid)
            else:
                stored = tx.appointments.get(tx.appointments.id_of_uid(expected.uid) or 0)
            agency = tx.agency.settings()
        assert stored is not None, expected.uid
        row = stored.appointment
        owners = [each for each in row.participants if each.is_owner]
        assert [self.slug_of_id[each.person_id or 0] for each in owners] == [expected.owner]
        self.check_text(expected, stored.text)
        draft = read(parse(stored.text), settings=agency, types=DEFAULT_TYPES)
        assert (row.span, row.subject, row.recurrence) == (
            draft.span,
            draft.subject,
            draft.recurrence,
        )
        stated = {self.slugs[each.address]: each.presence for each in draft.attendees}
        assert self.of_row(row) == stated
        assert {each.original: (each.span, self.of_row(each)) for each in row.occurrences} == {
            each.original: (each.span, {self.slugs[a.address]: a.presence for a in each.attendees})
            for each in draft.occurrences
        }

    def check_listing(self, program: Program) -> None:
        """Hold that a program which synchronised has what the calendar holds, and no more."""
        shown = {
            f"{uid}.ics" for uid, each in self.expected.items() if program.slug in each.shown_to
        }
        assert set(program.copies) == shown
        for name, copy in program.copies.items():
            assert copy == program.now(name)

    def by_slug(self, answers: dict[str, str]) -> dict[str, str]:
        """Return answers by person."""
        return {self.slugs[address]: answer for address, answer in answers.items()}

    def of_row(self, details: Any) -> dict[str, Any]:
        """Return the answers of a row, or of one date of it, by person."""
        return {self.slug_of_id[each.person_id]: each.presence for each in details.participants}


def uid_of(copy: Copy) -> str:
    return copy.name.removesuffix(".ics")


def is_series(copy: Copy) -> bool:
    return programs.said(copy.text)[0].days > 1
