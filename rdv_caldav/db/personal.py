"""What accounts keep for themselves: their collections, and the numbers that changes get.

Whoever writes locks the account's own row first and holds it until he commits: one account's
writes take turns, those of different accounts never meet. So conditions are compared with what
stands, a quota is never exceeded by writers at once, and no change number is handed out before
every lower one is visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.personal_schema import (
    PersonalAccountRow,
    PersonalCollectionRow,
    PersonalObjectRow,
    PersonalTombstoneRow,
)
from rdv_caldav.db.schema import AccountRow
from rdv_caldav.domain.personal import PersonalCollection, weight_of

_ACCOUNT: BindParameter[int] = bindparam("account")
_COLLECTION: BindParameter[int] = bindparam("collection")
_HREF: BindParameter[str] = bindparam("place")
_OUTER: BindParameter[str] = bindparam("outer")
_INNER: BindParameter[str] = bindparam("inner")

_ROW = select(PersonalAccountRow.account_id).where(PersonalAccountRow.account_id == _ACCOUNT)
_LOCK = _ROW.with_for_update()
# leaves the account readable to whoever refers to it
_LOCK_ACCOUNT = (
    select(AccountRow.id).where(AccountRow.id == _ACCOUNT).with_for_update(key_share=True)
)
_TAKE = (
    update(PersonalAccountRow)
    .where(PersonalAccountRow.account_id == _ACCOUNT)
    .values(
        counter=PersonalAccountRow.counter + bindparam("numbers"),
        used=PersonalAccountRow.used + bindparam("weight"),
    )
    .returning(PersonalAccountRow.counter, PersonalAccountRow.used)
)
_USED = select(PersonalAccountRow.used).where(PersonalAccountRow.account_id == _ACCOUNT)
_ACCOUNT_PROPERTIES = select(PersonalAccountRow.properties).where(
    PersonalAccountRow.account_id == _ACCOUNT
)
_COLLECTIONS = select(PersonalCollectionRow.__table__)
_OWN = _COLLECTIONS.where(PersonalCollectionRow.account_id == _ACCOUNT)
_AT = _OWN.where(PersonalCollectionRow.path == bindparam("path"))
_AT_LOGIN = (
    _COLLECTIONS.join(AccountRow, AccountRow.id == PersonalCollectionRow.account_id)
    .where(AccountRow.login == bindparam("login"))
    .where(PersonalCollectionRow.path == bindparam("path"))
)
_OF_PERSON = _COLLECTIONS.join(AccountRow, AccountRow.id == PersonalCollectionRow.account_id).where(
    AccountRow.person_id == bindparam("person"), PersonalCollectionRow.is_calendar
)
_TOP = _OWN.where(PersonalCollectionRow.parent_id.is_(None)).order_by(PersonalCollectionRow.id)
_INSIDE = _COLLECTIONS.where(PersonalCollectionRow.parent_id == _COLLECTION).order_by(
    PersonalCollectionRow.id
)
# LIKE would not tell capitals from small letters in SQLite
_is_within = or_(
    PersonalCollectionRow.path == _OUTER,
    func.substr(PersonalCollectionRow.path, 1, func.length(_INNER)) == _INNER,
)
_WITHIN = _OWN.where(_is_within).order_by(func.length(PersonalCollectionRow.path))
_COUNT = select(func.count()).where(PersonalCollectionRow.account_id == _ACCOUNT)
_WEIGHT_OF_COLLECTIONS = select(func.coalesce(func.sum(PersonalCollectionRow.weight), 0)).where(
    PersonalCollectionRow.account_id == _ACCOUNT, _is_within
)
_WEIGHT_OF_OBJECTS = (
    select(func.coalesce(func.sum(PersonalObjectRow.weight), 0))
    .join(PersonalCollectionRow, PersonalCollectionRow.id == PersonalObjectRow.collection_id)
    .where(PersonalCollectionRow.account_id == _ACCOUNT, _is_within)
)
_TOUCH = (
    update(PersonalCollectionRow)
    .where(PersonalCollectionRow.id == _COLLECTION)
    .values(counter=bindparam("number"), updated_at=bindparam("at"))
)
_FORGET_TOMBSTONE = delete(PersonalTombstoneRow).where(
    PersonalTombstoneRow.collection_id == _COLLECTION, PersonalTombstoneRow.href == _HREF
)


class PersonalRepository:
    """Reads and writes an account's collections; never those of another."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    # -- the account ----------------------------------------------------------------------

    def lock(self, account_id: int) -> None:
        """Wait for the account's turn to write; the first thing that every write does."""
        which = {"account": account_id}
        if self._connection.scalar(_LOCK, which) is not None:
            return
        self._connection.execute(_LOCK_ACCOUNT, which)
        if self._connection.scalar(_ROW, which) is None:
            self._connection.execute(insert(PersonalAccountRow).values(account_id=account_id))

    def take(self, account_id: int, *, numbers: int, weight: int) -> tuple[int, int]:
        """Take change numbers and add to what the account keeps, which is locked.

        Returns the last of the numbers, and how many octets are kept now.
        """
        which = {"account": account_id, "numbers": numbers, "weight": weight}
        row = self._connection.execute(_TAKE, which).one()
        return row.counter, row.used

    def used(self, account_id: int) -> int:
        """Return how many octets the account keeps."""
        return self._connection.scalar(_USED, {"account": account_id}) or 0

    def account_properties(self, account_id: int) -> dict[str, str]:
        """Return what programs keep with the home itself."""
        return self._connection.scalar(_ACCOUNT_PROPERTIES, {"account": account_id}) or {}

    def save_account_properties(self, account_id: int, properties: Mapping[str, str]) -> None:
        """Keep properties with the home, which is locked."""
        self._connection.execute(
            update(PersonalAccountRow)
            .where(PersonalAccountRow.account_id == account_id)
            .values(properties=dict(properties))
        )

    # -- collections ----------------------------------------------------------------------

    def find(self, account_id: int, path: str) -> PersonalCollection | None:
        """Return the collection at a path."""
        return next(iter(self._load(_AT, {"account": account_id, "path": path})), None)

    def find_of(self, login: str, path: str) -> PersonalCollection | None:
        """Return the collection at a path in the home of a login, by one statement."""
        return next(iter(self._load(_AT_LOGIN, {"login": login, "path": path})), None)

    def top(self, account_id: int) -> list[PersonalCollection]:
        """Return the collections of the home, oldest first."""
        return self._load(_TOP, {"account": account_id})

    def calendars_of_person(self, person_id: int) -> list[PersonalCollection]:
        """Return the calendars that the accounts of a person made."""
        return self._load(_OF_PERSON, {"person": person_id})

    def children(self, collection_id: int) -> list[PersonalCollection]:
        """Return the collections directly in a folder, oldest first."""
        return self._load(_INSIDE, {"collection": collection_id})

    def within(self, account_id: int, path: str) -> list[PersonalCollection]:
        """Return the collection at a path and all beneath, outer ones first."""
        return self._load(_WITHIN, _beneath(account_id, path))

    def count(self, account_id: int) -> int:
        """Return how many collections the account has."""
        return self._connection.scalar(_COUNT, {"account": account_id}) or 0

    def weight_within(self, account_id: int, path: str) -> int:
        """Return how many octets a collection and all beneath count for."""
        which = _beneath(account_id, path)
        collections = self._connection.scalar(_WEIGHT_OF_COLLECTIONS, which)
        objects = self._connection.scalar(_WEIGHT_OF_OBJECTS, which)
        return int(collections or 0) + int(objects or 0)

    def _load(self, query: Select[Any], values: dict[str, Any]) -> list[PersonalCollection]:
        return [collection_of(row) for row in self._connection.execute(query, values)]

    def add(
        self,
        account_id: int,
        path: str,
        *,
        parent_id: int | None,
        is_calendar: bool,
        components: tuple[str, ...],
        properties: Mapping[str, str],
        number: int,
        now: datetime,
    ) -> PersonalCollection:
        """Add a collection that came to be by change ``number``."""
        row = self._connection.execute(
            insert(PersonalCollectionRow)
            .values(
                account_id=account_id,
                parent_id=parent_id,
                path=path,
                is_calendar=is_calendar,
                components=" ".join(components),
                properties=dict(properties),
                weight=weight_of(properties),
                changed=number,
                counter=number,
                floor=number,
                created_at=seconds(now),
                updated_at=seconds(now),
            )
            .returning(PersonalCollectionRow.__table__)
        ).one()
        return collection_of(row)

    def save_properties(self, collection_id: int, properties: Mapping[str, str]) -> None:
        """Keep properties with a collection."""
        self._connection.execute(
            update(PersonalCollectionRow)
            .where(PersonalCollectionRow.id == collection_id)
            .values(properties=dict(properties), weight=weight_of(properties))
        )

    def place(
        self, collection: PersonalCollection, path: str, *, parent_id: int | None, number: int
    ) -> None:
        """Put a collection with all beneath at another path.

        It is new there: sync tokens of what stood there before, and its own, are void.
        """
        inner = func.substr(PersonalCollectionRow.path, len(collection.path) + 1, type_=Text())
        self._connection.execute(
            update(PersonalCollectionRow)
            .where(PersonalCollectionRow.account_id == _ACCOUNT, _is_within)
            .values(path=literal(path) + inner, counter=number, floor=number),
            _beneath(collection.account_id, collection.path),
        )
        self._connection.execute(
            update(PersonalCollectionRow)
            .where(PersonalCollectionRow.id == collection.id)
            .values(parent_id=parent_id, changed=number)
        )

    def remove(self, collection_id: int) -> None:
        """Delete a collection with all beneath."""
        self._connection.execute(
            delete(PersonalCollectionRow).where(PersonalCollectionRow.id == collection_id)
        )

    # -- what happened in a collection ----------------------------------------------------

    def touch(self, collection_id: int, number: int, now: datetime) -> None:
        """Note the number of a collection's last change."""
        which = {"collection": collection_id, "number": number, "at": seconds(now)}
        self._connection.execute(_TOUCH, which)

    def bury(self, collection_id: int, href: str, number: int, now: datetime) -> None:
        """Remember that an href is gone."""
        self.unearth(collection_id, href)
        self._connection.execute(
            insert(PersonalTombstoneRow).values(
                collection_id=collection_id, href=href, changed=number, at=seconds(now)
            )
        )

    def unearth(self, collection_id: int, href: str) -> None:
        """Forget that an href was gone: something stands there again."""
        self._connection.execute(_FORGET_TOMBSTONE, {"collection": collection_id, "place": href})

    def prune(self, before: datetime) -> int:
        """Forget deletions older than an instant and return how many.

        Sync tokens from before the newest forgotten one are void from then on.
        """
        old = PersonalTombstoneRow.at < seconds(before)
        floors = self._connection.execute(
            select(
                PersonalTombstoneRow.collection_id,
                func.max(PersonalTombstoneRow.changed).label("floor"),
                func.count().label("number"),
            )
            .where(old)
            .group_by(PersonalTombstoneRow.collection_id)
            .order_by(PersonalTombstoneRow.collection_id)
        ).all()
        for row in floors:
            self._connection.execute(
                update(PersonalCollectionRow)
                .where(
                    PersonalCollectionRow.id == row.collection_id,
                    PersonalCollectionRow.floor < row.floor,
                )
                .values(floor=row.floor)
            )
        self._connection.execute(delete(PersonalTombstoneRow).where(old))
        return sum(row.number for row in floors)


def _beneath(account_id: int, path: str) -> dict[str, Any]:
    return {"account": account_id, "outer": path, "inner": f"{path}/"}


def collection_of(row: Row) -> PersonalCollection:
    """Return the collection of a row."""
    return PersonalCollection(
        id=row.id,
        account_id=row.account_id,
        path=row.path,
        is_calendar=row.is_calendar,
        components=tuple(row.components.split()),
        properties=row.properties,
        counter=row.counter,
        floor=row.floor,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
