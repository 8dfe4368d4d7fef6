"""What changed in a person's calendar since a sync token (RFC 6578).

A token is two change numbers, of the calendar and of the account's own view of it. While a
first synchronisation is told in parts, a third one says where the calendar stood when it
began: what was deleted before is of no interest to it, however much of that is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdv_caldav.db.member_reading import Listed
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.domain.sync import Changes, numbers_of
from rdv_caldav.services.calendars import Calendar, etags, listing


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a client has been told: in the calendar, in its own view, and since when."""

    counter: int
    view: int
    began: int | None = None

    @property
    def deletions_known(self) -> int:
        """The change number up to which deletions are of no interest."""
        return self.counter if self.began is None else max(self.counter, self.began)

    def written(self) -> str:
        numbers = (self.counter, self.view, self.began)
        return "-".join(str(number) for number in numbers if number is not None)


def changes(tx: Transaction, seen: Calendar, token: str, *, limit: int | None = None) -> Changes:
    """Return what changed since ``token``; everything for an empty one (RFC 6578 §3.4).

    At most about ``limit`` of it: two changes of one number are never parted. Raises
    SyncTokenExpired for a token that is not ours, from the future, or older than the
    remembered deletions or the account's last change of rights.
    """
    if not token and limit is None:
        return Changes(token=seen.tag, changed=listing(tx, seen), gone=())
    since = _position(seen, token)
    moved, gone, counter = _shared(tx, seen, since, limit)
    own: list[Listed] = []
    view = since.view
    if counter == seen.snapshot.counter:
        room = None if limit is None else max(0, limit - len(moved) - len(gone))
        own, view = _own(tx, seen, since, room)
        told = _Position(counter, view)
    else:
        told = _Position(counter, view, since.began)
    etag_of = etags(seen)
    rows = {row.href: row for row in (*moved, *own)}
    return Changes(
        token=told.written(),
        changed=[
            (row.href, etag_of(row.changed, row.overlay_changed, row.owner_id))
            for row in rows.values()
        ],
        gone=gone,
        is_truncated=(counter, view) != (seen.snapshot.counter, seen.snapshot.view_counter),
    )


def _shared(
    tx: Transaction, seen: Calendar, since: _Position, limit: int | None
) -> tuple[list[Listed], list[str], int]:
    """Return what everybody sees changed and gone, and up to which change number that is all."""
    if since.counter == seen.snapshot.counter:
        return [], [], since.counter
    person_id, most = seen.person.id, None if limit is None else limit + 1
    moved = tx.members.changed(seen.actor.account, person_id, since=since.counter, most=most)
    gone = tx.members.gone(person_id, since=since.deletions_known, most=most)
    numbers = sorted([*(row.changed for row in moved), *(number for _, number in gone)])
    last = seen.snapshot.counter
    if limit is not None and len(numbers) > limit and numbers[limit - 1] < numbers[-1]:
        last = numbers[limit - 1]
    return (
        [row for row in moved if row.changed <= last],
        [href for href, number in gone if number <= last],
        last,
    )


def _own(
    tx: Transaction, seen: Calendar, since: _Position, room: int | None
) -> tuple[list[Listed], int]:
    """Return what only this account sees changed, and up to which number of its view."""
    if since.view == seen.snapshot.view_counter:
        return [], since.view
    most = None if room is None else room + 1
    rows = tx.members.overlaid(seen.actor.account, seen.person.id, since=since.view, most=most)
    if room is None or len(rows) <= room:
        return rows, seen.snapshot.view_counter
    kept = rows[:room]
    return kept, (kept[-1].overlay_changed or 0) if kept else since.view


def _position(seen: Calendar, token: str) -> _Position:
    snapshot = seen.snapshot
    if not token:
        return _Position(0, snapshot.view_counter, snapshot.counter)
    since = _Position(*numbers_of(token, least=2, most=3))
    in_reach = (
        snapshot.floor <= since.deletions_known
        and max(since.counter, since.began or 0) <= snapshot.counter
    )
    view_in_reach = snapshot.view_floor <= since.view <= snapshot.view_counter
    if not (in_reach and view_in_reach):
        raise SyncTokenExpired("this sync token is out of reach")
    return since
