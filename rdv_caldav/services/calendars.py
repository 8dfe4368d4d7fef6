"""Reading calendars: what an account sees, as it sees it. No iCalendar is parsed here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from rdv_caldav.db.calendar_reading import CalendarSnapshot
from rdv_caldav.db.member_reading import ObjectRow
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import ModuleOff, UnknownCalendar
from rdv_caldav.ical.views import View, reminder, render
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor

_ETAG = re.compile(r'"(\d{1,18})(-\d{1,18}-[a-z]{1,6})"', re.ASCII)

KIND_LABELS = {
    PersonKind.CLIENT: "Client",
    PersonKind.INTERVENANT: "Intervenant",
    PersonKind.GESTIONNAIRE: "Gestionnaire",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person whose calendar an account sees, and whether it may plan something there."""

    actor: Actor
    settings: AgencySettings
    person: Person
    may_create: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Seen):
    """One person's calendar as one account sees it.

    ``tag`` changes with every change that the account can see in it: it serves as ctag,
    sync token and base of the calendar's own ETag.
    """

    display_name: str
    snapshot: CalendarSnapshot

    @property
    def tag(self) -> str:
        """Change numbers of the calendar and of the account's own view of it."""
        return f"{self.snapshot.counter}-{self.snapshot.view_counter}"

    @property
    def properties(self) -> dict[str, str]:
        """What the account keeps with it (colour, order, name), by Clark name."""
        return self.snapshot.properties


# not frozen: setting the fields of a frozen one takes as long as all else about it
@dataclass(slots=True, kw_only=True)
class CalendarObject:
    """One appointment in a calendar, as its reader sees it.

    ``text`` is empty when only the outside was asked for. ``stops_at`` is None for a series
    without end. ``certain`` is false when a time range may or may not meet a date of it;
    ``may_edit`` says whether its reader may. ``schedule_tag`` changes with everything save
    answers (RFC 6638 §3.2.10), ``settled`` is the number of the last such change.
    ``has_default_reminder``: the agency's default is shown, the account has kept no lines.
    """

    appointment_id: int
    href: str
    uid: str
    etag: str
    last_modified: datetime
    starts_at: datetime
    stops_at: datetime | None
    text: str = ""
    certain: bool = True
    may_edit: bool = False
    schedule_tag: str = ""
    settled: int = 0
    has_default_reminder: bool = False

    def differs_in_answers_only(self, etag: str) -> bool:
        """Tell whether only answers were given since an ETag of it."""
        before, now = _ETAG.fullmatch(etag), _ETAG.fullmatch(self.etag)
        if before is None or now is None or before[2] != now[2]:
            return False
        return self.settled <= int(before[1]) <= int(now[1])


def home(tx: Transaction, actor: Actor) -> list[Calendar]:
    """Return the calendars that an account's home lists: its own and the followed ones."""
    settings = tx.agency.settings()
    if not settings.module_enabled:
        return []
    return [
        _calendar(tx, actor, snapshot)
        for snapshot in tx.reading.home(actor.account)
        if access.may_see_calendar(actor, snapshot.person)
    ]


def calendar(tx: Transaction, actor: Actor, slug: str) -> Calendar:
    """Return a calendar that the actor may see, listed in his home or not.

    Raises ModuleOff, and UnknownCalendar alike for what does not exist and what he may not
    know of.
    """
    _check_module(tx)
    snapshot = tx.reading.snapshot(actor.account, slug)
    if snapshot is None or not access.may_see_calendar(actor, snapshot.person):
        raise UnknownCalendar(f"no calendar {slug!r}")
    return _calendar(tx, actor, snapshot)


def seen(tx: Transaction, actor: Actor, slug: str) -> Seen:
    """Return the same as :func:`calendar` where what is kept with it does not matter."""
    _check_module(tx)
    person = tx.people.by_slug(slug)
    if person is None or not access.may_see_calendar(actor, person):
        raise UnknownCalendar(f"no calendar {slug!r}")
    settings = tx.agency.settings()
    may_create = access.may_create_in(actor, person, settings)
    return Seen(actor=actor, settings=settings, person=person, may_create=may_create)


def _check_module(tx: Transaction) -> None:
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")


def _calendar(tx: Transaction, actor: Actor, snapshot: CalendarSnapshot) -> Calendar:
    settings = tx.agency.settings()
    person = snapshot.person
    if person.id == actor.person_id:
        name = person.name
    else:
        name = f"{KIND_LABELS[person.kind]} : {person.name}"
    return Calendar(
        actor=actor,
        settings=settings,
        person=person,
        display_name=name,
        may_create=access.may_create_in(actor, person, settings),
        snapshot=snapshot,
    )


def colour(tx: Transaction, seen: Calendar) -> str:
    """Return the colour to propose: that of the kind of person's default type."""
    code = seen.settings.default_types[seen.person.kind]
    return next((kind.colour for kind in tx.agency.types() if kind.code == code), "#1f5fbf")


