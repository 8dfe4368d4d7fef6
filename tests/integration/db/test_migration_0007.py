"""Databases of an older schema come forward right: dates by name, letters to search."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, delete, insert, select, text

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db import mapping
from rdv_caldav.db.engine import Database
from rdv_caldav.db.schema import (
    AppointmentRow,
    ExceptionRow,
    OccurrenceRow,
    ParticipantRow,
)
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Recurrence, Span, State
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.ical.views import find_slots
from support.agency import NOON, SECOND, THIRD, series, visit

NIGHT = datetime(2026, 3, 28, 2, 30)
"""Half past two, which the night to 29 March 2026 leaves out in Paris."""


def appointments() -> list[Appointment]:
    moved = rules.occurrence_at(series(), SECOND)
    moved = replace(moved, span=moved.span.moved_to(SECOND + timedelta(hours=3)), subject="Été")
    weekly = rules.with_occurrence(series(), moved)
    weekly = rules.set_state(weekly, State.CANCELLED, now=NOON, original=THIRD)
    weekly = replace(
        weekly,
        recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",), added=(datetime(2026, 12, 24, 15),)),
    )
    nightly = replace(
        visit(recurrence=Recurrence(rules=("FREQ=DAILY;COUNT=3",))),
        span=Span(start=NIGHT, end=NIGHT + timedelta(minutes=20), zone="Europe/Paris"),
    )
    days = replace(
        visit(recurrence=Recurrence(rules=("FREQ=MONTHLY;COUNT=4",))),
        span=Span(
            start=datetime(2026, 9, 1), end=datetime(2026, 9, 3), zone="Europe/Paris", all_day=True
        ),
    )
    each = [visit(), weekly, nightly, days]
    return [replace(one, uid=f"essai-{n}", subject="Bilan à l’ŒUVRE") for n, one in enumerate(each)]


def store(connection: Connection) -> None:
    for number, appointment in enumerate(appointments(), start=1):
        index = time_index(appointment, now=NOON)
        connection.execute(
            insert(AppointmentRow).values(
                id=number,
                uid=appointment.uid,
                href=f"{number}.ics",
                text="",
                slots=find_slots("", zone="UTC"),
                created_at=0,
                updated_at=0,
                **mapping.appointment_values(appointment, index),
            )
        )
        for table, rows in (
            (ParticipantRow, mapping.participant_values(appointment)),
            (ExceptionRow, mapping.exception_values(appointment)),
            (OccurrenceRow, mapping.occurrence_values(index)),
        ):
            for row in rows:
                connection.execute(insert(table).values(appointment_id=number, **row))


def stored(connection: Connection) -> dict[str, list[Any]]:
    columns = {
        "dates": select(OccurrenceRow.__table__).order_by(
            OccurrenceRow.appointment_id, OccurrenceRow.starts_at, OccurrenceRow.original_wall
        ),
        "letters": select(
            AppointmentRow.id, AppointmentRow.search_key, AppointmentRow.is_series
        ).order_by(AppointmentRow.id),
        "letters of dates": select(ExceptionRow.id, ExceptionRow.search_key).order_by(
            ExceptionRow.id
        ),
    }
    return {name: list(map(tuple, connection.execute(query))) for name, query in columns.items()}


@pytest.fixture
def old_database(any_book: AppointmentBook) -> Database:
    with any_book.database.engine.begin() as connection:
        store(connection)
    return any_book.database


def migrate(database: Database, revision: str) -> None:
    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        forward = revision == "head"
        (command.upgrade if forward else command.downgrade)(config, revision)


def test_back_and_forward_is_as_it_was(old_database: Database) -> None:
    with old_database.engine.connect() as connection:
        before = stored(connection)
    assert len(before["dates"]) == 5 + 3 + 4
    assert {row[2] for row in before["letters"]} == {True, False}
    migrate(old_database, "0006")
    with old_database.engine.connect() as connection:
        old = connection.execute(text("SELECT * FROM occurrence")).all()
    assert [len(row) for row in old] == [3] * 12
    migrate(old_database, "head")
    with old_database.engine.connect() as connection:
        assert stored(connection) == before


def test_two_dates_at_one_time_were_one(old_database: Database) -> None:
    with old_database.engine.begin() as connection:
        # the moved date, to where the third one stands
        third = connection.execute(
            select(OccurrenceRow.starts_at, OccurrenceRow.stops_at).where(
                OccurrenceRow.appointment_id == 2, OccurrenceRow.original_wall == THIRD.isoformat()
            )
        ).one()
        connection.execute(
            delete(OccurrenceRow).where(
                OccurrenceRow.appointment_id == 2, OccurrenceRow.original_wall == SECOND.isoformat()
            )
        )
        connection.execute(
            insert(OccurrenceRow).values(
                appointment_id=2,
                original_wall=SECOND.isoformat(),
                state="PLANIFIE",
                starts_at=third.starts_at,
                stops_at=third.stops_at,
            )
        )
    migrate(old_database, "0006")
    migrate(old_database, "head")
    with old_database.engine.connect() as connection:
        walls = [row[3] for row in stored(connection)["dates"] if row[0] == 2]
    assert len(walls) == len(set(walls)) == 5
