"""The calendar tree as Radicale's collections and items, each a snapshot of one moment.

Radicale renders answers after it has left the storage lock: whatever it may ask for is
loaded before.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, overload
from zoneinfo import ZoneInfo

import vobject
from radicale import item as radicale_item
from radicale import storage, xmlutils
from radicale.item import filter as radicale_filter

from rdv_caldav.domain.errors import CalendarFixed, SyncTokenExpired
from rdv_caldav.ical.objects import parse, without_known_zones
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.services import calendar_changes, calendars
from rdv_caldav.services.calendar_objects.delete import delete_object
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.calendars import Calendar, CalendarObject
from rdv_radicale.resources.tokens import SYNC_PREFIX
from rdv_radicale.session import Session

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TZID = re.compile(r"TZID=([^:;\r\n]+)")


class Item(radicale_item.Item):
    """One object, self-contained: nothing of it is parsed unless a filter asks."""

    def __init__(self, collection: PersonCalendar, found: CalendarObject) -> None:
        """Take everything that Radicale may want to know from the service's answer."""
        self.found = found
        stop = found.stops_at.timestamp() if found.stops_at else radicale_filter.TIMESTAMP_MAX
        super().__init__(
            collection=collection,
            href=found.href,
            text=found.text or None,
            vobject_item=None if found.text else vobject.iCalendar(),
            etag=found.etag,
            uid=found.uid,
            name="VCALENDAR",
            component_name="VEVENT",
            last_modified=format_datetime(found.last_modified, usegmt=True),
            time_range=(int(found.starts_at.timestamp()), int(stop)),
        )

    @property
    def vobject_item(self) -> Any:
        """The object as vobject has it, for filters and expansion.

        Its zones are the real ones: vobject keeps zones for the whole process, and the first
        definition that a client sends would win.
        """
        if self._vobject_item is None:
            text = without_known_zones(self.serialize())
            for tzid in set(_TZID.findall(text)):
                zone = known_zone(tzid)
                if zone is not None:
                    vobject.icalendar.registerTzid(tzid, ZoneInfo(zone))
            try:
                self._vobject_item = vobject.readOne(text)
            except Exception:  # noqa: BLE001 - vobject raises anything; one object breaks no report
                self._vobject_item = vobject.readOne(self._outline())
        return self._vobject_item

    def _outline(self) -> str:
        """What the index knows of it, for objects that vobject cannot read."""
        found = self.found
        stop = found.stops_at or found.starts_at
        return (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-\r\nBEGIN:VEVENT\r\n"
            f"UID:{found.uid}\r\nDTSTART:{found.starts_at:%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{stop:%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )


class PlainCollection(storage.BaseCollection):
    """The root or a home: no calendar, nothing of its own to keep."""

    def __init__(self, path: str) -> None:
        """Stand at a path without slashes at its ends."""
        self._path = path

    @property
    def path(self) -> str:
        return self._path

    @property
    def etag(self) -> str:
        return '"plain"'

    @property
    def last_modified(self) -> str:
        return format_datetime(_EPOCH, usegmt=True)

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...

    @overload
    def get_meta(self, key: str) -> str | None: ...

    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        return {} if key is None else None

    def get_all(self) -> Iterable[radicale_item.Item]:
        return ()

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, radicale_item.Item | None]]:
        return ((href, None) for href in hrefs)

    def set_meta(self, props: Mapping[str, str]) -> None:
        raise CalendarFixed("homes have no properties to set")

    def delete(self, href: str | None = None) -> None:
        raise CalendarFixed("homes are not deleted")

    def upload(
        self, href: str, item: radicale_item.Item
    ) -> tuple[radicale_item.Item, radicale_item.Item | None]:
        raise CalendarFixed("objects stand in calendars")


