"""What sending and fetching need of the appointment book: they open transactions themselves."""

from __future__ import annotations

from typing import Protocol

from rdv_caldav.db.engine import Database
from rdv_caldav.domain.clock import Clock
from rdv_caldav.settings import Settings


class Book(Protocol):
    """See :class:`rdv_caldav.bootstrap.AppointmentBook`, which is one."""

    @property
    def settings(self) -> Settings:
        """What is decided outside of the database."""

    @property
    def database(self) -> Database:
        """Where transactions are opened."""

    @property
    def clock(self) -> Clock:
        """What time it is."""
