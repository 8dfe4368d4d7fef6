"""Scheduling collections and the principals of others (RFC 6638 §2, RFC 3744 §2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from rdv_caldav.domain import inbox as domain
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.sync import Changes
from rdv_caldav.services import calendars, inbox, scheduling
from rdv_caldav.services.personal import collections
from rdv_radicale.resources.base import CalendarResource, Kind, Member, Resource
from rdv_radicale.resources.tokens import token_of, written_token
from rdv_radicale.session import Session

INBOX, OUTBOX, PRINCIPALS = "inbox", "outbox", "principals"
_HREF = re.compile(r"(\d{1,18})\.ics", re.ASCII)


class Inbox(CalendarResource):
    """Where messages lie of which programs tell: everything is in the calendars already.

    Empty unless the account has it filled: Thunderbird hides the calendar's own event when a
    message about it lies here.
    """

    kind = Kind.INBOX

    def __init__(self, now: Session) -> None:
        """Stand in the account's home."""
        super().__init__(now, (now.login, INBOX))

    @cached_property
    def _standing(self) -> domain.Inbox:
        return inbox.standing(self.now.tx, self.now.actor)

    @property
    def components(self) -> tuple[str, ...]:
        return ("VEVENT",)

    @property
    def tag(self) -> str:
        return str(self._standing.counter)

    @property
    def sync_token(self) -> str:
        return written_token(self.tag)

    @property
    def zone(self) -> str:
        return self.index_zone

    @property
    def default_calendar(self) -> tuple[str, ...] | None:
        """The place of the calendar where invitations belong: the own one, else a personal one."""
        now = self.now
        for seen in calendars.home(now.tx, now.actor):
            if seen.person.id == now.actor.person_id:
                return now.login, seen.person.slug
        for collection in collections.home(now.tx, now.actor):
            if collection.is_calendar and "VEVENT" in collection.components:
                return now.login, collection.path
        return None

    def listing(self) -> Iterator[tuple[str, str]]:
        return ((each.href, each.etag) for each in self.objects(with_text=False))

    def objects(
        self, hrefs: Sequence[str] | None = None, *, with_text: bool = True
    ) -> Iterator[Member]:
        numbers = None if hrefs is None else _numbers(hrefs)
        now = self.now
        found = inbox.messages(now.tx, now.actor, numbers=numbers, with_text=with_text)
        return map(_member, found)

    def of_component(self, component: str) -> Iterator[Member]:
        return self.objects() if component == "VEVENT" else iter(())

    def in_range(
        self, component: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Member]:
        """Yield all: they are few, and not indexed."""
        return self.of_component(component)

    def changes(self, token: str, limit: int | None) -> Changes:
        now = self.now
        found = inbox.changes(now.tx, now.actor, self._standing, token_of(token), limit=limit)
        return replace(found, token=written_token(found.token))

    def place_of(self, uid: str) -> str | None:
        found = inbox.of_uid(self.now.tx, self.now.actor, uid)
        return None if found is None else found.href


def _numbers(hrefs: Sequence[str]) -> list[int]:
    """Return the numbers of messages that are named as such; no two names mean the same one."""
    found = (match for href in hrefs if (match := _HREF.fullmatch(href)))
    return [int(match[1]) for match in found if str(int(match[1])) == match[1]]


def _member(message: domain.InboxMessage) -> Member:
    return Member(
        href=message.href,
        uid=message.uid,
        etag=message.etag,
        last_modified=message.at,
        created_at=message.at,
        text=message.text,
        is_certain=False,
        is_writable=False,
    )


class Outbox(Resource):
    """Where programs post questions about when others are busy."""

    kind = Kind.OUTBOX

    def __init__(self, now: Session) -> None:
        """Stand in the account's home."""
        super().__init__(now, (now.login, OUTBOX))


class PersonPrincipal(Resource):
    """A person whom the account may invite."""

    kind = Kind.PRINCIPAL

    def __init__(self, now: Session, person: Person, address: str | None = None) -> None:
        """Stand in the account's home; ``address`` is found out if it is not known."""
        super().__init__(now, (now.login, PRINCIPALS, person.slug))
        self.person = person
        self._address = address

    @property
    def display_name(self) -> str:
        return self.person.name

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses under which the person is invited, the best one first."""
        if self._address is None:
            self._address = scheduling.address_of(self.now.tx, self.person)
        return tuple(dict.fromkeys((self._address, *self.person.addresses)))


def known_principals(now: Session) -> Iterator[PersonPrincipal]:
    """Yield the principals of the persons whom the account may know of, save its own."""
    persons = scheduling.known_persons(now.tx, now.actor)
    directory = now.tx.people.directory(
        now.tx.agency.settings(), person_ids=[person.id for person in persons]
    )
    for person in persons:
        if person.id != now.actor.person_id:
            yield PersonPrincipal(now, person, directory.address_of(person))
