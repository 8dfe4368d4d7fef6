"""Journal entries: events as plain values that can be stored and read for years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.events import Event
from rdv_caldav.services.access import Actor


def record_events(
    tx: Transaction,
    actor: Actor,
    happened: Iterable[Event],
    *,
    appointment_id: int,
    now: datetime,
) -> None:
    """Write one journal entry per event, in the transaction of the write itself."""
    entries = [(type(event).__name__, _plain(event)) for event in happened]
    if entries:
        tx.journal.record(
            at=now,
            account_id=actor.account.id,
            login=actor.account.login,
            channel=actor.channel.value,
            device=actor.device,
            appointment_id=appointment_id,
            entries=entries,
        )


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        plain = ((f.name, _plain(getattr(value, f.name))) for f in fields(value))
        return {name: inner for name, inner in plain if inner is not None}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value
