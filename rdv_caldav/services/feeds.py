"""Feeds: secret addresses at which programs read one person's calendar, and change nothing.

For programs that know no CalDAV: new Outlook, Google Agenda. Who has the address reads the
calendar, so it is long, shown once, kept as a hash, and void as soon as it is revoked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.db.feeds import Feed
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account, AgencySettings, Person, Role
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import (
    InvalidInput,
    LinkRevoked,
    ModuleOff,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.ical.published import published
from rdv_caldav.ical.views import View, render
from rdv_caldav.mail.qr import qr_svg
from rdv_caldav.services import access
from rdv_caldav.services.access import NO_ACCOUNT, Actor
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.template_filling import may_read_notes

DAYS_BEFORE, DAYS_AFTER = 60, 365
"""What a feed shows, from today: as many programs ask of a calendar."""

LONGEST_LABEL = 100
MOST_FEEDS = 20
NOTED_AFTER = timedelta(hours=1)
"""How long the same feed can be read until that is written down again."""

_SECRET_OCTETS = 20
_LONGEST_SECRET = 60
_LONGEST_PROGRAM = 120
_BUSY = {"fr": "Occupé", "en": "Busy"}

# -- reading one ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFeed:
    """A feed that may be read, before anything of it is read.

    ``etag`` tells whether it says what it said; ``name`` is what the calendar is called.
    """

    feed: Feed
    person: Person
    settings: AgencySettings
    name: str
    etag: str
    last_modified: datetime
    start: datetime
    end: datetime


def open_feed(tx: Transaction, secret: str, *, now: datetime) -> OpenFeed:
    """Return the feed of a secret; ``now`` is aware. Two statements at most, however long it is.

    Raises UnknownObject for no secret of ours, LinkRevoked, and ModuleOff.
    """
    state = tx.feeds.by_hash(_hash(secret)) if len(secret) <= _LONGEST_SECRET else None
    if state is None:
        raise UnknownObject("no such feed")
    person = tx.people.by_id(state.feed.person_id)
    if person is None or state.feed.revoked_at is not None:
        raise LinkRevoked("the feed was revoked")
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    zone = ZoneInfo(settings.time_zone)
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    start, end = midnight - timedelta(days=DAYS_BEFORE), midnight + timedelta(days=DAYS_AFTER + 1)
    name = person.name if not settings.name else f"{person.name} – {settings.name}"
    # what else decides the text, of which there is little
    other = (
        name,
        settings.placeholder_domain,
        settings.language if state.feed.is_masked else "",
        may_read_notes(person, settings),
        state.feed.is_masked,
    )
    mark = hashlib.sha256(repr(other).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return OpenFeed(
        feed=state.feed,
        person=person,
        settings=settings,
        name=name,
        etag=f'"{state.counter}-{today:%Y%m%d}-{mark}"',
        last_modified=max(state.updated_at, midnight.astimezone(UTC), state.feed.created_at),
        start=start.astimezone(UTC),
        end=end.astimezone(UTC),
    )


def read(tx: Transaction, opened: OpenFeed) -> Iterator[str]:
    """Yield the calendar of a feed, piece by piece."""
    settings = opened.settings
    language = settings.language if settings.language in _BUSY else "fr"
    return published(
        _texts(tx, opened),
        name=opened.name,
        placeholder_domain=settings.placeholder_domain,
        busy=_BUSY[language] if opened.feed.is_masked else "",
    )


def _texts(tx: Transaction, opened: OpenFeed) -> Iterator[str]:
    """Yield what the person himself reads, without what any account keeps for itself."""
    person = opened.person
    nobody = Account(id=NO_ACCOUNT, login="", role=Role.CLIENT, person_id=person.id)
    notes_hidden = not may_read_notes(person, opened.settings)
    for row in tx.members.in_range(nobody, person.id, start=opened.start, end=opened.end):
        presences = {key: Presence(value) for key, value in row.presences.items()}
        view = View(presences=presences, notes_hidden=notes_hidden, conflicts_hidden=True)
        yield render(row.text, row.slots, view)


def is_to_be_noted(feed: Feed, *, now: datetime) -> bool:
    """Tell whether it is worth a write that a feed was read."""
    return feed.used_at is None or now - feed.used_at >= NOTED_AFTER


def note_use(tx: Transaction, feed: Feed, *, program: str, now: datetime) -> None:
    """Keep when a feed was read last, and by which program."""
    tx.feeds.used(feed.id, by=program[:_LONGEST_PROGRAM], now=now)


# -- having some ---------------------------------------------------------------------------


def listed(tx: Transaction, actor: Actor, slug: str) -> tuple[Person, list[Feed]]:
    """Return a person and the feeds of his calendar that hold, the latest first.

    Raises ModuleOff, and UnknownCalendar for whose feeds are none of the actor's business:
    everybody has those of his own calendar, staff those of the fiches that they may edit.
    """
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    person = tx.people.by_slug(slug)
    is_own = person is not None and person.id == actor.person_id
    if person is None or not (is_own or access.may_see_fiche(actor, person)):
        raise UnknownCalendar(f"no feeds of {slug!r} for this account")
    return person, [each for each in tx.feeds.of_person(person.id) if each.revoked_at is None]


def create(
    tx: Transaction, actor: Actor, slug: str, *, label: str, is_masked: bool, now: datetime
) -> str:
    """Make a feed of a calendar and return its secret, which is never shown again.

    Raises what :func:`listed` does, and InvalidInput for an archived person, a label that is too
    long, or too many feeds.
    """
    person, standing = listed(tx, actor, slug)
    label = " ".join(label.split())
    if not person.active or len(standing) >= MOST_FEEDS or len(label) > LONGEST_LABEL:
        raise InvalidInput("no feed like that")
    secret = secrets.token_urlsafe(_SECRET_OCTETS)
    feed = tx.feeds.add(
        person_id=person.id,
        account_id=actor.account.id or None,
        secret_hash=_hash(secret),
        label=label,
        is_masked=is_masked,
        now=now,
    )
    details = {"person": person.id, "slug": slug, "feed": feed, "label": label}
    record_change(tx, actor, "FeedCreated", {**details, "masked": is_masked}, now=now)
    return secret


def as_picture(url: str) -> str:
    """Return the address of a feed as a QR code, an SVG element."""
    return qr_svg(url)


def revoke(tx: Transaction, actor: Actor, slug: str, feed_id: int, *, now: datetime) -> None:
    """Make the address of a feed void. Raises what :func:`listed` does, and UnknownObject."""
    person, standing = listed(tx, actor, slug)
    feed = next((each for each in standing if each.id == feed_id), None)
    if feed is None:
        raise UnknownObject(f"no feed {feed_id} of {slug!r}")
    _revoke(tx, actor, person, feed, now=now)


def revoke_all(tx: Transaction, actor: Actor, person: Person, *, now: datetime) -> None:
    """Make all feeds of somebody's calendar void: he leaves."""
    for feed in tx.feeds.of_person(person.id):
        if feed.revoked_at is None:
            _revoke(tx, actor, person, feed, now=now)


def _revoke(tx: Transaction, actor: Actor, person: Person, feed: Feed, *, now: datetime) -> None:
    tx.feeds.revoke(feed.id, now=now)
    details = {"person": person.id, "slug": person.slug, "feed": feed.id, "label": feed.label}
    record_change(tx, actor, "FeedRevoked", details, now=now)


def _hash(secret: str) -> str:
    """Return what is kept of a secret, which has 160 random bits: it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