def keep_properties(tx: Transaction, seen: Calendar, properties: dict[str, str]) -> None:
    """Keep what an account sets of a calendar (colour, order, name), by Clark name."""
    tx.calendars.save_view(seen.actor.account.id, seen.person.id, properties=properties)


def as_seen(seen: Seen, row: ObjectRow) -> CalendarObject:
    """Return an object of a calendar as its reader sees it."""
    return _Reader(seen).object(row)


def objects(
    tx: Transaction, seen: Seen, *, hrefs: Sequence[str] | None = None, with_text: bool = True
) -> Iterator[CalendarObject]:
    """Yield the objects of a calendar, all or those at ``hrefs``, in no particular order."""
    rows = tx.members.objects(seen.actor.account, seen.person.id, hrefs=hrefs, with_text=with_text)
    return map(_Reader(seen).object, rows)


def objects_in_range(
    tx: Transaction, seen: Calendar, *, start: datetime | None, end: datetime | None
) -> Iterator[CalendarObject]:
    """Yield what overlaps a range of aware instants, open where None (RFC 4791 §9.9)."""
    rows = tx.members.in_range(seen.actor.account, seen.person.id, start=start, end=end)
    return map(_Reader(seen).object, rows)


def listing(tx: Transaction, seen: Calendar) -> Iterator[tuple[str, str]]:
    """Yield href and ETag of every object of a calendar: all that most polls ask for."""
    actor, settings = seen.actor, seen.settings
    by_owner = access.edits_by_owner(actor, settings)
    rows = tx.members.listing(actor.account, seen.person.id, with_owner=by_owner)
    if by_owner:
        etag_of = etags(seen)
        for href, changed, own, owner_id in rows:
            yield href, etag_of(changed, own, owner_id)
        return
    mask = _Reader(seen).mask(may_edit=access.edits_by_role(actor))
    for href, changed, own, _ in rows:
        yield href, f'"{changed}-{own}-{mask}"'


def etags(seen: Calendar) -> Callable[[int, int | None, int], str]:
    """Return what makes an ETag of change number, overlay's change number and owner.

    They are integers that are never used again, and what else decides the text.
    """
    reader = _Reader(seen)

    def etag(changed: int, overlay_changed: int | None, owner_id: int) -> str:
        mask = reader.mask(may_edit=reader.may_edit(owner_id))
        return f'"{changed}-{overlay_changed or 0}-{mask}"'

    return etag


class _Reader:
    """One account's eyes: what is the same for all objects of a calendar, found out once."""

    def __init__(self, seen: Seen) -> None:
        actor, settings = seen.actor, seen.settings
        self._actor, self._settings = actor, settings
        self._edits_all = access.edits_by_role(actor)
        self._notes_hidden = access.notes_are_hidden(actor, settings)
        hidden = "m" if self._notes_hidden else ""
        person = actor.person
        self._own_address = person.addresses[0] if person and person.addresses else None
        # whoever edits is the organizer, by his own address: another one makes another text
        self._masks = (f"r{hidden}", f"e{hidden}{_letters_of(self._own_address or '')}")
        # reminders by default are for one's own calendar only
        is_own = seen.person.id == actor.person_id
        self._reminders = settings.default_reminders if is_own else {}

    def may_edit(self, owner_id: int) -> bool:
        return self._edits_all or access.edits_as_owner(self._actor, owner_id, self._settings)

    def mask(self, *, may_edit: bool) -> str:
        return self._masks[may_edit]

    def object(self, row: ObjectRow) -> CalendarObject:
        may_edit = self.may_edit(row.owner_id)
        mask = self._masks[may_edit]
        minutes = None if row.overlay_changed else self._reminders.get(row.type_code)
        return CalendarObject(
            appointment_id=row.appointment_id,
            href=row.href,
            uid=row.uid,
            etag=f'"{row.changed}-{row.overlay_changed}-{mask}"',
            last_modified=row.updated_at,
            starts_at=row.starts_at,
            stops_at=row.stops_at,
            text=self._text(row, may_edit, minutes),
            # the index takes each date to be as long as the first
            certain=row.is_certain and "VALUE=PERIOD" not in row.text,
            may_edit=may_edit,
            schedule_tag=f'"{row.appointment_id}-{row.settled}-{mask}"',
            settled=row.settled,
            has_default_reminder=minutes is not None,
        )

    def _text(self, row: ObjectRow, may_edit: bool, minutes: int | None) -> str:
        if not row.text:
            return ""
        view = View(
            organizer_address=self._own_address if may_edit else None,
            organizer_name=self._settings.name,
            presences={key: Presence(value) for key, value in row.presences.items()},
            notes_hidden=self._notes_hidden,
            conflicts_hidden=not may_edit,
            private=row.private,
            reminder=None if minutes is None else reminder(minutes),
        )
        return render(row.text, row.slots, view)


@lru_cache(maxsize=1024)
def _letters_of(address: str) -> str:
    """Return a few letters that tell addresses apart, none for none."""
    digest = hashlib.sha256(address.encode("utf-8", "surrogatepass")).digest()
    return "".join(chr(ord("a") + octet % 26) for octet in digest[:4]) if address else ""
