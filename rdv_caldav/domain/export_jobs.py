"""Exports that are prepared in the background, since they take longer than somebody waits.

Whoever works on one gives a sign of life now and then. Without any for a while it has been
abandoned (its process ended), and the next who asks for it goes on with it from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SILENCE = timedelta(seconds=20)
"""Without a sign of life for so long, nobody works on it any more."""

MOST_TRIES = 3
"""Whatever ends that many processes is not tried again."""

KEPT_FOR = timedelta(hours=6)
"""How long a file can be fetched, from when it was asked for."""

MOST_OF_ACCOUNT = 3
"""Exports that an account has at a time: a new one takes the place of its oldest."""

MOST_BYTES = 200_000_000
"""A file that grows beyond is given up."""


class ExportStatus(StrEnum):
    """How far it is; the values are those of the database."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """An export of the control table: what is asked for, and how far it is.

    ``query`` is that of the URL, ``ending`` the format's, ``language`` two letters. Instants
    are aware. ``size`` counts the bytes there are so far.
    """

    token: str
    account_id: int
    query: str
    ending: str
    language: str
    created_at: datetime
    seen_at: datetime
    status: ExportStatus = ExportStatus.WAITING
    tries: int = 0
    rows_done: int = 0
    rows_in_all: int = 0
    size: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether it is still to be finished."""
        return self.status in (ExportStatus.WAITING, ExportStatus.RUNNING)

    @property
    def percent(self) -> int:
        """How much of all rows is written, from 0 to 100; what is being finished is at 100."""
        if self.rows_in_all <= 0:
            return 0
        return min(100, 100 * self.rows_done // self.rows_in_all)

    def is_free(self, now: datetime) -> bool:
        """Tell whether somebody may begin with it at the aware instant ``now``."""
        if self.status is ExportStatus.RUNNING:
            return now - self.seen_at > SILENCE
        return self.status is ExportStatus.WAITING
