"""The append-only journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from rdv_caldav.db.journal_schema import AuditRow
from rdv_caldav.db.mapping import instant, seconds

_RECORD = insert(AuditRow)
_OF_APPOINTMENT = select(AuditRow.__table__).order_by(AuditRow.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """Who did what to an appointment, when and through which channel."""

    at: datetime
    login: str
    channel: str
    device: str
    event: str
    details: Mapping[str, Any]


class Journal:
    """Writes and reads entries; nothing updates or deletes them."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def record(
        self,
        *,
        at: datetime,
        account_id: int | None,
        login: str,
        channel: str,
        device: str,
        appointment_id: int | None,
        entries: Sequence[tuple[str, Any]],
    ) -> None:
        """Append entries of one write; each is an event's name and plain details."""
        common = {
            "at": seconds(at),
            "account_id": account_id,
            "login": login,
            "channel": channel,
            "device": device,
            "appointment_id": appointment_id,
        }
        rows = [{**common, "event": event, "details": details} for event, details in entries]
        self._connection.execute(_RECORD, rows)

    def entries_for(self, appointment_id: int) -> list[JournalEntry]:
        """Return the history of an appointment, oldest first."""
        rows = self._connection.execute(
            _OF_APPOINTMENT.where(AuditRow.appointment_id == appointment_id)
        )
        return [_entry(row) for row in rows]

    def latest(self, count: int) -> list[JournalEntry]:
        """Return the last entries of all, newest first."""
        newest = select(AuditRow.__table__).order_by(AuditRow.id.desc()).limit(count)
        return [_entry(row) for row in self._connection.execute(newest)]


def _entry(row: Row[Any]) -> JournalEntry:
    return JournalEntry(
        at=instant(row.at),
        login=row.login,
        channel=row.channel,
        device=row.device,
        event=row.event,
        details=row.details,
    )
