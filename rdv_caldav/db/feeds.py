"""Secret addresses at which one person's calendar can be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from rdv_caldav.db.mail_schema import FeedRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.schema import CalendarRow

_BY_HASH: Select[*tuple[Any, ...]] = (
    select(*FeedRow.__table__.c, CalendarRow.counter, CalendarRow.updated_at)
    .join(CalendarRow, CalendarRow.person_id == FeedRow.person_id)
    .where(FeedRow.secret_hash == bindparam("secret_hash"))
)
_OF_PERSON = (
    select(FeedRow.__table__)
    .where(FeedRow.person_id == bindparam("person_id"))
    .order_by(FeedRow.id.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed; the fields are those of :class:`rdv_caldav.db.mail_schema.FeedRow`."""

    id: int
    person_id: int
    account_id: int | None
    label: str
    is_masked: bool
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    used_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """A feed, with the change number of its calendar and the time of the last change."""

    feed: Feed
    counter: int
    updated_at: datetime


class Feeds:
    """Reads and writes feeds."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(
        self,
        *,
        person_id: int,
        account_id: int | None,
        secret_hash: str,
        label: str,
        is_masked: bool,
        now: datetime,
    ) -> int:
        """Make a feed and return its id."""
        added: int | None = self._connection.scalar(
            insert(FeedRow)
            .values(
                person_id=person_id,
                account_id=account_id,
                secret_hash=secret_hash,
                label=label,
                is_masked=is_masked,
                created_at=seconds(now),
                used_by="",
            )
            .returning(FeedRow.id)
        )
        assert added is not None, "an insert returns its row"
        return added

    def by_hash(self, secret_hash: str) -> FeedState | None:
        """Return the feed of a secret, revoked or not, and how its calendar stands."""
        row = self._connection.execute(_BY_HASH, {"secret_hash": secret_hash}).one_or_none()
        if row is None:
            return None
        return FeedState(feed=_feed(row), counter=row.counter, updated_at=instant(row.updated_at))

    def of_person(self, person_id: int) -> list[Feed]:
        """Return the feeds of a person's calendar, the latest first, revoked ones too."""
        rows = self._connection.execute(_OF_PERSON, {"person_id": person_id})
        return [_feed(row) for row in rows]

    def revoke(self, feed: int, *, now: datetime) -> None:
        """Make the address of a feed void."""
        self._change(feed, revoked_at=seconds(now))

    def used(self, feed: int, *, by: str, now: datetime) -> None:
        """Note that a program read a feed."""
        self._change(feed, used_at=seconds(now), used_by=by)

    def _change(self, feed: int, **values: object) -> None:
        self._connection.execute(update(FeedRow).where(FeedRow.id == feed).values(**values))


def _feed(row: Row) -> Feed:
    return Feed(
        id=row.id,
        person_id=row.person_id,
        account_id=row.account_id,
        label=row.label,
        is_masked=row.is_masked,
        created_at=instant(row.created_at),
        revoked_at=None if row.revoked_at is None else instant(row.revoked_at),
        used_at=None if row.used_at is None else instant(row.used_at),
        used_by=row.used_by,
    )
