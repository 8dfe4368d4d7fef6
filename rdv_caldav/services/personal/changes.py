"""What changed in a personal collection since a sync token (RFC 6578).

A token is a change number. While a first synchronisation is told in parts, a second number
says where the collection stood when it began: what was deleted before is of no interest to it,
however much of that is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.domain.personal import PersonalCollection
from rdv_caldav.domain.sync import Changes, numbers_of


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a program has been told, and where the collection stood when it began."""

    counter: int
    began: int

    @property
    def deletions_known(self) -> int:
        """The change number up to which deletions are of no interest."""
        return max(self.counter, self.began)

    def written(self, *, whole: bool) -> str:
        return str(self.counter) if whole else f"{self.counter}-{self.began}"


def changes(
    tx: Transaction, collection: PersonalCollection, token: str, *, limit: int | None = None
) -> Changes:
    """Return what changed since ``token``; everything for an empty one (RFC 6578 §3.4).

    At most ``limit`` of it, oldest change first. Raises SyncTokenExpired for a token that is
    not ours, from the future, or older than the remembered deletions.
    """
    since = _position(collection, token)
    most = None if limit is None else limit + 1
    reading = tx.personal_reading
    found: list[tuple[int, str, str | None]] = []
    found += reading.changed(collection.id, since=since.counter, most=most)
    if not collection.is_calendar:
        found += reading.arrived(collection.id, since=since.counter, most=most)
    for number, href in reading.gone(collection.id, since=since.deletions_known, most=most):
        found.append((number, href, None))
    found.sort(key=lambda change: change[0])
    told = found if limit is None else found[:limit]
    is_truncated = len(told) < len(found)
    reached = _reached(told, since.counter) if is_truncated else collection.counter
    # who has reached where he began needs no beginning any more
    is_whole = not is_truncated or reached >= since.began
    return Changes(
        token=_Position(reached, since.began).written(whole=is_whole),
        changed=[(href, etag) for _, href, etag in told if etag is not None],
        gone=[href for _, href, etag in told if etag is None],
        is_truncated=is_truncated,
    )


def _reached(told: Sequence[tuple[int, str, str | None]], since: int) -> int:
    return told[-1][0] if told else since


def _position(collection: PersonalCollection, token: str) -> _Position:
    if not token:
        return _Position(0, collection.counter)
    numbers = numbers_of(token, least=1, most=2)
    since = _Position(numbers[0], numbers[-1])
    if not collection.floor <= since.deletions_known <= collection.counter:
        raise SyncTokenExpired("this sync token is out of reach")
    return since
