"""Turning rows into domain values and back: the one module that knows both shapes."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from rdv_caldav.db.schema import FOREVER
from rdv_caldav.domain.agency import (
    Account,
    AgencySettings,
    AppointmentType,
    Person,
    PersonKind,
    PlannedStatus,
    Role,
    TypeCategory,
)
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.domain.conflicts import DEFAULT_RULES, ConflictCode, ConflictRule
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.domain.devices import AccountPasswordOnCaldav
from rdv_caldav.domain.searching import search_key
from rdv_caldav.domain.timeindex import TimeIndex

Row = Any
"""A row of SQLAlchemy Core, whose columns are its attributes."""


def instant(at: int) -> datetime:
    """Return the instant of a ``*_at`` column, in UTC."""
    return datetime.fromtimestamp(at, UTC)


def seconds(instant: datetime) -> int:
    """Return the value of a ``*_at`` column for an aware instant."""
    return int(instant.timestamp())


def stop_of(stops_at: int) -> datetime | None:
    """Return the end of a bound, None for a series without end."""
    return None if stops_at >= FOREVER else instant(stops_at)


# -- the agency ---------------------------------------------------------------------------


def settings_of(values: Mapping[str, Any]) -> AgencySettings:
    """Return the settings that stored values make of the defaults; unknown names are left."""
    known = {field.name for field in dataclasses.fields(AgencySettings)}
    chosen = {name: value for name, value in values.items() if name in known}
    if "planned_status" in chosen:
        chosen["planned_status"] = PlannedStatus(chosen["planned_status"])
    if "account_password_on_caldav" in chosen:
        chosen["account_password_on_caldav"] = AccountPasswordOnCaldav(
            chosen["account_password_on_caldav"]
        )
    if "default_types" in chosen:
        chosen["default_types"] = {
            PersonKind(kind): code for kind, code in chosen["default_types"].items()
        }
    if "conflict_rules" in chosen:
        chosen["conflict_rules"] = _rules_of(chosen["conflict_rules"])
    if "appointment_defaults" in chosen:
        chosen["appointment_defaults"] = _defaults_of(chosen["appointment_defaults"])
    return AgencySettings(**chosen)


def _rules_of(stored: Iterable[Mapping[str, Any]]) -> tuple[ConflictRule, ...]:
    """Return a rule of each kind, that of the defaults where none is stored."""
    known = {rule.code: rule for rule in DEFAULT_RULES}
    for rule in stored:
        code = ConflictCode(rule["code"])
        known[code] = ConflictRule(code=code, blocking=rule["blocking"], enabled=rule["enabled"])
    return tuple(known.values())


def _defaults_of(stored: Mapping[str, Any]) -> AppointmentDefaults:
    known = {field.name for field in dataclasses.fields(AppointmentDefaults)}
    values = {name: value for name, value in stored.items() if name in known}
    if values.get("start_time"):
        values["start_time"] = time.fromisoformat(values["start_time"])
    values["participant_ids"] = tuple(values.get("participant_ids", ()))
    values["presence"] = Presence(values.get("presence", Presence.NEEDS_ACTION))
    return AppointmentDefaults(**values)


def person_of(row: Row, addresses: Sequence[str]) -> Person:
    """Return the person of a row; addresses in order of preference."""
    return Person(
        id=row.id,
        slug=row.slug,
        kind=PersonKind(row.kind),
        last_name=row.last_name,
        first_name=row.first_name,
        addresses=tuple(addresses),
        home_address=row.home_address,
        sector_id=row.sector_id,
        active=row.active,
    )


def account_of(row: Row, sector_ids: Iterable[int]) -> Account:
    """Return the account of a row."""
    return Account(
        id=row.id,
        login=row.login,
        role=Role(row.role),
        person_id=row.person_id,
        sector_ids=frozenset(sector_ids),
        active=row.active,
        credentials_mark=row.credentials_mark,
    )


def type_of(row: Row) -> AppointmentType:
    """Return the appointment type of a row."""
    return AppointmentType(
        code=row.code,
        label=row.label,
        category=TypeCategory(row.category),
        colour=row.colour,
        position=row.position,
        active=row.active,
    )


# -- appointments -------------------------------------------------------------------------


def appointment_values(appointment: Appointment, index: TimeIndex) -> dict[str, Any]:
    """Return the projection columns of an appointment row."""
    owner_id = appointment.owner.person_id
    assert owner_id is not None, "check_ownership admits persons only"
    return {
        "type_code": appointment.type_code,
        **_details_values(appointment),
        "starts_at": seconds(index.starts_at),
        "stops_at": FOREVER if index.stops_at is None else seconds(index.stops_at),
        "recurrence": _recurrence_values(appointment.recurrence),
        "is_series": appointment.recurrence is not None,
        "indexed_until": seconds(index.indexed_until) if index.indexed_until else None,
        "owner_id": owner_id,
        "sequence": appointment.sequence,
        "time_sequence": appointment.time_sequence,
    }


def exception_values(appointment: Appointment) -> list[dict[str, Any]]:
    """Return the rows of the dates that differ."""
    return [
        {"original_wall": occurrence.original.isoformat(), **_details_values(occurrence)}
        for occurrence in appointment.occurrences
    ]


def participant_values(appointment: Appointment) -> list[dict[str, Any]]:
    """Return the rows of all participants, of the series and of each differing date."""
    rows = _participants_of("", appointment)
    for occurrence in appointment.occurrences:
        rows += _participants_of(occurrence.original.isoformat(), occurrence)
    return rows


def occurrence_values(index: TimeIndex) -> list[dict[str, Any]]:
    """Return the rows of the dates of a series, in order of time."""
    rows = [
        {
            "starts_at": seconds(date.starts_at),
            "stops_at": seconds(date.stops_at),
            "original_wall": date.original.isoformat(),
            "state": None if date.state is None else date.state.value,
        }
        for date in index.listed
    ]
    return sorted(rows, key=lambda row: (row["starts_at"], row["original_wall"]))


def _details_values(details: Details) -> dict[str, Any]:
    return {
        "subject": details.subject,
        "location": details.location,
        "notes": details.notes,
        "state": details.state.value,
        "start_wall": details.span.start.isoformat(),
        "end_wall": details.span.end.isoformat(),
        "zone": details.span.zone,
        "all_day": details.span.all_day,
        "search_key": search_key(details.subject, details.location),
    }


def _participants_of(original_wall: str, details: Details) -> list[dict[str, Any]]:
    return [
        {
            "original_wall": original_wall,
            "position": position,
            "person_id": participant.person_id,
            "address": participant.address,
            "name": participant.name,
            "presence": participant.presence.value,
            "is_owner": participant.is_owner,
            "comment": participant.comment,
        }
        for position, participant in enumerate(details.participants)
    ]


def _recurrence_values(recurrence: Recurrence | None) -> dict[str, Any] | None:
    if recurrence is None:
        return None
    return {
        "rules": list(recurrence.rules),
        "added": [date.isoformat() for date in recurrence.added],
        "excluded": [date.isoformat() for date in recurrence.excluded],
    }


def appointment_of(row: Row, exceptions: Iterable[Row], participants: Iterable[Row]) -> Appointment:
    """Return the appointment of its rows; ``participants`` ordered by position."""
    of_date: dict[str, list[Participant]] = defaultdict(list)
    for participant in participants:
        of_date[participant.original_wall].append(_participant_of(participant))
    occurrences = sorted(
        (
            Occurrence(
                original=datetime.fromisoformat(exception.original_wall),
                **_details_of(exception, of_date[exception.original_wall]),
            )
            for exception in exceptions
        ),
        key=lambda occurrence: occurrence.original,
    )
    return Appointment(
        uid=row.uid,
        type_code=row.type_code,
        **_details_of(row, of_date[""]),
        recurrence=_recurrence_of(row.recurrence),
        occurrences=tuple(occurrences),
        sequence=row.sequence,
        time_sequence=row.time_sequence,
    )


def _details_of(row: Row, participants: list[Participant]) -> dict[str, Any]:
    return {
        "span": Span(
            start=datetime.fromisoformat(row.start_wall),
            end=datetime.fromisoformat(row.end_wall),
            zone=row.zone,
            all_day=row.all_day,
        ),
        "subject": row.subject,
        "location": row.location,
        "notes": row.notes,
        "state": State(row.state),
        "participants": tuple(participants),
    }


def _participant_of(row: Row) -> Participant:
    return Participant(
        person_id=row.person_id,
        address=row.address,
        name=row.name,
        presence=Presence(row.presence),
        is_owner=row.is_owner,
        comment=row.comment,
    )


def _recurrence_of(stored: Mapping[str, Any] | None) -> Recurrence | None:
    if stored is None:
        return None
    return Recurrence(
        rules=tuple(stored["rules"]),
        added=tuple(datetime.fromisoformat(date) for date in stored["added"]),
        excluded=tuple(datetime.fromisoformat(date) for date in stored["excluded"]),
    )
