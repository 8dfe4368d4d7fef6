"""The composition root: the one place that chooses real parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rdv_caldav.db.engine import Database
from rdv_caldav.domain.clock import Clock, system_clock
from rdv_caldav.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBook:
    """What every edge needs: the settings, the database and the time."""

    settings: Settings
    database: Database
    clock: Clock


def open_book(settings: Settings, *, clock: Clock = system_clock) -> AppointmentBook:
    """Open the database that the settings name; once per process, after any fork."""
    if not settings.database_url:
        Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    return AppointmentBook(settings=settings, database=Database(settings.database), clock=clock)
