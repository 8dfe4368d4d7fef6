"""A form under way: what was typed, who takes part in it, and what pressing a button does to it.

Every button of the form sends all of it, so that nothing typed is lost with or without
JavaScript; ``do`` says which button it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from flask import request
from flask_babel import gettext as _

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Participant, Presence
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.editing import FIELDS, Sheet
from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import find_persons, guest_or_person
from rdv_caldav.services.scheduling import may_know
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.appointments.fields import AppointmentForm

MOST_PARTICIPANTS = 500

_ADDRESS = re.compile(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+\.[^@\s<>\"',;:.]+")

_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True, kw_only=True)
class Filling:
    """The form as it stands.

    ``seats`` are the participants in their order, ``owner`` has the star; ``words`` are those
    of a search for participants, ``problems`` are told beside what they are about. ``clashes``
    are fields that somebody else changed meanwhile, otherwise than here: ``base`` has his.
    """

    form: AppointmentForm
    base: Sheet
    seats: list[Participant]
    owner: int | str
    words: str = ""
    searched: bool = False
    guest_name: str = ""
    guest_address: str = ""
    clashes: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[int | str]:
        """Who takes part."""
        return frozenset(seat.key for seat in self.seats)

    @classmethod
    def of_sheet(cls, sheet: Sheet, base: Sheet | None = None) -> Filling:
        """Return a form that shows a sheet."""
        form = AppointmentForm(formdata=None)
        form.show(sheet)
        return cls(form=form, base=base or sheet, seats=list(sheet.participants), owner=sheet.owner)

    @classmethod
    def sent(cls, base: Sheet) -> Filling:
        """Return the form that the browser sent."""
        known = {seat.key: seat for seat in base.participants}
        sent = (key_of(text) for text in request.form.getlist("who"))
        keys = list(dict.fromkeys(key for key in sent if key is not None))
        seats = [known.get(key) or _seat_of(key) for key in keys[:MOST_PARTICIPANTS]]
        return cls(
            form=AppointmentForm(),
            base=base,
            seats=[_answering(seat) for seat in seats],
            owner=_owner_sent(base),
            words=request.form.get("words", "").strip(),
            guest_name=one_line(request.form.get("guest_name", "")),
            guest_address=request.form.get("guest_address", "").strip(),
            clashes=tuple(name for name in FIELDS if name in request.form.getlist("clash")),
        )

    def sheet(self, *, on_date: bool) -> Sheet | None:
        """Return what the form says, None (and words beside the fields) where that is unclear.

        ``on_date``: it shows one date of a series, whose repetition it leaves alone.
        """
        is_valid = self.form.validate()
        span = self.form.span(self.base.span.zone)
        rule = None
        if span is not None:
            rule = self.base.rule if on_date else self.form.rule(span, self.base)
        if not is_valid or span is None or rule is None:
            return None
        return Sheet(
            type_code=self.form.type_code.data,
            subject=_same_or(self.base.subject, one_line(self.form.subject.data or "")),
            span=span,
            location=_same_or(self.base.location, one_line(self.form.location.data or "")),
            notes=_same_or(self.base.notes, self.form.notes.data or ""),
            rule=rule,
            owner=self.owner,
            participants=tuple(self.seats),
        )

    # -- participants ---------------------------------------------------------------------

    def leave_out_strangers(self, tx: Transaction, actor: Actor) -> None:
        """Leave out persons whom no form of ours offered: showing it would tell of them."""
        sent = {key for key in self.keys - self.base.keys if isinstance(key, int)}
        persons = tx.people.by_ids(sent)
        strangers = {key for key in sent if key not in persons or not may_know(actor, persons[key])}
        self.seats = [seat for seat in self.seats if seat.key not in strangers]
        if self.owner not in self.keys:
            self.owner = self.base.owner

    def add_chosen(self, tx: Transaction, actor: Actor, presence: Presence) -> None:
        """Add the persons who were ticked in what was found."""
        ticked = [key_of(text) for text in request.form.getlist("add")]
        ids = [key for key in dict.fromkeys(ticked) if isinstance(key, int)]
        persons = tx.people.by_ids(set(ids) - self.keys)
        for person_id in ids:
            if person_id in persons and may_know(actor, persons[person_id]):
                self.add_person(person_id, presence)
        self.words = ""

    def add_person(self, person_id: int, presence: Presence) -> None:
        """Add a person, if he does not take part already."""
        if person_id not in self.keys:
            self.seats.append(Participant(person_id=person_id, presence=presence))

    def add_guest(self, tx: Transaction, actor: Actor, presence: Presence) -> bool:
        """Add the guest whose address was typed, or the person whose address it is.

        Returns whether there was none, or he could be added.
        """
        address = normalise_address(self.guest_address)
        if not address:
            return not self.guest_name or self._refuse_guest(_("Indiquez l’adresse de l’invité."))
        if not _ADDRESS.fullmatch(address):
            return self._refuse_guest(_("Ce n’est pas une adresse e-mail."))
        try:
            person = guest_or_person(tx, actor, address, tx.agency.settings())
        except UnknownObject:
            words = _("Cette adresse est celle de fiches de l’agence : cherchez la personne.")
            return self._refuse_guest(words)
        if person is not None:
            self.add_person(person.id, presence)
        elif address not in self.keys:
            self.seats.append(Participant(address=address, name=self.guest_name))
        self.guest_name = self.guest_address = ""
        return True

    def _refuse_guest(self, words: str) -> bool:
        self.problems["guest_address"] = words
        return False

    def remove(self, key: int | str) -> None:
        """Take somebody off the form; the owner stays, and the form says why."""
        if key == self.owner:
            self.problems["participants"] = _(
                "Le propriétaire ne peut pas être retiré : donnez d’abord l’étoile à un autre "
                "participant."
            )
            return
        self.seats = [seat for seat in self.seats if seat.key != key]

    def give_star(self, key: int | str) -> None:
        """Make another participant the owner; guests from outside cannot be."""
        if isinstance(key, int) and key in self.keys:
            self.owner = key

    def take(self, name: str) -> None:
        """Take over what somebody else wrote meanwhile into a field: that is the base by now."""
        if name == "owner":
            self.owner = self.base.owner
        elif name == "span":
            self.form.show_span(self.base.span)
        elif name in FIELDS:
            self.form.show_field(name, self.base)

    def take_home(self, tx: Transaction, key: int | str | None) -> None:
        """Take the address of a participant as the place."""
        person = tx.people.by_id(key) if isinstance(key, int) and key in self.keys else None
        if person is not None:
            self.form.show_location(" ".join(person.home_address.split()))

    def answer(self, key: int | str, presence: Presence) -> None:
        """Note what a participant answers."""
        self.seats = [
            replace(seat, presence=presence) if seat.key == key else seat for seat in self.seats
        ]

    def search(self, tx: Transaction, actor: Actor) -> list[tuple[str, str, str]]:
        """Return what is found: key, name and kind of each person."""
        found = find_persons(tx, actor, self.words, without=self.keys)
        return [(key_text(person.id), person.name, person.kind.value) for person in found]


def _seat_of(key: int | str) -> Participant:
    if isinstance(key, int):
        return Participant(person_id=key)
    return Participant(address=key, name=one_line(request.form.get(f"name:{key}", "")))


def _answering(seat: Participant) -> Participant:
    said = request.form.get(f"presence:{key_text(seat.key)}", "")
    return replace(seat, presence=Presence(said)) if said in list(Presence) else seat


def _same_or(before: str, typed: str) -> str:
    """Browsers write lines with CRLF: that alone is no change."""
    typed = _UNPRINTABLE.sub("", typed.replace("\r\n", "\n"))
    is_same = typed in (before.replace("\r\n", "\n"), one_line(before))
    return before if is_same else typed


def one_line(typed: str) -> str:
    """Return what was typed into a line, without what no line can hold."""
    return _UNPRINTABLE.sub("", " ".join(typed.splitlines())).strip()


def _owner_sent(base: Sheet) -> int | str:
    key = key_of(request.form.get("owner", ""))
    return key if isinstance(key, int) else base.owner
