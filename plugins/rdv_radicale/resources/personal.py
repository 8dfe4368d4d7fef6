"""An account's own calendars, folders and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rdv_caldav.domain.personal import PersonalCollection, PersonalObject
from rdv_caldav.domain.sync import Changes
from rdv_caldav.services.personal import collections, objects
from rdv_radicale.names import dav
from rdv_radicale.resources.base import CalendarResource, Kind, Member, Resource
from rdv_radicale.resources.tokens import token_of, written_token
from rdv_radicale.resources.zones import zone_of
from rdv_radicale.session import Session


class _Own(Resource):
    """A collection that the account made, whatever it holds."""

    def __init__(self, now: Session, collection: PersonalCollection) -> None:
        """Show what the service found."""
        super().__init__(now, (now.login, *collection.path.split("/")))
        self.collection = collection

    @property
    def is_writable(self) -> bool:
        return True

    @property
    def etag(self) -> str:
        return f'"{self.collection.tag}"'

    @property
    def sync_token(self) -> str:
        """The token of now."""
        return written_token(self.collection.tag)

    @property
    def display_name(self) -> str:
        return self.kept.get(dav("displayname"), self.segments[-1])

    @property
    def created_at(self) -> datetime:
        return self.collection.created_at

    @property
    def last_modified(self) -> datetime:
        return self.collection.updated_at

    @property
    def kept(self) -> Mapping[str, str]:
        return self.collection.properties

    def changes(self, token: str, limit: int | None) -> Changes:
        """Return what changed since a token. Raises SyncTokenExpired."""
        found = objects.changes(self.now.tx, self.collection, token_of(token), limit=limit)
        return replace(found, token=written_token(found.token))


class PersonalCalendar(_Own, CalendarResource):
    """A calendar that the account made."""

    @property
    def components(self) -> tuple[str, ...]:
        return self.collection.components

    @property
    def tag(self) -> str:
        return self.collection.tag

    @property
    def zone(self) -> str:
        return zone_of(self.kept, self.now.tx.agency.settings().time_zone)

    def listing(self) -> Iterable[tuple[str, str]]:
        return objects.listing(self.now.tx, self.collection)

    def objects(
        self, hrefs: Sequence[str] | None = None, *, with_text: bool = True
    ) -> Iterator[Member]:
        found = objects.objects(self.now.tx, self.collection, hrefs=hrefs, with_content=with_text)
        return map(_member, found)

    def of_component(self, component: str) -> Iterator[Member]:
        found = objects.objects_of_component(self.now.tx, self.collection, component)
        return map(_member, found)

    def in_range(
        self, component: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Member]:
        found = objects.objects_in_range(
            self.now.tx, self.collection, component=component, start=start, end=end
        )
        return map(_member, found)

    def place_of(self, uid: str) -> str | None:
        return objects.object_with_uid(self.now.tx, self.collection, uid)


class Folder(_Own):
    """A plain WebDAV collection of files and further collections."""

    kind = Kind.FOLDER

    def members(self) -> Iterator[Resource]:
        """Yield the collections in it and its files."""
        for inner in collections.children(self.now.tx, self.now.actor, self.collection):
            yield collection_resource(self.now, inner)
        for found in objects.objects(self.now.tx, self.collection, with_content=False):
            yield File(self, found)


class File(Resource):
    """A file in a folder."""

    kind = Kind.FILE
    is_writable = True

    def __init__(self, folder: Folder, found: PersonalObject) -> None:
        """Stand in ``folder`` as it was ``found`` there."""
        super().__init__(folder.now, (*folder.segments, found.href))
        self.folder = folder
        self.found = found

    @property
    def etag(self) -> str:
        return self.found.etag

    @property
    def created_at(self) -> datetime:
        return self.found.created_at

    @property
    def last_modified(self) -> datetime:
        return self.found.last_modified

    @property
    def kept(self) -> Mapping[str, str]:
        return self.found.properties


def collection_resource(now: Session, collection: PersonalCollection) -> PersonalCalendar | Folder:
    """Return a personal collection as what it is."""
    if collection.is_calendar:
        return PersonalCalendar(now, collection)
    return Folder(now, collection)


def _member(found: PersonalObject) -> Member:
    return Member(
        href=found.href,
        uid=found.uid,
        etag=found.etag,
        last_modified=found.last_modified,
        created_at=found.created_at,
        component=found.component,
        text=found.content.decode(),
        is_certain=found.certain,
        kept=found.properties,
    )
