"""What an administrator decides for the agency: options, defaults, types, rules of conflict.

Each change is in the journal with what was before. A type's new name or colour, and the agency's
new name, are written into the appointments that are not over, so that calendars show them at
their next sync.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, AppointmentType, Role, TypeCategory
from rdv_caldav.domain.errors import AccessRefused, InvalidInput, UnknownType
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import plain
from rdv_caldav.services.recording import Recorder, rewritten

MAX_LABEL = 100
RECOLOURED_SINCE = timedelta(days=90)
"""How long ago an appointment may have ended for its text to take a new name."""

_READ_OTHERWISE = {
    "notes_shown_to_clients": Role.CLIENT,
    "intervenants_edit_own": Role.INTERVENANT,
}
"""Settings that change what accounts of a role read in appointments that do not change."""

_OF_THE_ORGANIZER = frozenset({"name", "scheduling_address"})
"""Settings that everybody reads in every appointment."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


def change(
    tx: Transaction, actor: Actor, changes: Mapping[str, Any], *, now: datetime
) -> AgencySettings:
    """Store settings by their field names and return all of them; ``now`` is aware.

    Programs of accounts that read something else from now on synchronise anew. Raises
    AccessRefused, InvalidInput for an unknown name.
    """
    _check_administrator(actor)
    before = tx.agency.settings()
    different = {
        name: value for name, value in changes.items() if getattr(before, name, None) != value
    }
    for name, value in different.items():
        tx.agency.save_setting(name, value)
        if name in _READ_OTHERWISE:
            tx.accounts.void_sync_tokens_of_role(_READ_OTHERWISE[name])
    entries = [
        ("SettingChanged", {"name": name, "before": getattr(before, name), "after": value})
        for name, value in different.items()
    ]
    _record(tx, actor, entries, now=now)
    if "account_password_on_caldav" in different:
        tx.accounts.renew_marks()
    if different.keys() & _OF_THE_ORGANIZER:
        # it stands in the organizer of every appointment, past ones too
        tx.calendars.renew_all(now)
        for kind in tx.agency.types():
            _rewrite(tx, actor, kind.code, now=now)
    return tx.agency.settings()


def add_type(
    tx: Transaction,
    actor: Actor,
    *,
    label: str,
    category: TypeCategory,
    colour: str,
    now: datetime,
) -> AppointmentType:
    """Add a type at the end of the list. Raises AccessRefused, InvalidInput."""
    _check_administrator(actor)
    known = tx.agency.types()
    kind = AppointmentType(
        code=_free_code(label, {each.code for each in known}),
        label=label.strip(),
        category=category,
        colour=colour.lower(),
        position=max((each.position for each in known), default=0) + 1,
    )
    _check_type(kind, known)
    tx.agency.save_type(kind)
    _record(tx, actor, [("TypeAdded", kind)], now=now)
    return kind


def change_type(tx: Transaction, actor: Actor, kind: AppointmentType, *, now: datetime) -> None:
    """Rename, recolour, retire or bring back a type. Raises AccessRefused, InvalidInput.

    A type that new appointments take by default cannot be retired.
    """
    _check_administrator(actor)
    known = tx.agency.types()
    before = next((each for each in known if each.code == kind.code), None)
    if before is None:
        raise UnknownType(f"no appointment type {kind.code!r}")
    kind = dataclasses.replace(kind, label=kind.label.strip(), colour=kind.colour.lower())
    if kind == before:
        return
    _check_type(kind, [each for each in known if each.code != kind.code])
    if not kind.active and kind.code in tx.agency.settings().default_types.values():
        raise InvalidInput("a type that is chosen by default cannot be retired")
    tx.agency.save_type(kind)
    _record(tx, actor, [("TypeChanged", {"before": before, "after": kind})], now=now)
    if (kind.label, kind.colour) != (before.label, before.colour):
        _rewrite(tx, actor, kind.code, now=now)


def move_type(tx: Transaction, actor: Actor, code: str, places: int, *, now: datetime) -> None:
    """Move a type up (negative) or down the list. Raises AccessRefused, UnknownType."""
    _check_administrator(actor)
    types = list(tx.agency.types())
    index = next((number for number, kind in enumerate(types) if kind.code == code), None)
    if index is None:
        raise UnknownType(f"no appointment type {code!r}")
    types.insert(max(index + places, 0), types.pop(index))
    for position, kind in enumerate(types, start=1):
        if kind.position != position:
            tx.agency.save_type(dataclasses.replace(kind, position=position))
    _record(tx, actor, [("TypesReordered", {"order": [kind.code for kind in types]})], now=now)


def _rewrite(tx: Transaction, actor: Actor, code: str, *, now: datetime) -> None:
    """Write new words into the appointments of a type; nobody is asked again, nothing mailed."""
    settings = tx.agency.settings()
    recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now)
    for appointment_id in tx.appointments.ids_of_type(code, since=now - RECOLOURED_SINCE):
        stored = tx.appointments.lock(appointment_id)
        if stored is None or stored.trashed_at is not None:
            continue
        vocabulary = Vocabulary(
            settings=settings,
            types=tx.agency.types(),
            directory=tx.people.directory(settings, person_ids=stored.appointment.all_person_ids),
        )
        text = rewritten(stored, stored.appointment, vocabulary, now=now)
        recorder.change(stored, stored.appointment, text=text)


def _check_administrator(actor: Actor) -> None:
    if actor.account.role is not Role.ADMINISTRATEUR:
        raise AccessRefused("only an administrateur decides for the agency")


def _check_type(kind: AppointmentType, others: Sequence[AppointmentType]) -> None:
    if not 0 < len(kind.label) <= MAX_LABEL or any(
        unicodedata.category(c).startswith("C") for c in kind.label
    ):
        raise InvalidInput(f"a type's name has 1 to {MAX_LABEL} characters")
    if any(each.label.casefold() == kind.label.casefold() for each in others):
        raise InvalidInput(f"there is a type {kind.label!r} already")
    if not _COLOUR.fullmatch(kind.colour):
        raise InvalidInput("a colour is written #rrggbb")


def _free_code(label: str, taken: set[str]) -> str:
    """Return a code for a new type: its name in plain letters, with a number if need be."""
    letters = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    wanted = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40] or "type"
    numbers = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (wanted, *numbers) if code not in taken)


def _record(
    tx: Transaction, actor: Actor, entries: Sequence[tuple[str, Any]], *, now: datetime
) -> None:
    if entries:
        tx.journal.record(
            at=now,
            account_id=actor.account.id,
            login=actor.account.login,
            channel=actor.channel.value,
            device=actor.device,
            appointment_id=None,
            entries=[(name, plain(details)) for name, details in entries],
        )
