"""Editors and attendees write at random, each from copies of his own that grow stale.

After every step the appointment that was touched is what the rules make of all that was done
to it: in the database, in its stored text, and in everybody's calendar. At the end all programs
synchronise, and have what the calendars hold. ``RDV_MACHINE_RUNS`` makes it run longer.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from support import programs
from support.expected import planned
from support.office import EDITORS, PROGRAMS, SLUGS, Office, uid_of
from support.postgresql import Cluster

pytestmark = pytest.mark.slow

RUNS = int(os.environ.get("RDV_MACHINE_RUNS", "12"))
STEPS = 40
START = datetime(2026, 12, 1, 9)
PRESENCES = ("ACCEPTED", "TENTATIVE", "DECLINED", "NEEDS-ACTION")

some_program = st.sampled_from(range(len(PROGRAMS)))
some_person = st.sampled_from(SLUGS)
some_presence = st.sampled_from(PRESENCES)
some_index = st.integers(min_value=0, max_value=6)


class Machine(RuleBasedStateMachine):
    """What may happen in the office, in any order."""

    new_database: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.office = Office(self.new_database())

    @initialize(
        others=st.lists(st.sets(some_person, max_size=4), min_size=3, max_size=3),
        days=st.permutations([1, 4, 4]),
    )
    def begin(self, others: list[set[str]], days: list[int]) -> None:
        for program, invited, length in zip((0, 5, 6), others, days, strict=True):
            self.create(program, invited, length)
        for each in self.office.programs:
            each.synchronise()

    @rule(
        program=some_program,
        others=st.sets(some_person, max_size=4),
        days=st.sampled_from([1, 1, 4]),
    )
    def create(self, program: int, others: set[str], days: int) -> None:
        chosen = self.office.programs[program]
        if chosen.login not in (*EDITORS, "ivan"):
            return
        uid = f"rdv{len(self.office.expected)}"
        invited = [
            (self.office.addresses[slug], self.office.names[slug]) for slug in sorted(others)
        ]
        text = programs.new_object(uid, START, days=days, attendees=invited)
        assert chosen.put(f"{uid}.ics", text, if_none_match="*").status == 201
        self.office.expected[uid] = planned(text, chosen.slug, self.office.slugs, uid=uid)
        self.office.check(uid)

    @rule(program=some_program, which=some_index, subject=st.sampled_from(["Bilan", "Visite"]))
    def rename(self, program: int, which: int, subject: str) -> None:
        self.office.write(program, which, lambda text, _: programs.renamed(text, subject))

    @rule(program=some_program, which=some_index, days=st.integers(1, 3))
    def move(self, program: int, which: int, days: int) -> None:
        self.office.write(program, which, lambda text, _: programs.moved(text, days), series=False)

    @rule(program=some_program, which=some_index, date=some_index, days=st.integers(1, 3))
    def move_date(self, program: int, which: int, date: int, days: int) -> None:
        def write(text: str, _: str) -> str:
            return programs.with_date_moved(text, self.office.original(text, date), days)

        self.office.write(program, which, write, series=True)

    @rule(program=some_program, which=some_index, presence=some_presence)
    def answer(self, program: int, which: int, presence: str) -> None:
        self.office.write(program, which, lambda text, own: programs.answered(text, own, presence))

    @rule(program=some_program, which=some_index, date=some_index, presence=some_presence)
    def answer_date(self, program: int, which: int, date: int, presence: str) -> None:
        def write(text: str, own: str) -> str:
            return programs.answered(text, own, presence, self.office.original(text, date))

        self.office.write(program, which, write, series=True)

    @rule(program=some_program, which=some_index, who=some_person, presence=some_presence)
    def answer_for(self, program: int, which: int, who: str, presence: str) -> None:
        address = self.office.addresses[who]
        self.office.write(
            program, which, lambda text, _: programs.answered(text, address, presence)
        )

    @rule(program=some_program, which=some_index, who=some_person)
    def invite(self, program: int, which: int, who: str) -> None:
        address, name = self.office.addresses[who], self.office.names[who]
        self.office.write(program, which, lambda text, _: programs.joined(text, address, name))

    @rule(program=some_program, which=some_index, who=some_person)
    def leave_out(self, program: int, which: int, who: str) -> None:
        self.office.write(
            program, which, lambda text, _: programs.left(text, self.office.addresses[who])
        )

    @rule(program=some_program, which=some_index, who=some_person)
    def give_ownership(self, program: int, which: int, who: str) -> None:
        self.office.write(
            program, which, lambda text, _: programs.crowned(text, self.office.addresses[who])
        )

    @rule(program=some_program, which=some_index, minutes=st.integers(5, 60))
    def set_alarm(self, program: int, which: int, minutes: int) -> None:
        chosen, copy = self.office.chosen(program, which)
        if copy is None:
            return
        others = [each for each in self.office.programs if each.login != chosen.login]
        before = [each.now(copy.name) for each in others]
        answers = self.office.said_of(chosen, copy)
        if self.office.write(program, which, lambda text, _: programs.reminded(text, minutes)):
            kept = chosen.now(copy.name)
            assert kept is not None
            # whoever refuses is not reminded
            refused = self.office.said_of(chosen, kept)[0] == "DECLINED"
            assert programs.said(kept.text)[0].has_alarm or refused
            if answers == self.office.said_of(chosen, kept):
                assert [each.now(copy.name) for each in others] == before

    @rule(program=some_program, which=some_index)
    def delete(self, program: int, which: int) -> None:
        chosen, copy = self.office.chosen(program, which)
        if copy is None:
            return
        fits = self.office.fits(chosen, copy)
        answer = chosen.client.request("DELETE", chosen.path(copy.name), if_match=copy.etag)
        assert answer.status == (204 if fits else self.office.refusal(chosen, copy)), answer.status
        if fits:
            del chosen.copies[copy.name]
            expected = self.office.expected[uid_of(copy)]
            expected.deleted(chosen.slug, by_editor=self.office.edits(chosen, expected))
        self.office.check(uid_of(copy))

    @rule(program=some_program, which=some_index, to=some_person)
    def transfer(self, program: int, which: int, to: str) -> None:
        chosen, copy = self.office.chosen(program, which)
        if copy is None or chosen.login not in EDITORS or to == chosen.slug:
            return
        expected, fits = self.office.expected[uid_of(copy)], self.office.fits(chosen, copy)
        status = 204 if to in expected.shown_to else 201
        status = status if fits else self.office.refusal(chosen, copy)
        target = f"/{chosen.login}/{to}/{copy.name}"
        chosen.client.move(chosen.path(copy.name), target, expect=status, if_match=copy.etag)
        if fits:
            del chosen.copies[copy.name]
            expected.handed_over(chosen.slug, to)
        self.office.check(uid_of(copy))

    @rule(program=some_program, which=some_index, date=some_index)
    def split(self, program: int, which: int, date: int) -> None:
        chosen, copy = self.office.chosen(program, which, series=True)
        if copy is None or not self.office.edits(chosen, self.office.expected[uid_of(copy)]):
            return
        original = self.office.original(copy.text, date)
        if original == programs.said(copy.text)[0].start:
            return
        uid = f"rdv{len(self.office.expected)}"
        before, after = programs.split(copy.text, uid, original)
        if self.office.write(program, which, lambda *_: before, series=True):
            assert chosen.put(f"{uid}.ics", after, if_none_match="*").status == 201
            self.office.expected[uid] = planned(after, chosen.slug, self.office.slugs, uid=uid)
            self.office.check(uid)

    @rule(which=some_index)
    def restore(self, which: int) -> None:
        trashed = [uid for uid, each in sorted(self.office.expected.items()) if each.trashed]
        if not trashed:
            return
        uid = trashed[which % len(trashed)]
        with self.office.database.writing() as tx:
            (found,) = [each for each in tx.appointments.trashed() if each.appointment.uid == uid]
            actor = actor_for(tx, "alice", channel=Channel.WEB)
            appointments.restore(tx, actor, found.id, now=self.office.clock())
        self.office.expected[uid].restored()
        self.office.check(uid)

    @rule(program=some_program)
    def synchronise(self, program: int) -> None:
        self.office.programs[program].synchronise()

    def teardown(self) -> None:
        try:
            for program in self.office.programs:
                program.synchronise()
                self.office.check_listing(program)
        finally:
            self.office.database.dispose()


def _run(new_database: Callable[[], str], runs: int) -> None:
    machine = type("Machine", (Machine,), {"new_database": staticmethod(new_database)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    made: list[Path] = []

    def new_database() -> str:
        made.append(tmp_path / f"{len(made)}.sqlite")
        shutil.copy(sqlite_template, made[-1])
        return f"sqlite:///{made[-1]}"

    _run(new_database, RUNS)


def test_on_postgresql(cluster: Cluster) -> None:
    _run(cluster.new_database, max(1, RUNS // 5))
