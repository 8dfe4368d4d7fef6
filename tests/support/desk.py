"""A desk in the small agency: one open transaction, with everybody at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Appointment, Participant
from rdv_caldav.ical.availability import Hours, weekly_availability
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.appointments import Plan
from support.agency import span

DAY = (("08:00", "12:00"), ("14:00", "18:00"))
WEEK = dict.fromkeys(("MO", "TU", "WE", "TH", "FR"), DAY)
PLAN = Plan(subject="Visite", span=span(), location="1 rue de l'Exemple", notes="Note interne")


@dataclass(frozen=True, slots=True)
class Desk:
    """One transaction, with everybody at hand."""

    tx: Transaction
    now: datetime

    def actor(self, login: str) -> Actor:
        return actor_for(self.tx, login, channel=Channel.WEB)

    def person(self, slug: str) -> Person:
        found = self.tx.people.by_slug(slug)
        assert found is not None, slug
        return found

    def plan(
        self, *slugs: str, plan: Plan = PLAN, login: str = "alice", page: str = "claire"
    ) -> int:
        others = tuple(Participant(person_id=self.person(slug).id) for slug in slugs)
        plan = replace(plan, participants=(*others, *plan.participants))
        return appointments.create(self.tx, self.actor(login), page, plan, now=self.now)

    def works(self, slug: str, hours: Hours = WEEK) -> None:
        """Give somebody working hours."""
        text = weekly_availability(hours, zone="Europe/Paris")
        self.tx.people.save_availability(self.person(slug).id, text)

    def appointment(self, appointment_id: int) -> Appointment:
        stored = self.tx.appointments.get(appointment_id)
        assert stored is not None
        return stored.appointment

    def calendars(self, appointment_id: int) -> set[str]:
        """Return whose calendars show it."""
        account = self.actor("admin").account
        uid = self.appointment(appointment_id).uid
        return {
            person.slug
            for person in self.tx.people.everyone()
            if self.tx.reading.snapshot(account, person.slug)
            and self.tx.members.uid_exists(person.id, uid)
        }
