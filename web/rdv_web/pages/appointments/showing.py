"""What the page of a rendez-vous shows, put together for its templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, render_template, request, url_for

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AppointmentType, Person, PersonKind
from rdv_caldav.domain.appointment import Participant
from rdv_caldav.domain.conflicts import Conflict
from rdv_caldav.services import (
    access,
    appointment_dates,
    appointment_pages,
    conflicts,
)
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage
from rdv_caldav.services.conflicts import ToldConflict
from rdv_caldav.services.mailing import mail_listing
from rdv_web import work
from rdv_web.formats import KINDS, PRESENCE_MARKS, PRESENCES
from rdv_web.mail_wording import METHODS, RESULTS, STATUSES, problem_words, reason_words
from rdv_web.pages.appointments.carrying import carried, key_text, new_uid
from rdv_web.pages.appointments.clashes import clash_rows
from rdv_web.pages.appointments.filling import Filling
from rdv_web.pages.appointments.hints import hints
from rdv_web.pages.appointments.wording import (
    CHANNELS,
    CONFLICTS,
    Historian,
    repetition_words,
    stretch,
)

MOST_DEEDS = 100
"""Writes that the history of one page shows."""


MOST_MAILS = 50
"""Messages whose fate one page shows, and mails that came in."""

PIECES: dict[str, Any] = {
    "marks": {presence.value: mark for presence, mark in PRESENCE_MARKS.items()},
    "presences": {presence.value: words for presence, words in PRESENCES.items()},
    "CONFLICTS": CONFLICTS,
    "stretch": stretch,
    "kinds": {kind.value: words for kind, words in KINDS.items()},
}
"""Words and marks by the values that forms send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A participant as a row of a page."""

    key: str
    name: str
    participant: Participant
    person: Person | None
    is_owner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a form belongs: to an appointment, or to the page in which a new one is planned."""

    url: str
    page: AppointmentPage | None = None
    person: Person | None = None

    @property
    def original(self) -> datetime | None:
        """The date of a series that it shows."""
        return self.page.original if self.page else None


def moment_asked(name: str) -> datetime | None:
    """Return the wall-clock time that the address names, None for none; 404 for nonsense."""
    written = request.args.get(name, "")
    if not written:
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        abort(404)


def seats_of(
    participants: tuple[Participant, ...] | list[Participant], owner: int | str, tx: Transaction
) -> list[Seat]:
    """Return participants as rows, in their order."""
    ids = [each.person_id for each in participants if each.person_id is not None]
    persons = tx.people.by_ids(ids)
    rows = []
    for each in participants:
        person = persons.get(each.person_id) if each.person_id is not None else None
        if each.person_id is not None and person is None:
            continue
        rows.append(
            Seat(
                key=key_text(each.key),
                name=person.name if person else each.name or each.address,
                participant=each,
                person=person,
                is_owner=each.key == owner,
            )
        )
    return rows


def form_page(tx: Transaction, filling: Filling, place: Place, **more: Any) -> str:  # noqa: ANN401
    """Return the page with the form."""
    filling.form.offer(_types(tx, filling), keeps_rule=bool(filling.base.rule))
    actor = work.actor()
    filling.leave_out_strangers(tx, actor)
    seats = seats_of(filling.seats, filling.owner, tx)
    found = filling.search(tx, actor) if filling.words or filling.searched else []
    values = {
        "filling": filling,
        "form": filling.form,
        "place": place,
        "page": place.page,
        "seats": seats,
        "found": found,
        "base": carried(filling.base),
        "places": _places(seats),
        "me": actor.person,
        "repetition": repetition_words(filling.base.rule, filling.base.span),
        "clash_rows": list(clash_rows(tx, filling)),
        **hints(tx, filling, place.page),
        **(page_values(tx, place.page) if place.page else {}),
        **more,
    }
    return render_template("appointments/form.html", **PIECES, **values, new_uid=new_uid)


