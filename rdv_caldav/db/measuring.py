"""Numbers of what waits and who is there, for whoever watches an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from rdv_caldav.db.mail_schema import OutboxRow, ReceivedMailRow
from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.outbox import UNSENT
from rdv_caldav.db.panel_schema import WebSessionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the database says at one moment; ages are seconds since something was due, 0 if none."""

    outbox: Mapping[str, int]
    outbox_overdue: int
    open_answers: int
    sessions: int


class Measuring:
    """Counts in a few statements, each by an index."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def measure(self, now: datetime) -> Measured:
        """Return what there is at ``now`` (aware)."""
        by_status = select(OutboxRow.status, func.count()).group_by(OutboxRow.status)
        # none is overdue that waits for the end of quiet hours
        due = select(func.min(OutboxRow.due_at)).where(
            OutboxRow.status.in_(UNSENT), OutboxRow.due_at > 0
        )
        since = self._connection.scalar(due)
        answers = select(func.count()).where(ReceivedMailRow.is_open.is_(True))
        sessions = select(func.count()).select_from(WebSessionRow)
        return Measured(
            outbox={row[0]: row[1] for row in self._connection.execute(by_status)},
            outbox_overdue=0 if since is None else max(0, seconds(now) - since),
            open_answers=self._connection.scalar(answers) or 0,
            sessions=self._connection.scalar(sessions) or 0,
        )
