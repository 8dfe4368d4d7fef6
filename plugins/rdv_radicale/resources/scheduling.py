"""Scheduling collections and the principals of others (RFC 6638 §2, RFC 3744 §2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.domain.sync import Changes
from rdv_caldav.services import calendars, scheduling
from rdv_caldav.services.personal import collections
from rdv_radicale.resources.base import CalendarResource, Kind, Member, Resource
from rdv_radicale.resources.tokens import token_of, written_token
from rdv_radicale.session import Session

INBOX, OUTBOX, PRINCIPALS = "inbox", "outbox", "principals"
_NOTHING = "0"


class Inbox(CalendarResource):
    """Where messages would arrive: everything is in the calendars already, so it is empty.

    Thunderbird hides the calendar's own event when a message about it lies here.
    """

    kind = Kind.INBOX

    def __init__(self, now: Session) -> None:
        """Stand in the account's home."""
        super().__init__(now, (now.login, INBOX))

    @property
    def components(self) -> tuple[str, ...]:
        return ("VEVENT",)

    @property
    def tag(self) -> str:
        return _NOTHING

    @property
    def sync_token(self) -> str:
        return written_token(_NOTHING)

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
        return iter(())

    def objects(
        self, hrefs: Sequence[str] | None = None, *, with_text: bool = True
    ) -> Iterator[Member]:
        return iter(())

    def of_component(self, component: str) -> Iterator[Member]:
        return iter(())

    def in_range(
        self, component: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Member]:
        return iter(())

    def changes(self, token: str, limit: int | None) -> Changes:
        if token_of(token) not in ("", _NOTHING):
            raise SyncTokenExpired("no sync token of this collection")
        return Changes(token=self.sync_token, changed=(), gone=())

    def place_of(self, uid: str) -> str | None:
        return None


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
