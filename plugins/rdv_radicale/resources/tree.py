"""Finding what stands at a place: everything an account sees lies under its own home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from rdv_caldav.domain.errors import (
    AccessRefused,
    CalendarFixed,
    ModuleOff,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.services import calendars
from rdv_caldav.services.personal import collections, objects
from rdv_caldav.services.personal.places import RESERVED
from rdv_caldav.services.scheduling import may_know, own_addresses
from rdv_radicale.resources import scheduling
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Kind, Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import File, Folder, collection_resource
from rdv_radicale.resources.scheduling import Inbox, Outbox, PersonPrincipal
from rdv_radicale.session import Session


class Root(Resource):
    """The top of the tree, which lists nothing but the account's own home."""

    kind = Kind.ROOT

    def __init__(self, now: Session) -> None:
        """Stand at the top."""
        super().__init__(now, ())

    def members(self) -> Iterator[Resource]:
        yield Home(self.now)


class Home(Resource):
    """An account's principal, which is its calendar home too."""

    kind = Kind.HOME
    is_writable = True

    def __init__(self, now: Session) -> None:
        """Stand at the login of the session."""
        super().__init__(now, (now.login,))

    @property
    def display_name(self) -> str:
        actor = self.now.actor
        return actor.person.name if actor.person else actor.account.login

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that the account is known by, the best one first."""
        return own_addresses(self.now.tx, self.now.actor)

    @cached_property
    def kept(self) -> Mapping[str, str]:
        return collections.account_properties(self.now.tx, self.now.actor)

    def members(self) -> Iterator[Resource]:
        """Yield the persons' calendars that it lists, then the account's own collections."""
        for seen in calendars.home(self.now.tx, self.now.actor):
            yield PersonCalendar(self.now, seen)
        for collection in collections.home(self.now.tx, self.now.actor):
            yield collection_resource(self.now, collection)
        yield Inbox(self.now)
        yield Outbox(self.now)


def find(now: Session, segments: tuple[str, ...], *, with_text: bool = False) -> Resource:
    """Return what stands at a place, an object with its text if that is wanted.

    Raises AccessRefused for somebody else's home, UnknownCalendar and UnknownObject.
    """
    if not segments:
        return Root(now)
    check_own(now, segments)
    if len(segments) == 1:
        return Home(now)
    if segments[1] in RESERVED:
        return _reserved(now, segments, with_text=with_text)
    if len(segments) == 2:
        return require_collection(now, segments)
    parent = require_collection(now, segments[:-1])
    if isinstance(parent, Folder):
        inner = find_collection(now, segments)
        if inner is not None:
            return inner
    member = find_member(parent, segments[-1], with_text=with_text)
    if member is None:
        raise UnknownObject("nothing stands here")
    return member


def _reserved(now: Session, segments: tuple[str, ...], *, with_text: bool) -> Resource:
    """Return what stands at a name that is kept for scheduling. Raises UnknownObject."""
    match segments[1:]:
        case (scheduling.INBOX,):
            return Inbox(now)
        case (scheduling.INBOX, href):
            message = find_member(Inbox(now), href, with_text=with_text)
            if message is not None:
                return message
        case (scheduling.OUTBOX,):
            return Outbox(now)
        case (scheduling.PRINCIPALS, slug):
            person = now.tx.people.by_slug(slug)
            if person is not None and may_know(now.actor, person):
                return PersonPrincipal(now, person)
    raise UnknownObject("nothing stands here")


def check_not_reserved(segments: tuple[str, ...]) -> None:
    """Refuse to write where scheduling has its place. Raises CalendarFixed."""
    if len(segments) > 1 and segments[1] in RESERVED:
        raise CalendarFixed("nothing is written here")


def require_collection(now: Session, segments: tuple[str, ...]) -> CalendarResource | Folder:
    """Return the calendar or folder at a place. Raises UnknownCalendar."""
    found = find_collection(now, segments)
    if found is None:
        raise UnknownCalendar("there is no such calendar")
    return found


def check_own(now: Session, segments: tuple[str, ...]) -> None:
    """Refuse places in somebody else's home. Raises AccessRefused."""
    if segments and segments[0] != now.login:
        raise AccessRefused("this is not in your home")


def find_collection(now: Session, segments: tuple[str, ...]) -> CalendarResource | Folder | None:
    """Return the calendar or folder at a place below the account's home."""
    path = "/".join(segments[1:])
    if len(segments) == 2:
        try:
            return PersonCalendar(now, calendars.calendar(now.tx, now.actor, path))
        except (UnknownCalendar, ModuleOff):
            pass
    found = collections.find(now.tx, now.actor, path)
    return collection_resource(now, found) if found is not None else None


def find_member(
    parent: CalendarResource | Folder, href: str, *, with_text: bool = False
) -> CalendarObject | File | None:
    """Return what stands in a calendar or folder; an object with its text if that is wanted."""
    if isinstance(parent, CalendarResource):
        for member in parent.objects([href], with_text=with_text):
            return CalendarObject(parent, member)
        return None
    for found in objects.objects(
        parent.now.tx, parent.collection, hrefs=[href], with_content=False
    ):
        return File(parent, found)
    return None
