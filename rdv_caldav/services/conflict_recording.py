"""What a write says and keeps of conflicts: lines in the text, rows, journal entries.

Client programs are only informed. Pages are refused what a rule blocks, and asked to confirm
the rest if they wish to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.conflicts import Conflict, ConflictCode, may_matter
from rdv_caldav.domain.errors import Conflicting
from rdv_caldav.domain.events import ConflictFound, Event
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.conflict_lines import Note, free_components, put_conflicts, says_conflicts
from rdv_caldav.services.access import Actor, Channel
from rdv_caldav.services.conflict_finding import Findings, find

MOST_TOLD = 10
"""Conflicts of one appointment that its text and its journal tell one by one."""

_SENTENCES = {
    ConflictCode.OVERLAP: "déjà un rendez-vous",
    ConflictCode.PERSONAL: "occupé",
    ConflictCode.HOURS: "hors de ses horaires",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is to be stored: the text with its lines, and ``findings`` if there was a search."""

    text: str
    findings: Findings | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Journal entries of the conflicts that were not there before."""
        new = self.findings.new if self.findings else []
        return tuple(
            ConflictFound(
                code=conflict.code.value,
                person_id=conflict.person_id,
                start=conflict.start,
                end=conflict.end,
                other_id=conflict.other_id,
            )
            for conflict in new[:MOST_TOLD]
        )

    def store(self, tx: Transaction, appointment_id: int, *, is_new: bool = False) -> None:
        """Keep the conflicts of the appointment, which is stored by now."""
        if self.findings is None:
            return
        if is_new:
            tx.conflicts.add(appointment_id, self.findings.found)
        else:
            tx.conflicts.replace(
                appointment_id, known=self.findings.known, found=self.findings.found
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictWatch:
    """Looks for conflicts of what ``actor`` writes at ``now`` (aware).

    ``confirmed`` says that he need not be asked about what only informs.
    """

    tx: Transaction
    actor: Actor
    settings: AgencySettings
    now: datetime
    confirmed: bool = True

    def look(
        self,
        stored: Stored | None,
        appointment: Appointment,
        *,
        index: TimeIndex,
        text: str,
        happened: Iterable[Event],
        arrives: bool = False,
    ) -> Outcome:
        """Return what follows for an appointment from its next state, before it is stored.

        ``arrives`` says that a calendar shows it anew. Where nothing happened that matters,
        nothing is searched. Raises Conflicting.
        """
        if stored is not None and not (
            arrives or may_matter(happened) or _frees_otherwise(stored, appointment, text)
        ):
            return self._as_known(stored, text)
        self._take_turn(stored, appointment)
        findings = find(
            self.tx,
            self.settings,
            appointment,
            index=index,
            text=text,
            now=self.now,
            appointment_id=stored.id if stored else 0,
        )
        self._refuse(findings.new)
        return Outcome(text=put_conflicts(text, self._notes(findings.found)), findings=findings)

    def _as_known(self, stored: Stored, text: str) -> Outcome:
        """Let a text say what is known, if it or the one before says anything of conflicts."""
        if not (says_conflicts(text) or says_conflicts(stored.text)):
            return Outcome(text=text)
        codes = {rule.code for rule in self.settings.conflict_rules if rule.enabled}
        known = [each for each in self.tx.conflicts.of(stored.id) if each.code in codes]
        return Outcome(text=put_conflicts(text, self._notes(known)))

    def _take_turn(self, stored: Stored | None, appointment: Appointment) -> None:
        """Where a rule blocks, two writers must not overlook each other."""
        if any(rule.blocking and rule.enabled for rule in self.settings.conflict_rules):
            before = stored.appointment.all_person_ids if stored else frozenset()
            self.tx.conflicts.take_turns(before | appointment.all_person_ids)

    def _refuse(self, conflicts: Sequence[Conflict]) -> None:
        if self.actor.channel is not Channel.WEB or not conflicts:
            return
        blocking = {rule.code for rule in self.settings.conflict_rules if rule.blocking}
        blocked = [conflict for conflict in conflicts if conflict.code in blocking]
        if blocked:
            raise Conflicting("a participant cannot be had then", conflicts=blocked)
        if not self.confirmed:
            raise Conflicting(
                "a participant cannot be had then", conflicts=conflicts, can_confirm=True
            )

    def _notes(self, conflicts: Iterable[Conflict]) -> list[Note]:
        coming = [conflict for conflict in conflicts if conflict.end > self.now]
        if not coming:
            return []
        persons = self.tx.people.by_ids({conflict.person_id for conflict in coming})
        names = {person_id: person.name for person_id, person in persons.items()}
        notes = list(_sentences(coming[:MOST_TOLD], names, ZoneInfo(self.settings.time_zone)))
        if len(coming) > MOST_TOLD:
            notes.append(Note("SUITE", f"et {len(coming) - MOST_TOLD} autres conflits"))
        return notes


def _sentences(
    conflicts: Iterable[Conflict], names: dict[int, str], zone: ZoneInfo
) -> Iterator[Note]:
    """Say who and when, and nothing of what else he has: not all who read it may know that."""
    for conflict in conflicts:
        start, end = conflict.start.astimezone(zone), conflict.end.astimezone(zone)
        last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%d/%m/%Y %H:%M}"
        when = f"le {start:%d/%m/%Y} de {start:%H:%M} à {last}"
        sentence = f"{names[conflict.person_id]} : {_SENTENCES[conflict.code]} {when}"
        yield Note(conflict.code.value.upper(), sentence)


def _frees_otherwise(stored: Stored, appointment: Appointment, text: str) -> bool:
    """Tell whether a change of TRANSP alone blocks other times than before."""
    before = free_components(stored.text, zone=stored.appointment.span.zone)
    return before != free_components(text, zone=appointment.span.zone)