class PersonCalendar(storage.BaseCollection):
    """One person's calendar in one account's home."""

    def __init__(self, session: Session, seen: Calendar) -> None:
        """Keep the session for reading on, as long as the lock is held."""
        self._session = session
        self.seen = seen
        self._path = f"{session.login}/{seen.person.slug}"
        self._colour = calendars.colour(session.tx, seen)

    @property
    def path(self) -> str:
        return self._path

    @property
    def etag(self) -> str:
        return f'"{self.seen.tag}"'

    @property
    def last_modified(self) -> str:
        return format_datetime(_EPOCH, usegmt=True)

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...

    @overload
    def get_meta(self, key: str) -> str | None: ...

    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        kept = {xmlutils.make_human_tag(k): v for k, v in self.seen.properties.items()}
        meta = {
            "D:displayname": self.seen.display_name,
            "ICAL:calendar-color": self._colour,
            **kept,
            "tag": "VCALENDAR",
            "C:supported-calendar-component-set": "VEVENT",
        }
        return meta if key is None else meta.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        fixed = ("tag", "C:supported-calendar-component-set")
        properties = {
            xmlutils.make_clark(name): value for name, value in props.items() if name not in fixed
        }
        calendars.keep_properties(self._session.tx, self.seen, properties)

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        if old_token and not old_token.startswith(SYNC_PREFIX):
            raise ValueError("no sync token of this server")
        try:
            found = calendar_changes.changes(
                self._session.tx, self.seen, old_token.removeprefix(SYNC_PREFIX)
            )
        except SyncTokenExpired as error:
            # Radicale answers valid-sync-token to a ValueError here, and only here
            raise ValueError(str(error)) from error
        changed = (href for href, _ in found.changed)
        return SYNC_PREFIX + found.token, [*changed, *found.gone]

    @property
    def sync_token(self) -> str:
        """The token of now."""
        return SYNC_PREFIX + self.seen.tag

    def _items(self, found: Iterable[CalendarObject]) -> Iterator[Item]:
        return (Item(self, one) for one in found)

    def get_all(self) -> Iterable[radicale_item.Item]:
        return self._items(calendars.objects(self._session.tx, self.seen))

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, radicale_item.Item | None]]:
        wanted = list(dict.fromkeys(hrefs))
        items = {
            item.href: item
            for item in self._items(calendars.objects(self._session.tx, self.seen, hrefs=wanted))
        }
        return ((href, items.get(href)) for href in wanted)

    def get_filtered(
        self, filters: Iterable[ET.Element]
    ) -> Iterable[tuple[radicale_item.Item, bool]]:
        tag, start, end, simple = radicale_filter.simplify_prefilters(filters, "VCALENDAR")
        if tag not in (None, "VEVENT"):
            return
        found = calendars.objects_in_range(
            self._session.tx, self.seen, start=_instant(start), end=_instant(end)
        )
        for one in found:
            yield Item(self, one), simple and one.certain

    def has_uid(self, uid: str) -> bool:
        return self._session.tx.members.uid_exists(self.seen.person.id, uid) is not None

    def upload(
        self, href: str, item: radicale_item.Item
    ) -> tuple[radicale_item.Item, radicale_item.Item | None]:
        """Write an object; for Radicale's own PUT, which lost the client's text already."""
        session, old = self._session, dict(self.get_multi([href]))[href]
        obj = parse(item.serialize())
        written = put_object(
            session.tx, session.actor, self.seen.person.slug, href, obj, now=session.now
        )
        return (Item(self, written.served) if written.served else item), old

    def delete(self, href: str | None = None) -> None:
        if href is None:
            raise CalendarFixed("persons' calendars are not deleted")
        session = self._session
        delete_object(session.tx, session.actor, self.seen.person.slug, href, now=session.now)


def _instant(timestamp: int) -> datetime | None:
    """Return an end of a time range, None where Radicale says that it is open."""
    if timestamp in (radicale_filter.TIMESTAMP_MIN, radicale_filter.TIMESTAMP_MAX):
        return None
    return datetime.fromtimestamp(timestamp, UTC)
