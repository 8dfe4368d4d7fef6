"""A person's calendar in an account's home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rdv_caldav.domain.sync import Changes
from rdv_caldav.services import calendar_changes, calendars
from rdv_caldav.services.calendars import Calendar
from rdv_caldav.services.calendars import CalendarObject as SeenObject
from rdv_radicale.resources.base import CalendarResource, Member
from rdv_radicale.resources.tokens import token_of, written_token
from rdv_radicale.resources.zones import zone_of
from rdv_radicale.session import Session


class PersonCalendar(CalendarResource):
    """The appointments of one person, as the account sees them."""

    def __init__(self, now: Session, seen: Calendar) -> None:
        """Show what the service found."""
        super().__init__(now, (now.login, seen.person.slug))
        self.seen = seen

    @property
    def components(self) -> tuple[str, ...]:
        return ("VEVENT",)

    @property
    def tag(self) -> str:
        return self.seen.tag

    @property
    def sync_token(self) -> str:
        return written_token(self.tag)

    @property
    def zone(self) -> str:
        return zone_of(self.kept, self.seen.settings.time_zone)

    @property
    def display_name(self) -> str:
        return self.seen.display_name

    @property
    def colour(self) -> str:
        return calendars.colour(self.now.tx, self.seen)

    @property
    def last_modified(self) -> datetime:
        return self.seen.snapshot.updated_at

    @property
    def kept(self) -> Mapping[str, str]:
        return self.seen.properties

    @property
    def is_writable(self) -> bool:
        return self.seen.may_create

    def listing(self) -> Iterable[tuple[str, str]]:
        return calendars.listing(self.now.tx, self.seen)

    def objects(
        self, hrefs: Sequence[str] | None = None, *, with_text: bool = True
    ) -> Iterator[Member]:
        found = calendars.objects(self.now.tx, self.seen, hrefs=hrefs, with_text=with_text)
        return map(_member, found)

    def of_component(self, component: str) -> Iterator[Member]:
        return self.objects() if component == "VEVENT" else iter(())

    def in_range(
        self, component: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Member]:
        if component != "VEVENT":
            return iter(())
        found = calendars.objects_in_range(self.now.tx, self.seen, start=start, end=end)
        return map(_member, found)

    def changes(self, token: str, limit: int | None) -> Changes:
        found = calendar_changes.changes(self.now.tx, self.seen, token_of(token), limit=limit)
        return replace(found, token=written_token(found.token))

    def place_of(self, uid: str) -> str | None:
        return self.now.tx.members.uid_exists(self.seen.person.id, uid)


def _member(found: SeenObject) -> Member:
    return Member(
        href=found.href,
        uid=found.uid,
        etag=found.etag,
        last_modified=found.last_modified,
        text=found.text,
        is_certain=found.certain,
        is_writable=found.may_edit,
        starts_at=found.starts_at,
        stops_at=found.stops_at,
        schedule_tag=found.schedule_tag,
    )
