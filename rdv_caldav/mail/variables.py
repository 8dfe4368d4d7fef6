"""What templates can speak of. Declared once, for help, validation and rendering alike.

Names are French, since agencies write with them; they never change, or templates break.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from babel import dates

from rdv_caldav.domain.appointment import Presence, Span, State

Value = str | list[str] | None
"""None stands for what is empty, so that ``{% if lieu %}`` asks what it seems to ask."""

_STATES = {
    "fr": {State.PLANNED: "Planifié", State.HELD: "Tenu", State.CANCELLED: "Annulé"},
    "en": {State.PLANNED: "Planned", State.HELD: "Held", State.CANCELLED: "Cancelled"},
}
_ANSWERS = {
    "fr": {
        Presence.ACCEPTED: "acceptée",
        Presence.TENTATIVE: "peut-être",
        Presence.DECLINED: "refusée",
    },
    "en": {
        Presence.ACCEPTED: "accepted",
        Presence.TENTATIVE: "maybe",
        Presence.DECLINED: "declined",
    },
}
_ALL_DAY = {"fr": "toute la journée", "en": "all day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One rendez-vous (or one date of a series) as one recipient is told of it.

    ``notes`` are empty unless the agency lets mails tell them (rule 10), ``link`` is the address
    of the page, empty for who cannot open it; ``answer_link`` that of the page where he answers
    without an account, empty in what is no invitation. ``old_span`` and ``old_location`` are what
    the mail before said, where that was something else. ``dates`` are the next ones of a series
    that is told as a whole, and ``presence`` is what the recipient answered to what it tells.
    """

    recipient: str
    first_name: str
    last_name: str
    subject: str
    type_label: str
    span: Span
    location: str
    state: State
    participants: tuple[str, ...]
    owner: str
    notes: str
    agency: str
    link: str
    answer_link: str = ""
    old_span: Span | None = None
    old_location: str = ""
    dates: tuple[Span, ...] = ()
    has_more_dates: bool = False
    presence: Presence = Presence.NEEDS_ACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A word that templates write between braces; ``meaning`` is by language."""

    name: str
    meaning: Mapping[str, str]
    value: Callable[[Facts, str], str | list[str]]

    def sample(self, language: str) -> str:
        """Return an example of what it stands for."""
        value = self.value(SAMPLE, language)
        return value if isinstance(value, str) else ", ".join(value)


def _day(value: date, language: str) -> str:
    written = str(dates.format_date(value, "full", locale=language))
    # the first of a month is an ordinal in French, which CLDR does not say
    return re.sub(r"\b1\b", "1er", written, count=1) if language == "fr" else written


def _hour(value: datetime, span: Span) -> str:
    return "" if span.all_day else f"{value:%H:%M}"


def _when(span: Span, language: str) -> str:
    """Return a date with its times, in words: « mardi 24 novembre 2026, 14:00 – 15:00 »."""
    begins, ends = _day(span.start, language), _day(span.last_day, language)
    same_day = span.last_day <= span.start.date()
    if span.all_day:
        return f"{begins}, {_ALL_DAY[language]}" if same_day else f"{begins} – {ends}"
    until = f"{span.end:%H:%M}" if same_day else f"{ends}, {span.end:%H:%M}"
    return f"{begins}, {span.start:%H:%M} – {until}"


def _dates(facts: Facts, language: str) -> list[str]:
    written = [_when(each, language) for each in facts.dates]
    return [*written, "…"] if facts.has_more_dates else written


def _variable(
    name: str, french: str, english: str, value: Callable[[Facts, str], str | list[str]]
) -> Variable:
    return Variable(name=name, meaning={"fr": french, "en": english}, value=value)


VARIABLES: tuple[Variable, ...] = (
    _variable(
        "destinataire",
        "Prénom et nom de qui reçoit le message",
        "First and last name of who gets the message",
        lambda facts, _: facts.recipient,
    ),
    _variable("prenom", "Son prénom", "His first name", lambda facts, _: facts.first_name),
    _variable("nom", "Son nom de famille", "His last name", lambda facts, _: facts.last_name),
    _variable(
        "objet",
        "Objet du rendez-vous",
        "Subject of the appointment",
        lambda facts, _: facts.subject,
    ),
    _variable(
        "type", "Type de rendez-vous", "Type of appointment", lambda facts, _: facts.type_label
    ),
    _variable(
        "horaire",
        "Date et heures, en toutes lettres",
        "Date and times, in words",
        lambda facts, language: _when(facts.span, language),
    ),
    _variable(
        "date",
        "Jour où il commence",
        "Day on which it begins",
        lambda facts, language: _day(facts.span.start, language),
    ),
    _variable(
        "debut",
        "Heure de début ; vide s’il dure toute la journée",
        "Time at which it begins; empty when it lasts all day",
        lambda facts, _: _hour(facts.span.start, facts.span),
    ),
    _variable(
        "fin",
        "Heure de fin ; vide s’il dure toute la journée",
        "Time at which it ends; empty when it lasts all day",
        lambda facts, _: _hour(facts.span.end, facts.span),
    ),
    _variable("lieu", "Lieu", "Place", lambda facts, _: facts.location),
    _variable(
        "etat",
        "État : Planifié, Tenu ou Annulé",
        "State: Planned, Held or Cancelled",
        lambda facts, language: _STATES[language][facts.state],
    ),
    _variable(
        "participants",
        "Noms des participants, séparés par des virgules",
        "Names of the participants, with commas",
        lambda facts, _: ", ".join(facts.participants),
    ),
    _variable(
        "liste_participants",
        "Les mêmes, un par un : {% for personne in liste_participants %}…{% endfor %}",
        "The same, one by one: {% for person in liste_participants %}…{% endfor %}",
        lambda facts, _: list(facts.participants),
    ),
    _variable(
        "proprietaire",
        "Nom du propriétaire du rendez-vous",
        "Name of the appointment’s owner",
        lambda facts, _: facts.owner,
    ),
    _variable(
        "notes",
        "Notes ; vides tant que l’agence ne les autorise pas dans les messages",
        "Notes; empty unless the agency allows them in messages",
        lambda facts, _: facts.notes,
    ),
    _variable("agence", "Nom de l’agence", "Name of the agency", lambda facts, _: facts.agency),
    _variable(
        "lien",
        "Adresse de la page du rendez-vous ; vide pour un invité externe",
        "Address of the appointment’s page; empty for an external guest",
        lambda facts, _: facts.link,
    ),
    _variable(
        "lien_reponse",
        "Adresse où répondre, sans compte ; vide hors des invitations. Les boutons de réponse "
        "sont ajoutés à la fin d’un modèle qui ne l’emploie pas",
        "Address where to answer, without an account; empty save in invitations. The buttons to "
        "answer are added at the end of a template that does not use it",
        lambda facts, _: facts.answer_link,
    ),
    _variable(
        "ancien_horaire",
        "Date et heures annoncées auparavant, si elles ont changé",
        "Date and times that were told before, if they have changed",
        lambda facts, language: _when(facts.old_span, language) if facts.old_span else "",
    ),
    _variable(
        "ancien_lieu",
        "Lieu annoncé auparavant, s’il a changé",
        "Place that was told before, if it has changed",
        lambda facts, _: facts.old_location,
    ),
    _variable(
        "prochaines_dates",
        "Les prochaines dates d’une série, une par une ; vide hors des invitations à une série",
        "The next dates of a series, one by one; empty save in invitations to a series",
        _dates,
    ),
    _variable(
        "reponse",
        "Ce qu’il a répondu : acceptée, peut-être ou refusée ; vide tant qu’on attend sa réponse",
        "What he answered: accepted, maybe or declined; empty as long as his answer is waited for",
        lambda facts, language: _ANSWERS[language].get(facts.presence, ""),
    ),
)

NAMES = frozenset(variable.name for variable in VARIABLES)


def values_of(facts: Facts, language: str) -> dict[str, Value]:
    """Return what each variable stands for; dates are written in the ``language``."""
    return {each.name: each.value(facts, language) or None for each in VARIABLES}


SAMPLE = Facts(
    recipient="Claire Exemple",
    first_name="Claire",
    last_name="Exemple",
    subject="Visite à domicile",
    type_label="Rendez-vous client",
    span=Span(
        start=datetime.fromisoformat("2026-11-24T14:00"),
        end=datetime.fromisoformat("2026-11-24T15:00"),
        zone="Europe/Paris",
    ),
    location="1 rue de l’Exemple",
    state=State.PLANNED,
    participants=("Claire Exemple", "Alice Modèle"),
    owner="Alice Modèle",
    notes="Prévoir les documents.",
    agency="Agence de démonstration",
    link="https://agence.example/rendez-vous/1",
    answer_link="https://agence.example/r/exemple",
    old_span=Span(
        start=datetime.fromisoformat("2026-11-23T10:00"),
        end=datetime.fromisoformat("2026-11-23T11:00"),
        zone="Europe/Paris",
    ),
    old_location="2 place du Modèle",
    dates=(
        Span(
            start=datetime.fromisoformat("2026-11-24T14:00"),
            end=datetime.fromisoformat("2026-11-24T15:00"),
            zone="Europe/Paris",
        ),
        Span(
            start=datetime.fromisoformat("2026-12-01T14:00"),
            end=datetime.fromisoformat("2026-12-01T15:00"),
            zone="Europe/Paris",
        ),
    ),
    presence=Presence.ACCEPTED,
)
"""What previews show as long as there is no rendez-vous."""
