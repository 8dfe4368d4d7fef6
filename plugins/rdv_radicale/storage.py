"""Radicale's storage plugin: the calendar tree of DESIGN over the appointment book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from radicale import item as radicale_item
from radicale import storage, types
from radicale.config import Configuration

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import (
    CalendarFixed,
    EditRefused,
    ModuleOff,
    UnknownCalendar,
)
from rdv_caldav.services import calendars
from rdv_caldav.services.calendar_objects.move import Place, move_object
from rdv_radicale.collection import Item, PersonCalendar, PlainCollection
from rdv_radicale.paths import Location, locate
from rdv_radicale.session import Session, current, default_book, session


class Storage(storage.BaseStorage):
    """Everything is in the database; the storage lock is a transaction."""

    _supports_unicode = True
    _supports_problematic_chars = True
    _is_collision_free = True

    def __init__(self, configuration: Configuration, book: AppointmentBook | None = None) -> None:
        """Work on ``book``, or the one that the environment names."""
        super().__init__(configuration)
        self.book = book or default_book()

    @contextmanager
    def acquire_lock(
        self, mode: str, user: str = "", *args: object, **kwargs: object
    ) -> Iterator[None]:
        """Open a transaction: a clean exit commits what mode "w" wrote."""
        with session(self.book, user, writes=mode == "w"):
            yield

    def discover(
        self,
        path: str,
        depth: str = "0",
        child_context_manager: Callable[[str, str | None], AbstractContextManager[None]]
        | None = None,
        user_groups: set[str] | None = None,
    ) -> Iterable[types.CollectionOrItem]:
        """Yield what stands at a path, and with a depth what it contains.

        Lazily, the principal first: Radicale asks for it before every request, and that
        must cost nothing.
        """
        place, now = locate(path), current()
        if place is None or (place.login and place.login != now.login):
            return
        if place.slug:
            yield from self._calendar(now, place, depth)
            return
        yield PlainCollection(place.login)
        if depth == "0":
            return
        if place.login:
            for seen in calendars.home(now.tx, now.actor):
                yield PersonCalendar(now, seen)
        elif now.login:
            yield PlainCollection(now.login)

    def _calendar(
        self, now: Session, place: Location, depth: str
    ) -> Iterator[types.CollectionOrItem]:
        try:
            seen = calendars.calendar(now.tx, now.actor, place.slug)
        except (UnknownCalendar, ModuleOff):
            return
        collection = PersonCalendar(now, seen)
        if place.is_calendar:
            yield collection
            if depth != "0":
                yield from collection.get_all()
            return
        for found in calendars.objects(now.tx, seen, hrefs=[place.href]):
            yield Item(collection, found)

    def move(
        self, item: radicale_item.Item, to_collection: storage.BaseCollection, to_href: str
    ) -> None:
        """Move an object, for Radicale's own MOVE."""
        now = current()
        source = item.collection
        if not (isinstance(source, PersonCalendar) and isinstance(to_collection, PersonCalendar)):
            raise EditRefused("objects move between calendars only")
        assert item.href is not None, "items of ours have one"
        move_object(
            now.tx,
            now.actor,
            Place(source.seen.person.slug, item.href),
            Place(to_collection.seen.person.slug, to_href),
            overwrite=True,
            now=now.now,
        )

    def create_collection(
        self,
        href: str,
        items: Iterable[radicale_item.Item] | None = None,
        props: Mapping[str, str] | None = None,
    ) -> tuple[storage.BaseCollection, dict[str, radicale_item.Item], list[str]]:
        """Refuse: persons' calendars are made by the agency, not by client programs."""
        raise CalendarFixed("calendars of persons are not made or replaced by programs")

    def verify(self) -> bool:
        """Tell whether the database can be used."""
        self.book.database.check_schema()
        return True
