"""What an account keeps for itself, each step in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.personal import PersonalCollection, PersonalObject
from rdv_caldav.domain.sync import Changes
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.calendar_objects.standing import UNCONDITIONAL, Condition
from rdv_caldav.services.personal import collections, objects
from rdv_caldav.services.personal.objects import PutPersonal

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
NEW = Condition(if_none_match=frozenset({"*"}))


def component(kind: str, uid: str, lines: str = "") -> str:
    """Return an object of one component."""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Essai//FR\r\n"
        f"BEGIN:{kind}\r\nUID:{uid}\r\nDTSTAMP:20261124T080000Z\r\n{lines}END:{kind}\r\n"
        "END:VCALENDAR\r\n"
    )


@dataclass
class Own:
    """An account at work on what it keeps for itself; ``now`` stands still until it is moved."""

    book: AppointmentBook
    login: str = "alice"
    now: datetime = field(default=NOW)

    @contextmanager
    def writing(self) -> Iterator[tuple[Transaction, Actor]]:
        """Open a writing transaction."""
        with self.book.database.writing() as tx:
            yield tx, actor_for(tx, self.login, channel=Channel.CALDAV)

    @contextmanager
    def reading(self) -> Iterator[tuple[Transaction, Actor]]:
        """Open a reading transaction."""
        with self.book.database.reading() as tx:
            yield tx, actor_for(tx, self.login, channel=Channel.CALDAV)

    def later(self, **given: float) -> None:
        """Let time pass."""
        self.now += timedelta(**given)

    def setting(self, name: str, value: object) -> None:
        """Change a setting of the agency."""
        with self.book.database.writing() as tx:
            tx.agency.save_setting(name, value)

    # -- collections ----------------------------------------------------------------------

    def calendar(self, path: str, *components: str, **properties: str) -> PersonalCollection:
        """Make a calendar."""
        return self._make(path, is_calendar=True, components=components, properties=properties)

    def folder(self, path: str, **properties: str) -> PersonalCollection:
        """Make a folder."""
        return self._make(path, is_calendar=False, components=(), properties=properties)

    def _make(
        self, path: str, *, is_calendar: bool, components: tuple[str, ...], properties: Any
    ) -> PersonalCollection:
        more = {"components": components} if components else {}
        with self.writing() as (tx, actor):
            return collections.create(
                tx,
                actor,
                path,
                is_calendar=is_calendar,
                properties=properties,
                now=self.now,
                **more,
            )

    def find(self, path: str) -> PersonalCollection | None:
        """Look for a collection."""
        with self.reading() as (tx, actor):
            return collections.find(tx, actor, path)

    def at(self, path: str) -> PersonalCollection:
        """Return a collection that is there."""
        found = self.find(path)
        assert found is not None, path
        return found

    def remove(self, path: str) -> None:
        """Delete a collection."""
        with self.writing() as (tx, actor):
            collections.delete_collection(tx, actor, path, now=self.now)

    def used(self) -> int:
        """Return how many octets are kept, by the counter, which has to be right."""
        with self.reading() as (tx, actor):
            used = collections.usage(tx, actor).used
            counted = sum(
                tx.personal.weight_within(actor.account.id, each.path)
                for each in collections.home(tx, actor)
            )
            mine = collections.account_properties(tx, actor)
        assert used == counted + sum(len(k) + len(v) for k, v in mine.items())
        return used

    def tree(self, path: str) -> dict[str, bytes | None]:
        """Return what is beneath a collection, files with their content."""
        found: dict[str, bytes | None] = {}
        with self.reading() as (tx, actor):
            for inner in tx.personal.within(actor.account.id, path):
                found[inner.path] = None
                for each in objects.objects(tx, inner):
                    found[f"{inner.path}/{each.href}"] = each.content
        return found

    # -- objects --------------------------------------------------------------------------

    def put(
        self,
        path: str,
        text: str | bytes,
        *,
        condition: Condition = UNCONDITIONAL,
        content_type: str | None = None,
    ) -> PutPersonal:
        """Write an object or a file."""
        outer, _, href = path.rpartition("/")
        content = text.encode() if isinstance(text, str) else text
        with self.writing() as (tx, actor):
            collection = tx.personal.find(actor.account.id, outer)
            assert collection is not None, outer
            body = objects.read_body(collection, content, content_type)
            return objects.put_object(
                tx, actor, outer, href, body, condition=condition, now=self.now
            )

    def delete(self, path: str, *, condition: Condition = UNCONDITIONAL) -> None:
        """Delete an object or a file."""
        outer, _, href = path.rpartition("/")
        with self.writing() as (tx, actor):
            objects.delete_object(tx, actor, outer, href, condition=condition, now=self.now)

    def get(self, path: str) -> PersonalObject | None:
        """Read an object or a file."""
        outer, _, href = path.rpartition("/")
        with self.reading() as (tx, _):
            return next(objects.objects(tx, self.at(outer), hrefs=[href]), None)

    def content(self, path: str) -> bytes:
        """Read the content of what is there."""
        found = self.get(path)
        assert found is not None, path
        return found.content

    def listed(self, path: str) -> dict[str, str]:
        """Return the ETags by href."""
        with self.reading() as (tx, _):
            return dict(objects.listing(tx, self.at(path)))

    def hits(
        self,
        path: str,
        start: datetime | None,
        end: datetime | None,
        component: str = "VEVENT",
    ) -> dict[str, bool]:
        """Return what a range meets, and whether that is certain."""
        with self.reading() as (tx, _):
            found = objects.objects_in_range(
                tx, self.at(path), component=component, start=start, end=end
            )
            return {each.href: each.certain for each in found}

    def changes(self, path: str, token: str, *, limit: int | None = None) -> Changes:
        """Synchronise once."""
        with self.reading() as (tx, _):
            return objects.changes(tx, self.at(path), token, limit=limit)

    def copy(self, source: str, target: str, *, overwrite: bool = True) -> bool:
        """Copy an object or a file."""
        with self.writing() as (tx, actor):
            return objects.copy_object(
                tx, actor, _place(source), _place(target), overwrite=overwrite, now=self.now
            )

    def move(self, source: str, target: str, *, overwrite: bool = True) -> bool:
        """Move an object or a file."""
        with self.writing() as (tx, actor):
            return objects.move_object(
                tx, actor, _place(source), _place(target), overwrite=overwrite, now=self.now
            )

    def copy_collection(
        self, source: str, target: str, *, overwrite: bool = True, deep: bool = True
    ) -> bool:
        """Copy a collection."""
        with self.writing() as (tx, actor):
            return collections.copy_collection(
                tx, actor, source, target, overwrite=overwrite, deep=deep, now=self.now
            )

    def move_collection(self, source: str, target: str, *, overwrite: bool = True) -> bool:
        """Move a collection."""
        with self.writing() as (tx, actor):
            return collections.move_collection(
                tx, actor, source, target, overwrite=overwrite, now=self.now
            )


def _place(path: str) -> tuple[str, str]:
    outer, _, href = path.rpartition("/")
    return outer, href


@dataclass
class Copy:
    """A program's copy of a collection, kept by synchronising in parts."""

    own: Own
    path: str
    limit: int | None = None
    token: str = ""
    etags: dict[str, str] = field(default_factory=dict)

    def step(self) -> bool:
        """Ask once; return whether there is more."""
        found = self.own.changes(self.path, self.token, limit=self.limit)
        assert self.limit is None or len(list(found.changed)) + len(found.gone) <= self.limit
        if not self.token:
            assert not found.gone, "deletions are news only to who knew what was there"
        for href in found.gone:
            self.etags.pop(href, None)
        self.etags.update(found.changed)
        self.token = found.token
        return found.is_truncated

    def update(self) -> None:
        """Ask until there is no more."""
        while self.step():
            pass
