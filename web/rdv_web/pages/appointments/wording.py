"""Repetitions and histories in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import get_timezone, gettext, lazy_gettext
from flask_babel import ngettext as _in_number

from rdv_caldav.db.journal import JournalEntry
from rdv_caldav.domain.agency import AppointmentType, Person
from rdv_caldav.domain.appointment import Presence, Span, State
from rdv_caldav.domain.conflicts import ConflictCode
from rdv_caldav.domain.repetition import Frequency, Repetition, nth_of_month, repetition_of
from rdv_web.formats import PRESENCES, STATES, moment, short_day, span
from rdv_web.pages.appointments.fields import WEEKDAYS


def _(text: str, **values: object) -> str:
    return str(gettext(text, **values))


def ngettext(one: str, several: str, number: int) -> str:
    """Return a text for so many."""
    return str(_in_number(one, several, number))


CHANNELS = {
    "caldav": lazy_gettext("depuis un agenda"),
    "web": lazy_gettext("dans le panneau"),
    "mail": lazy_gettext("par e-mail"),
    "command": lazy_gettext("par une commande"),
    "import": lazy_gettext("par un import"),
}
CONFLICTS = {
    ConflictCode.OVERLAP: lazy_gettext("déjà un rendez-vous"),
    ConflictCode.PERSONAL: lazy_gettext("occupé"),
    ConflictCode.HOURS: lazy_gettext("hors de ses horaires"),
}
_NTH = {
    1: lazy_gettext("premier"),
    2: lazy_gettext("deuxième"),
    3: lazy_gettext("troisième"),
    4: lazy_gettext("quatrième"),
    -1: lazy_gettext("dernier"),
}


def stretch(start: datetime, end: datetime) -> str:
    """Return two aware instants as a stretch of time, the day once where it is one."""
    zone = get_timezone()
    first, last = start.astimezone(zone), end.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else moment(end)
    return f"{moment(start)} – {until}"


def repetition_words(rule: str, first: Span) -> str:
    """Return how something repeats, as people say it."""
    said = repetition_of(rule, first) if rule else None
    if said is None:
        return _("Répétition particulière") if rule else ""
    words = [_how_often(said), _on_which(said, first)]
    if said.count is not None:
        words.append(ngettext("%(num)d date", "%(num)d dates", said.count))
    if said.until is not None:
        last = datetime.combine(said.until, first.start.time())
        words.append(_("jusqu’au %(day)s", day=short_day(last)))
    return ", ".join(filter(None, words))


def _how_often(said: Repetition) -> str:
    n = said.interval
    if said.frequency is Frequency.DAILY:
        return ngettext("Tous les jours", "Tous les %(num)d jours", n)
    if said.frequency is Frequency.WEEKLY:
        return ngettext("Toutes les semaines", "Toutes les %(num)d semaines", n)
    if said.frequency is Frequency.MONTHLY:
        return ngettext("Tous les mois", "Tous les %(num)d mois", n)
    return ngettext("Tous les ans", "Tous les %(num)d ans", n)


def _on_which(said: Repetition, first: Span) -> str:
    if said.frequency is Frequency.WEEKLY:
        return ", ".join(str(WEEKDAYS[day]) for day in sorted(said.weekdays))
    if said.by_weekday:
        nth = _NTH[nth_of_month(first.start)]
        return _("le %(nth)s %(weekday)s", nth=nth, weekday=WEEKDAYS[first.start.weekday()])
    return ""


class Historian:
    """Says what journal entries mean; the persons and types that they name are known."""

    def __init__(self, persons: Mapping[int, Person], types: Sequence[AppointmentType]) -> None:
        """Remember who and what is named."""
        self._persons = persons
        self._types = {kind.code: kind.label for kind in types}

    def sentence(self, entry: JournalEntry) -> str:
        """Return an entry in words, with what was before and what came after."""
        tell = getattr(self, f"_{entry.event}", None)
        words: str = tell(entry.details) if tell else entry.event
        original = entry.details.get("original")
        if not original:
            return words
        day = short_day(datetime.fromisoformat(original))
        return _("Date du %(day)s : %(what)s", day=day, what=words)

    def _name(self, key: object) -> str:
        if isinstance(key, int):
            person = self._persons.get(key)
            return person.name if person else _("une personne supprimée")
        return str(key)

    def _participant(self, details: Mapping[str, Any]) -> str:
        told = details["participant"]
        if told.get("person_id") is not None:
            return self._name(told["person_id"])
        return str(told.get("name") or told.get("address", ""))

    def _from_to(self, what: str, before: object, after: object) -> str:
        nothing = _("(vide)")
        return _(
            "%(what)s : « %(before)s » devient « %(after)s »",
            what=what,
            before=before or nothing,
            after=after or nothing,
        )

    # one method an event, called by its name in the journal

    def _Created(self, _details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Rendez-vous créé")

    def _Trashed(self, _details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Mis à la corbeille")

    def _Restored(self, _details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Sorti de la corbeille")

    def _SubjectChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return self._from_to(_("Objet"), details.get("before"), details.get("after"))

    def _Relocated(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return self._from_to(_("Lieu"), details.get("before"), details.get("after"))

    def _NotesChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return self._from_to(_("Notes"), details.get("before"), details.get("after"))

    def _TypeChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = (self._types.get(details[name], "") for name in ("before", "after"))
        return self._from_to(_("Type"), before, after)

    def _Rescheduled(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = (span(_span_of(details[name])) for name in ("before", "after"))
        return self._from_to(_("Date et horaires"), before, after)

    def _StateChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = (STATES[State(details[name])] for name in ("before", "after"))
        return self._from_to(_("État"), before, after)

    def _RecurrenceChanged(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        if not details.get("after"):
            return _("Ne se répète plus")
        if not details.get("before"):
            return _("Se répète désormais")
        return self._dates_changed(details["before"], details["after"])

    def _dates_changed(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        if any(before[name] != after[name] for name in ("rules", "added")):
            return _("Répétition modifiée")
        lost, found = (set(each["excluded"]) for each in (after, before))
        told = [
            _("Date supprimée : %(day)s", day=short_day(datetime.fromisoformat(day)))
            for day in sorted(lost - found)
        ]
        told += [
            _("Date rétablie : %(day)s", day=short_day(datetime.fromisoformat(day)))
            for day in sorted(found - lost)
        ]
        return ", ".join(told) or _("Répétition modifiée")

    def _OccurrenceDetached(self, _details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("diffère désormais de la série")

    def _OccurrenceRejoined(self, _details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("ne diffère plus de la série")

    def _ParticipantAdded(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Participant ajouté : %(name)s", name=self._participant(details))

    def _ParticipantRemoved(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Participant retiré : %(name)s", name=self._participant(details))

    def _PresenceRecorded(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = (PRESENCES[Presence(details[name])] for name in ("before", "after"))
        what = _("Présence de %(name)s", name=self._name(details["key"]))
        return self._from_to(what, before, after)

    def _CommentLeft(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        name = self._name(details["key"])
        comment = details.get("comment", "")
        return _("Commentaire de %(name)s : « %(comment)s »", name=name, comment=comment)

    def _OwnershipGiven(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        before, after = (self._name(details[name]) for name in ("before", "after"))
        return self._from_to(_("Propriétaire"), before, after)

    def _HiddenFrom(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Retiré de son agenda par %(name)s", name=self._name(details["person_id"]))

    def _InvitationAsked(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Invitation demandée pour %(address)s", address=details["address"])

    def _MessageQueued(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _(
            "E-mail à %(recipient)s : « %(subject)s »",
            recipient=details["recipient"],
            subject=details["subject"],
        )

    def _MailFailed(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _(
            "E-mail à %(recipient)s non remis : %(problem)s",
            recipient=details["recipient"],
            problem=details["problem"],
        )

    def _SendingAsked(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _("Envoi redemandé à %(recipient)s", recipient=details["recipient"])

    def _MailHandled(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        return _(
            "Courriel de %(sender)s traité : « %(subject)s »",
            sender=details["sender"],
            subject=details["subject"],
        )

    def _ConflictFound(self, details: Mapping[str, Any]) -> str:  # noqa: N802
        code = details["code"]
        what = CONFLICTS[ConflictCode(code)] if code in list(ConflictCode) else code
        return _(
            "Conflit : %(name)s, %(what)s le %(when)s",
            name=self._name(details["person_id"]),
            what=what,
            when=moment(datetime.fromisoformat(details["start"])),
        )


def _span_of(plain: Mapping[str, Any]) -> Span:
    return Span(
        start=datetime.fromisoformat(plain["start"]),
        end=datetime.fromisoformat(plain["end"]),
        zone=plain["zone"],
        all_day=plain.get("all_day", False),
    )
