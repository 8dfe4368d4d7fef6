"""Writing appointments: a text of our own, or somebody's text with only what differs changed.

The laws of the lens: what a text says already is not touched, reading what was written gives
back the appointment, and nothing that a client program sent is lost save what the mapping
says.
"""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.domain.appointment import Appointment, Occurrence, Presence
from rdv_caldav.domain.diff import implied_occurrence
from rdv_caldav.domain.draft import Draft, DraftOccurrence
from rdv_caldav.ical import patching
from rdv_caldav.ical.attendee_lines import OwnLine, put_attendees, put_organizer
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    make_line,
    parse_components,
    text_value,
)
from rdv_caldav.ical.timezones import UTC_ZONE, component_key, known_zone
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.vtimezones import agrees, vtimezone

PRODID = "-//rdv-caldav//rdv-caldav//FR"

Said = Appointment | Draft


def write(appointment: Appointment, vocabulary: Vocabulary, *, stamp: datetime) -> str:
    """Return a text for an appointment that no client program wrote; ``stamp`` is UTC."""
    written = f"{stamp:%Y%m%dT%H%M%SZ}"
    skeleton = (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\nBEGIN:VEVENT\r\n"
        f"{make_line('UID', text_value(appointment.uid)).raw}"
        f"DTSTAMP:{written}\r\nCREATED:{written}\r\nLAST-MODIFIED:{written}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return patch(skeleton, appointment, vocabulary, said=None, stamp=stamp)


def patch(
    text: str,
    new: Appointment,
    vocabulary: Vocabulary,
    *,
    said: Said | None,
    stamp: datetime,
    touch: bool = False,
    own: OwnLine | None = None,
) -> str:
    """Return ``text`` with those lines changed that say something else than ``new``.

    ``said`` is what the text says: the draft that was read from it, or the appointment that
    was stored with it; None for a skeleton. With ``touch`` a change renews DTSTAMP and
    LAST-MODIFIED to ``stamp`` (UTC): for what no client program wrote itself. ``own`` is how
    the client program that made the text calls the acting account.
    """
    root = parse_components(text)
    calendar = next(iter(root.components("VCALENDAR")), root)
    calendar.drop("METHOD")
    patcher = _Patcher(calendar, new, vocabulary, said, stamp if touch else None, own)
    patcher.run()
    return root.text()


class _Patcher:
    """One patch under way over the VEVENTs of a calendar object."""

    def __init__(
        self,
        calendar: Component,
        new: Appointment,
        vocabulary: Vocabulary,
        said: Said | None,
        stamp: datetime | None,
        own: OwnLine | None,
    ) -> None:
        self.calendar, self.new, self.vocabulary = calendar, new, vocabulary
        self.said, self.stamp, self.own = said, stamp, own

    def run(self) -> None:
        overrides = self._overrides()
        master = next(e for e in self.calendar.components("VEVENT") if not _is_override(e))
        self._master(master)
        same_kind = self._keeps_kind()
        for key, event in overrides.items():
            if self.new.occurrence(datetime.fromisoformat(key)) is None:
                self.calendar.items.remove(event)
        for occurrence in self.new.occurrences:
            known = overrides.get(occurrence.original.isoformat())
            if known is None:
                self._add_override(master, occurrence)
                continue
            if not same_kind:
                original = patching.moment_like(master, "RECURRENCE-ID", occurrence.original)
                known.put(original)
            said = self._said_of(occurrence.original)
            self._event(known, said, occurrence, changed=not same_kind)
        self._zones()

    def _overrides(self) -> dict[str, Component]:
        span = self.said.span if self.said else self.new.span
        tzid = series_tzid(self.calendar)
        return {
            component_key(event, zone=span.zone, series_tzid=tzid): event
            for event in self.calendar.components("VEVENT")
            if _is_override(event)
        }

    def _said_of(self, original: datetime) -> Occurrence | DraftOccurrence | None:
        said = self.said.occurrences if self.said else ()
        return next((known for known in said if known.original == original), None)

    def _keeps_kind(self) -> bool:
        """Tell whether moments of the series are still written as they were."""
        said = self.said
        return said is None or patching.kind_of(said.span) == patching.kind_of(self.new.span)

    def _master(self, event: Component) -> None:
        said, new = self.said, self.new
        moved = patching.put_times(event, said, new)
        recurs = patching.put_recurrence(
            event,
            said.recurrence if said else None,
            new.recurrence,
            same_kind=self._keeps_kind(),
        )
        self._event(event, said, new, changed=moved or recurs)

    def _event(
        self,
        event: Component,
        said: patching.Said | None,
        new: Appointment | Occurrence,
        *,
        changed: bool,
    ) -> None:
        changed |= patching.put_times(event, said, new)
        changed |= patching.put_texts(event, said, new)
        changed |= patching.put_state(event, new, self.vocabulary)
        changed |= patching.put_number(event, self.new.sequence)
        changed |= patching.put_type(event, self.new, self.vocabulary)
        changed |= put_organizer(event, self.vocabulary)
        changed |= put_attendees(event, new, self.vocabulary, self.own)
        changed |= patching.put_link(event, self.new.uid, self.vocabulary)
        changed |= self._without_own_transparency(event, new)
        if changed and self.stamp is not None:
            patching.put_stamp(event, self.stamp)

    def _without_own_transparency(self, event: Component, new: Appointment | Occurrence) -> bool:
        """A refuser reads TRANSPARENT; what he writes back must not free everybody's time."""
        own = new.participant(self.own.person_id) if self.own else None
        line = event.line("TRANSP")
        if self.own is None or own is None or line is None:
            return False
        key = new.original.isoformat() if isinstance(new, Occurrence) else ""
        before = self.own.answers.get(key, self.own.answers.get(""))
        if Presence.DECLINED not in (own.presence, before):
            return False
        return line.value.strip().upper() == "TRANSPARENT" and event.drop("TRANSP")

    def _add_override(self, master: Component, occurrence: Occurrence) -> None:
        event = master.copy()
        event.drop("RRULE", "RDATE", "EXDATE")
        line = patching.moment_like(master, "RECURRENCE-ID", occurrence.original)
        place = next(n for n, item in enumerate(event.items) if item is event.line("DTSTART"))
        event.items.insert(place, line)
        implied = implied_occurrence(self.new, occurrence.original)
        event.put(patching.moment_like(master, "DTSTART", implied.span.start))
        if event.line("DTEND") is not None:
            event.put(patching.moment_like(master, "DTEND", implied.span.end))
        self._event(event, implied, occurrence, changed=True)
        last = max(n for n, item in enumerate(self.calendar.items) if _is_event(item))
        self.calendar.items.insert(last + 1, event)

    def _zones(self) -> None:
        """Define each zone that is used; a client's definition stays where it is right."""
        year = self.new.span.start.year
        defined = {_tzid(zone): zone for zone in self.calendar.components("VTIMEZONE")}
        for tzid in _tzids_used(self.calendar):
            zone = known_zone(tzid)
            standing = defined.get(tzid)
            if zone is None or (standing is not None and agrees(standing, zone, year)):
                continue
            ours = parse_components(vtimezone(zone, year)).components("VTIMEZONE")[0].copy()
            ours.put(make_line("TZID", tzid))
            if standing is not None:
                self.calendar.items[self.calendar.items.index(standing)] = ours
            else:
                first = next(n for n, item in enumerate(self.calendar.items) if _is_event(item))
                self.calendar.items.insert(first, ours)


def series_tzid(calendar: Component) -> str | None:
    """Return the TZID with which the master of a calendar object writes its DTSTART."""
    for event in calendar.components("VEVENT"):
        start = event.line("DTSTART")
        if start is not None and not _is_override(event):
            return start.params.get("TZID")
    return None


def _is_event(item: ContentLine | Component) -> bool:
    return isinstance(item, Component) and item.name == "VEVENT"


def _is_override(event: Component) -> bool:
    return event.line("RECURRENCE-ID") is not None


def _tzid(zone: Component) -> str:
    line = zone.line("TZID")
    return line.value.strip() if line else ""


def _tzids_used(calendar: Component) -> list[str]:
    names = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
    used = (
        line.params.get("TZID")
        for event in calendar.components("VEVENT")
        for line in event.lines(*names)
        if "TZID" in line.raw.upper()
    )
    return [tzid for tzid in dict.fromkeys(used) if tzid and known_zone(tzid) != UTC_ZONE]
