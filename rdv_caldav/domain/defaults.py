"""What a new rendez-vous starts with, where nobody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from rdv_caldav.domain.appointment import Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentDefaults:
    """The agency's *Valeurs par défaut* of the fiche rendez-vous; the type is chosen by kind.

    ``start_time`` is a wall-clock time in the agency's zone, None for the next full hour.
    ``location_is_home`` proposes the address of a client in whose fiche it is planned, before
    ``location``. ``participant_ids`` are persons who take part of office. ``presence`` is the
    answer that added participants begin with. ``reminder_minutes`` before the start.
    ``template_id`` is the mail template that is offered first.
    """

    subject: str = ""
    start_time: time | None = None
    duration_minutes: int = 60
    location: str = ""
    location_is_home: bool = True
    notes: str = ""
    participant_ids: tuple[int, ...] = ()
    presence: Presence = Presence.NEEDS_ACTION
    reminder_minutes: int | None = None
    template_id: int | None = None
    invites_automatically: bool = False

    @property
    def duration(self) -> timedelta:
        """How long a new rendez-vous lasts."""
        return timedelta(minutes=self.duration_minutes)

    def start_after(self, now: datetime) -> datetime:
        """Return when a rendez-vous planned at ``now`` starts; both wall-clock times.

        Today at the agency's time, tomorrow once that is past; else at the next full hour.
        """
        if self.start_time is None:
            return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        today = datetime.combine(now.date(), self.start_time)
        return today if today > now else today + timedelta(days=1)
