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
from rdv_caldav.ical.timezones import UTC_ZONE, known_zone
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
    same_kind = before is not None and kind_of(before) == kind_of(after)
    if before is None or before.start != after.start or not same_kind:
        event.put(_start_line(event.line("DTSTART") if same_kind else None, after))
    keeps_duration = before is not None and same_kind and before.duration == after.duration
    if keeps_duration and event.line("DURATION") is not None:
        return True
    event.drop("DURATION")
    event.put(moment_like(event, "DTEND", after.end))
    return True


def kind_of(span: Span) -> tuple[str, bool]:
    """Return what decides how the moments of a span are written."""
    return span.zone, span.all_day


def _start_line(standing: ContentLine | None, span: Span) -> ContentLine:
    """Return DTSTART, with the TZID that the client gave it where that is a name by itself."""
    value = f"{span.start:%Y%m%dT%H%M%S}"
    if span.all_day:
        return make_line("DTSTART", f"{span.start:%Y%m%d}", {"VALUE": "DATE"})
    if span.zone == UTC_ZONE:
        return make_line("DTSTART", f"{value}Z")
    tzid = standing.params.get("TZID", "") if standing is not None else ""
    if known_zone(tzid) != span.zone:
        tzid = span.zone
    return make_line("DTSTART", value, {"TZID": tzid})


def moment_like(event: Component, name: str, moment: datetime) -> ContentLine:
    """Return a line for a wall-clock moment, in the form of the event's DTSTART.

    RFC 5545 wants one form for DTSTART, DTEND, RECURRENCE-ID and the dates of a series
    (§3.8.2.2, §3.8.4.4, §3.8.5.1).
    """
    start = event.line("DTSTART")
    assert start is not None, "every event of ours has a start"
    written = start.value.strip()
    value = f"{moment:%Y%m%d}" if len(written) == len("YYYYMMDD") else f"{moment:%Y%m%dT%H%M%S}"
    names: tuple[str, ...] = ("VALUE", "TZID")
    params = {key: start.params[key] for key in names if key in start.params}
    return make_line(name, value + "Z" * written.endswith("Z"), params)


def put_recurrence(
    event: Component,
    said: Recurrence | None,
    new: Recurrence | None,
    *,
    same_kind: bool,
) -> bool:
    """RRULE, RDATE and EXDATE, each anew when the series repeats otherwise.

    ``same_kind``: the moments of the series are still written in the same form.
    """
    if new is None:
        return said is not None and event.drop("RRULE", "RDATE", "EXDATE")
    before = said or Recurrence()
    changed = False
    if before.rules != new.rules:
        changed |= _put_lines(event, "RRULE", [make_line("RRULE", rule) for rule in new.rules])
    for name, old_moments, moments in (
        ("RDATE", before.added, new.added),
        ("EXDATE", before.excluded, new.excluded),
    ):
        if old_moments != moments or not same_kind:
            lines = [moment_like(event, name, moment) for moment in moments]
            changed |= _put_lines(event, name, lines)
    return changed


def _put_lines(event: Component, name: str, lines: list[ContentLine]) -> bool:
    changed = event.drop(name)
    for line in lines:
        event.add(line)
    return changed or bool(lines)


def put_stamp(event: Component, stamp: datetime) -> None:
    """DTSTAMP and LAST-MODIFIED, for a change that no client program wrote itself."""
    written = f"{stamp:%Y%m%dT%H%M%SZ}"
    event.put(make_line("DTSTAMP", written))
    event.put(make_line("LAST-MODIFIED", written))