def _types(tx: Transaction, filling: Filling) -> list[tuple[str, str]]:
    return [
        (kind.code, kind.label)
        for kind in tx.agency.types()
        if kind.active or kind.code == filling.base.type_code
    ]


def _places(seats: list[Seat]) -> list[tuple[str, str, str]]:
    """Return key, address and name of the clients who take part: places to choose."""
    return [
        (seat.key, " ".join(seat.person.home_address.split()), seat.name)
        for seat in seats
        if seat.person is not None
        and seat.person.kind is PersonKind.CLIENT
        and seat.person.home_address.strip()
    ]


def page_values(tx: Transaction, page: AppointmentPage) -> dict[str, Any]:
    """Return what is shown of an appointment that exists, to whoever sees it."""
    actor = work.actor()
    deeds = appointment_pages.history(tx, page)[:MOST_DEEDS]
    historian = Historian(appointment_pages.persons_named(tx, deeds), tx.agency.types())
    return {
        "page": page,
        "kind": _type_of(tx, page.appointment.type_code),
        "dates": appointment_pages.dates_around(page, actor, now=work.now()),
        "removed": appointment_dates.removed_dates(page),
        "deeds": [(deed, [historian.sentence(entry) for entry in deed.entries]) for deed in deeds],
        "CHANNELS": CHANNELS,
        "told": _told(tx, actor, page),
        "has_begun": page.details.span.starts_at <= work.now(),
        **mail_values(tx, page),
        "answer_url": address_of(page, "appointments.answer"),
        "owner_slug": _slug_of(page, page.appointment.owner.key),
        "mail_url": address_of(page, "appointments.mail"),
        "invite_url": address_of(page, "appointments.ask_to_invite"),
    }


def mail_values(tx: Transaction, page: AppointmentPage) -> dict[str, Any]:
    """Return what was written about a rendez-vous and what came in, with the words for it."""
    return {
        "letters": mail_listing.correspondence(tx, page, most=MOST_MAILS),
        "letters_linked": access.edits_by_role(work.actor()),
        "STATUSES": STATUSES,
        "METHODS": METHODS,
        "RESULTS": RESULTS,
        "problem_words": problem_words,
        "reason_words": reason_words,
    }


def _slug_of(page: AppointmentPage, key: int | str) -> str:
    person = page.persons.get(key) if isinstance(key, int) else None
    return person.slug if person else ""


def _told(tx: Transaction, actor: Actor, page: AppointmentPage) -> list[ToldConflict]:
    if page.trashed_at is not None:
        return []
    now = work.now()
    coming = [each for each in conflicts.of_appointment(tx, actor, page.id) if each.end > now]
    if page.original is None:
        return coming
    date = page.details.span
    return [each for each in coming if each.start < date.ends_at and each.end > date.starts_at]


def explained(tx: Transaction, found: tuple[Conflict, ...]) -> list[ToldConflict]:
    """Return the conflicts for which something was refused, as their reader may know them."""
    return conflicts.explain(tx, work.actor(), found)


def _type_of(tx: Transaction, code: str) -> AppointmentType | None:
    return next((kind for kind in tx.agency.types() if kind.code == code), None)


def address_of(page: AppointmentPage, endpoint: str = "appointments.show") -> str:
    """Return the address of something of an appointment, or of one date of it."""
    date = page.original.isoformat() if page.original else None
    return url_for(endpoint, appointment_id=page.id, date=date)


def reading_page(tx: Transaction, page: AppointmentPage, **more: Any) -> str:  # noqa: ANN401
    """Return the page of somebody who reads and answers."""
    owner = page.appointment.owner.key
    recurrence = page.appointment.recurrence
    rule = "\n".join(recurrence.rules) if recurrence else ""
    values = {
        **page_values(tx, page),
        "seats": seats_of(page.details.participants, owner, tx),
        "repetition": repetition_words(rule, page.appointment.span),
        **more,
    }
    return render_template("appointments/reading.html", **PIECES, **values)
