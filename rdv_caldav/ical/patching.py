"""Changing only those lines of a VEVENT that say something else than the appointment."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from icalendar.parser import split_on_unescaped_comma

from rdv_caldav.domain.agency import AppointmentType
from rdv_caldav.domain.appointment import Appointment, Details, Recurrence, Span
from rdv_caldav.domain.draft import DraftDetails
from rdv_caldav.domain.merge import served_status
from rdv_caldav.ical.colours import nearest_css_name
from rdv_caldav.ical.contentlines import Component, ContentLine, make_line, text_value
from rdv_caldav.ical.reader import without_cancelled_prefix
from rdv_caldav.ical.timezones import UTC_ZONE
from rdv_caldav.ical.vocabulary import Vocabulary

Said = Details | DraftDetails
"""What a text is known to say, without reading it again."""


def put_texts(event: Component, said: Said | None, new: Details) -> bool:
    """SUMMARY, LOCATION and DESCRIPTION; rich versions of old notes are dropped."""
    summary = event.line("SUMMARY")
    prefixed = summary is not None and without_cancelled_prefix(summary.value) != summary.value
    changed = False
    if said is None or said.subject != new.subject or prefixed:
        changed |= _put_text(event, "SUMMARY", new.subject)
    if said is None or said.location != new.location:
        changed |= _put_text(event, "LOCATION", new.location)
    if said is None or said.notes != new.notes:
        changed |= _put_text(event, "DESCRIPTION", new.notes)
        changed |= event.drop("X-ALT-DESC", "STYLED-DESCRIPTION")
    return changed


def _put_text(event: Component, name: str, text: str) -> bool:
    return event.put(make_line(name, text_value(text))) if text else event.drop(name)


def put_state(event: Component, new: Details, vocabulary: Vocabulary) -> bool:
    """STATUS as it is served, and X-RDV-ETAT for information."""
    status = served_status(new.state, vocabulary.settings)
    standing = event.line("STATUS")
    changed = False
    if status is None:
        changed |= event.drop("STATUS")
    elif standing is None or standing.value.strip().upper() != status.value:
        changed |= event.put(make_line("STATUS", status.value))
    return event.put(make_line("X-RDV-ETAT", new.state.value)) or changed


def put_number(event: Component, sequence: int) -> bool:
    """SEQUENCE, which is ours; a client that never wrote 0 is not made to."""
    if sequence == 0 and event.line("SEQUENCE") is None:
        return False
    return event.put(make_line("SEQUENCE", str(sequence)))


def put_type(event: Component, new: Appointment, vocabulary: Vocabulary) -> bool:
    """CATEGORIES with the type's label, X-RDV-TYPE, COLOR."""
    kind = vocabulary.type_with(new.type_code)
    if kind is None:
        return False
    changed = _put_category(event, kind, vocabulary)
    changed |= event.put(make_line("X-RDV-TYPE", kind.code))
    return event.put(make_line("COLOR", nearest_css_name(kind.colour))) or changed


def _put_category(event: Component, kind: AppointmentType, vocabulary: Vocabulary) -> bool:
    others = {text_value(t.label).casefold() for t in vocabulary.types if t.code != kind.code}
    label = text_value(kind.label)
    present = changed = False
    for line in event.lines("CATEGORIES"):
        written = split_on_unescaped_comma(line.value)
        values = [text_value(value) for value in written]
        kept = [value for value in values if value.strip().casefold() not in others]
        present |= any(value.strip().casefold() == label.casefold() for value in kept)
        if len(kept) != len(values):
            remaining = ",".join(kept)
            event.replace(line, line.with_params({}, remaining) if kept else None)
            changed = True
    if not present:
        event.add(make_line("CATEGORIES", label))
    return changed or not present


def put_link(event: Component, uid: str, vocabulary: Vocabulary) -> bool:
    """URL of the appointment's page, where the client gave none and we have one."""
    public_url = vocabulary.settings.public_url
    if not public_url or event.line("URL") is not None:
        return False
    event.add(make_line("URL", f"{public_url.rstrip('/')}/rendez-vous/{quote(uid, safe='')}"))
    return True


# -- times --------------------------------------------------------------------------------


def put_times(event: Component, said: Said | None, new: Details) -> bool:
    """DTSTART, DTEND or DURATION; the client's own form stays where it says the same."""
    if said is not None and said.span == new.span:
        return False
    before, after = said.span if said else None, new.span
    kind = (after.zone, after.all_day)
    if before is None or before.start != after.start or (before.zone, before.all_day) != kind:
        event.put(moment_line("DTSTART", after.start, after))
    same_length = before is not None and before.duration == after.duration
    keeps_duration = event.line("DURATION") is not None and same_length
    if keeps_duration and before is not None and before.all_day == after.all_day:
        return True
    event.drop("DURATION")
    event.put(moment_line("DTEND", after.end, after))
    return True


def put_recurrence(
    event: Component,
    said: Recurrence | None,
    said_span: Span | None,
    new: Recurrence | None,
    span: Span,
) -> bool:
    """RRULE, RDATE and EXDATE, all anew when the series repeats otherwise."""
    same_clock = said_span is not None and (said_span.zone, said_span.all_day) == (
        span.zone,
        span.all_day,
    )
    if said == new and (same_clock or new is None):
        return False
    changed = event.drop("RRULE", "RDATE", "EXDATE")
    if new is None:
        return changed
    for rule in new.rules:
        event.add(make_line("RRULE", rule))
    for name, moments in (("RDATE", new.added), ("EXDATE", new.excluded)):
        for moment in moments:
            event.add(moment_line(name, moment, span))
    return True


def moment_line(name: str, moment: datetime, span: Span) -> ContentLine:
    """Return a line for a wall-clock moment in the span's zone (RFC 5545 §3.3.4, §3.3.5)."""
    if span.all_day:
        return make_line(name, f"{moment:%Y%m%d}", {"VALUE": "DATE"})
    if span.zone == UTC_ZONE:
        return make_line(name, f"{moment:%Y%m%dT%H%M%S}Z")
    return make_line(name, f"{moment:%Y%m%dT%H%M%S}", {"TZID": span.zone})


def put_stamp(event: Component, stamp: datetime) -> None:
    """DTSTAMP and LAST-MODIFIED, for a change that no client program wrote itself."""
    written = f"{stamp:%Y%m%dT%H%M%SZ}"
    event.put(make_line("DTSTAMP", written))
    event.put(make_line("LAST-MODIFIED", written))
