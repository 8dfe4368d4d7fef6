"""Journal entries: events as plain values that can be stored and read for years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time
from enum import Enum
from functools import lru_cache
from typing import Any

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.events import Event
from rdv_caldav.services.access import Actor, Channel

_PLAIN = frozenset({str, int, bool})


def record_events(
    tx: Transaction,
    actor: Actor,
    happened: Iterable[Event],
    *,
    appointment_id: int,
    now: datetime,
) -> None:
    """Write one journal entry per event, in the transaction of the write itself."""
    entries = [(type(event).__name__, plain(event)) for event in happened]
    if entries:
        tx.journal.record(
            at=now,
            account_id=actor.account.id or None,
            login=actor.account.login,
            channel=actor.channel.value,
            device=actor.device,
            appointment_id=appointment_id,
            entries=entries,
        )


def record_change(
    tx: Transaction,
    actor: Actor | None,
    event: str,
    details: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Write one journal entry about what is no appointment, such as a fiche or an account.

    Without an actor it was a command: whoever may run these has no account.
    """
    tx.journal.record(
        at=now,
        account_id=(actor.account.id or None) if actor else None,
        login=actor.account.login if actor else "",
        channel=(actor.channel if actor else Channel.COMMAND).value,
        device=actor.device if actor else "",
        appointment_id=None,
        entries=[(event, plain(dict(details)))],
    )


@lru_cache(maxsize=256)
def _names_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def plain(value: object) -> object:
    """Return a value as JSON can keep it; what is None in a record is left out."""
    if value is None or type(value) in _PLAIN:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        kept = ((name, plain(getattr(value, name))) for name in _names_of(type(value)))
        return {name: inner for name, inner in kept if inner is not None}
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [plain(inner) for inner in value]
    return value
