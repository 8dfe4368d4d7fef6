"""Fiches for pages: found, read, made, changed and archived, each change in the journal.

A person's slug is made of his name once and stays for ever, since it is in the addresses of
calendars that programs keep. An archived person's calendar is listed nowhere and his
appointments stay as they are; brought back, it is listed again, with all sync tokens good.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.control import ControlFilter
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidFiche, PreconditionFailed, UnknownCalendar
from rdv_caldav.domain.fiches import (
    Complaint,
    Fiche,
    FicheFilter,
    FichePlace,
    LinkedAccount,
    ListedFiche,
    Problem,
    name_key,
)
from rdv_caldav.domain.mail_templates import LANGUAGES
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.ical.availability import Hours, weekly_availability
from rdv_caldav.services import access, control, feeds
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.people_csv import LONGEST, is_address, is_unprintable, slug_of
from rdv_caldav.services.people_import import is_the_agencys, store_person

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FicheDraft:
    """A fiche as a form says it. ``hours`` None leaves the working hours as they are."""

    kind: PersonKind
    last_name: str
    first_name: str = ""
    addresses: tuple[str, ...] = ()
    phone: str = ""
    home_address: str = ""
    sector_id: int | None = None
    notes: str = ""
    hours: Hours | None = None
    language: str = ""
    contact_by: ContactBy = ContactBy.AGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class FichePage:
    """Some lines by name, and where the pages before and after them are."""

    lines: tuple[ListedFiche, ...]
    before: FichePlace | None
    after: FichePlace | None


# -- reading ------------------------------------------------------------------------------


def page(
    tx: Transaction,
    actor: Actor,
    wanted: FicheFilter,
    place: FichePlace | None = None,
    *,
    size: int = PAGE_SIZE,
) -> FichePage:
    """Return the page beyond a place, the first one without. Raises AccessRefused."""
    scope = access.fiches_of(actor)
    backwards = place is not None and place.backwards
    # one more than asked for tells whether there is another page
    lines = tx.people_listing.page(wanted, scope, place, size=size + 1)
    is_more = len(lines) > size
    lines = lines[-size:] if backwards else lines[:size]
    if not lines:
        return FichePage(lines=(), before=None, after=None)
    has_before = is_more if backwards else place is not None
    return FichePage(
        lines=tuple(lines),
        before=lines[0].place(backwards=True) if has_before else None,
        after=lines[-1].place() if backwards or is_more else None,
    )


def count(tx: Transaction, actor: Actor, wanted: FicheFilter) -> int:
    """Return how many fiches a filter lists. Raises AccessRefused."""
    return tx.people_listing.count(wanted, access.fiches_of(actor))


def everything(tx: Transaction, actor: Actor, wanted: FicheFilter) -> list[Fiche]:
    """Return all fiches that a filter lists, whole. Raises AccessRefused."""
    return tx.people_listing.everything(wanted, access.fiches_of(actor))


def fiche(tx: Transaction, actor: Actor, slug: str) -> Fiche:
    """Return a fiche that the actor may read, and so change.

    Raises AccessRefused for all but staff, and UnknownCalendar alike for what does not exist
    and what he may not know of.
    """
    access.fiches_of(actor)
    found = tx.people_listing.fiche(slug)
    if found is None or not access.may_see_fiche(actor, found.person):
        raise UnknownCalendar(f"no fiche {slug!r}")
    return found


def accounts_of(tx: Transaction, person: Person) -> Sequence[LinkedAccount]:
    """Return the accounts of a person whose fiche was read."""
    return tx.people_listing.accounts_of(person.id)


def upcoming(tx: Transaction, actor: Actor, person: Person, *, now: datetime) -> int:
    """Return how many dates of a person are to come, cancelled ones too; 0 with the module off."""
    settings = tx.agency.settings()
    if not settings.module_enabled:
        return 0
    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    wanted = ControlFilter(first_day=today, participants=frozenset({person.id}))
    return control.counts(tx, actor, wanted).total


def homonyms(
    tx: Transaction, actor: Actor, draft: FicheDraft, *, but: Person | None = None
) -> list[Person]:
    """Return the persons of the same kind and name whose fiches the actor may read."""
    key = name_key(_person(draft, Person(id=0, slug="", kind=draft.kind, last_name="")))
    ids = tx.people_listing.homonyms(draft.kind, key)
    found = tx.people.by_ids(ids)
    return [
        person
        for person in found.values()
        if access.may_see_fiche(actor, person) and (but is None or person.id != but.id)
    ]


def version_of(found: Fiche) -> str:
    """Return what tells whether a fiche was changed since: a hash of all that it says."""
    return hashlib.sha256(repr(found).encode("utf-8", "surrogatepass")).hexdigest()[:32]


# -- writing ------------------------------------------------------------------------------


def check(
    tx: Transaction, actor: Actor, draft: FicheDraft, *, standing: Person | None = None
) -> None:
    """Raise InvalidFiche with all that cannot be stored of a draft."""
    _checked(tx, actor, draft, standing=standing)


def create(tx: Transaction, actor: Actor, draft: FicheDraft, *, now: datetime) -> Person:
    """Add a person with an empty calendar; ``now`` is aware.

    Raises AccessRefused for all but staff, InvalidFiche.
    """
    access.fiches_of(actor)
    draft = _checked(tx, actor, draft)
    name = f"{draft.first_name} {draft.last_name}".strip()
    person = tx.people.add(
        slug=tx.people.free_slug(slug_of(name)),
        kind=draft.kind,
        last_name=draft.last_name,
        first_name=draft.first_name,
        addresses=draft.addresses,
        home_address=draft.home_address,
        sector_id=draft.sector_id,
    )
    _save_details(tx, person, draft)
    tx.people.save_availability(person.id, _availability(tx, draft, ""))
    record_change(tx, actor, "FicheCreated", {"person": person.id, "slug": person.slug}, now=now)
    return person


def change(
    tx: Transaction, actor: Actor, slug: str, draft: FicheDraft, *, version: str, now: datetime
) -> Person:
    """Bring a fiche to what a form says; ``version`` is that of the fiche it was made from.

    Raises what :func:`fiche` raises, InvalidFiche, and PreconditionFailed when somebody
    changed it meanwhile.
    """
    before = fiche(tx, actor, slug)
    if version != version_of(before):
        raise PreconditionFailed(f"the fiche {slug!r} was changed meanwhile")
    draft = _checked(tx, actor, draft, standing=before.person)
    person = _person(draft, before.person)
    after = Fiche(
        person=person,
        phone=draft.phone,
        notes=draft.notes,
        availability=_availability(tx, draft, before.availability),
        language=draft.language,
        contact_by=draft.contact_by,
    )
    changes = dict(_changes(before, after))
    if changes:
        store_person(tx, before.person, person)
        _save_details(tx, person, after)
        tx.people.save_availability(person.id, after.availability)
        details = {"person": person.id, "slug": slug, "changes": changes}
        record_change(tx, actor, "FicheChanged", details, now=now)
    return person


def archive(
    tx: Transaction, actor: Actor, slug: str, *, archived: bool = True, now: datetime
) -> Person:
    """Archive a person, or bring him back; appointments stay, feeds of his calendar do not.

    Raises what :func:`fiche` does.
    """
    person = fiche(tx, actor, slug).person
    if person.active is not archived:
        return person
    person = replace(person, active=not archived)
    tx.people.update(person)
    if archived:
        feeds.revoke_all(tx, actor, person, now=now)
    event = "FicheArchived" if archived else "FicheRestored"
    record_change(tx, actor, event, {"person": person.id, "slug": slug}, now=now)
    return person


def _save_details(tx: Transaction, person: Person, said: FicheDraft | Fiche) -> None:
    tx.people.save_details(
        person.id,
        phone=said.phone,
        notes=said.notes,
        language=said.language,
        contact_by=said.contact_by,
    )


def _person(draft: FicheDraft, standing: Person) -> Person:
    return replace(
        standing,
        kind=draft.kind,
        last_name=draft.last_name,
        first_name=draft.first_name,
        addresses=draft.addresses,
        home_address=draft.home_address,
        sector_id=draft.sector_id,
    )


def _availability(tx: Transaction, draft: FicheDraft, standing: str) -> str:
    if draft.hours is None:
        return standing
    zone = tx.agency.settings().time_zone
    return weekly_availability(draft.hours, zone=zone) if any(draft.hours.values()) else ""


def _changes(before: Fiche, after: Fiche) -> Iterator[tuple[str, object]]:
    """Yield what differs, by field: the values before and after, of hours only that they do."""
    for name in ("kind", "last_name", "first_name", "addresses", "home_address", "sector_id"):
        old, new = getattr(before.person, name), getattr(after.person, name)
        if old != new:
            yield name, (old, new)
    for name in ("phone", "notes", "language", "contact_by"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, (old, new)
    if before.availability != after.availability:
        yield "hours", True


# -- what a fiche can say -----------------------------------------------------------------


def _checked(
    tx: Transaction, actor: Actor, draft: FicheDraft, *, standing: Person | None = None
) -> FicheDraft:
    """Return a draft as it is stored. Raises InvalidFiche with all that is wrong."""
    draft = replace(
        draft,
        last_name=_line(draft.last_name),
        first_name=_line(draft.first_name),
        phone=_line(draft.phone),
        home_address=_text(draft.home_address),
        notes=_text(draft.notes),
        addresses=tuple(dict.fromkeys(map(normalise_address, draft.addresses))),
    )
    problems = dict(_problems(draft, tx.agency.settings()))
    keeps = standing is not None and standing.sector_id == draft.sector_id
    if not keeps and not _may_stand_in(tx, actor, draft.sector_id):
        problems["sector_id"] = Complaint(problem=Problem.SECTOR)
    if problems:
        names = ", ".join(problems)
        raise InvalidFiche(f"values that cannot be used: {names}", problems=problems)
    return draft


def _may_stand_in(tx: Transaction, actor: Actor, sector_id: int | None) -> bool:
    known = sector_id is None or sector_id in {sector.id for sector in tx.people.sectors()}
    return known and access.may_give_sector(actor, sector_id)


def _problems(draft: FicheDraft, settings: AgencySettings) -> Iterator[tuple[str, Complaint]]:
    for name in ("last_name", "first_name", "phone", "home_address", "notes"):
        value = getattr(draft, name)
        if len(value) > LONGEST[name]:
            yield name, Complaint(problem=Problem.TOO_LONG)
        elif is_unprintable(value):
            yield name, Complaint(problem=Problem.UNPRINTABLE)
    if not draft.last_name:
        yield "last_name", Complaint(problem=Problem.MISSING)
    if draft.language and draft.language not in LANGUAGES:
        yield "language", Complaint(problem=Problem.LANGUAGE)
    for address in reversed(draft.addresses):
        if not is_address(address):
            yield "addresses", Complaint(problem=Problem.ADDRESS, about=address)
        elif is_the_agencys(address, settings):
            yield "addresses", Complaint(problem=Problem.AGENCY_ADDRESS)


def _line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
