"""Plainly made-up people and rendez-vous as domain values, for tests without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    Span,
)
from rdv_caldav.domain.directory import Directory
from rdv_caldav.domain.draft import CalendarUser, Draft, DraftOccurrence
from rdv_caldav.domain.merge import Writing, served_status

ALICE = Person(
    id=1,
    slug="alice",
    kind=PersonKind.GESTIONNAIRE,
    last_name="Gestion",
    first_name="Alice",
    addresses=("alice@agence.example", "alice.perso@mail.example"),
)
IVAN = Person(
    id=2,
    slug="ivan",
    kind=PersonKind.INTERVENANT,
    last_name="Intervenant",
    first_name="Ivan",
    addresses=("ivan@agence.example",),
)
CLAIRE = Person(
    id=3,
    slug="claire",
    kind=PersonKind.CLIENT,
    last_name="Cliente",
    first_name="Claire",
    addresses=("claire@famille.example",),
)
JEAN = Person(
    id=4,
    slug="jean-dupont",
    kind=PersonKind.CLIENT,
    last_name="Dupont",
    first_name="Jean",
    addresses=("dupont@famille.example",),
)
MARIE = Person(
    id=5,
    slug="marie-dupont",
    kind=PersonKind.CLIENT,
    last_name="Dupont",
    first_name="Marie",
    addresses=("dupont@famille.example",),
)
PAUL = Person(id=6, slug="paul", kind=PersonKind.CLIENT, last_name="Sansmail", first_name="Paul")
EVERYBODY = (ALICE, IVAN, CLAIRE, JEAN, MARIE, PAUL)

SETTINGS = AgencySettings(
    name="Agence de test", scheduling_address="rdv@agence.example", public_url="https://rdv.example"
)
GUEST = "invite@exterieur.example"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When every test takes place, unless it says otherwise: a Tuesday, 13:00 in Paris."""


def span(day: int = 25, hour: int = 9, *, hours: int = 1) -> Span:
    """Return a time in November 2026, in Paris: by default after NOON."""
    start = datetime(2026, 11, day, hour)
    return Span(start=start, end=start + timedelta(hours=hours), zone="Europe/Paris")


def owner(person: Person, presence: Presence = Presence.ACCEPTED) -> Participant:
    """Return a person as owner."""
    return Participant(person_id=person.id, presence=presence, is_owner=True)


def taking_part(
    person: Person, presence: Presence = Presence.NEEDS_ACTION, *, comment: str = ""
) -> Participant:
    """Return a person as one of the others."""
    return Participant(person_id=person.id, presence=presence, comment=comment)


def guest(presence: Presence = Presence.NEEDS_ACTION) -> Participant:
    """Return an external guest."""
    return Participant(address=GUEST, name="Invité", presence=presence)


def visit(*participants: Participant, recurrence: Recurrence | None = None) -> Appointment:
    """Return a visit on the 25th at 9, by default Claire's, with Alice and Ivan."""
    chosen = participants or (
        owner(CLAIRE),
        taking_part(ALICE, Presence.ACCEPTED),
        taking_part(IVAN, Presence.TENTATIVE),
    )
    return Appointment(
        uid="visite@agence.example",
        type_code="client",
        span=span(),
        subject="Visite",
        location="1 rue de l'Exemple",
        notes="Note interne",
        participants=chosen,
        recurrence=recurrence,
    )


WEEKLY = Recurrence(rules=("FREQ=WEEKLY;COUNT=4",))
FIRST, SECOND, THIRD, FOURTH = (datetime(2026, 11, 25, 9) + timedelta(weeks=n) for n in range(4))
"""The dates of a weekly visit."""


def series(*participants: Participant) -> Appointment:
    """Return the visit as a weekly series of four."""
    return visit(*participants, recurrence=WEEKLY)


def address_of(person: Person) -> str:
    """Return the address that a person is shown with."""
    return Directory(EVERYBODY, SETTINGS).address_of(person)


def line(
    person: Person, presence: Presence | None = None, *, is_chair: bool = False
) -> CalendarUser:
    """Return the ATTENDEE line of a person."""
    return CalendarUser(
        address=address_of(person), name=person.name, presence=presence, is_chair=is_chair
    )


def served(appointment: Appointment, viewer: Person | None = None) -> Draft:
    """Return what a program says that sends back untouched what it was served.

    ``viewer`` is the editor whose own address stands as ORGANIZER.
    """
    return Draft(
        uid=appointment.uid,
        type_code=appointment.type_code,
        recurrence=appointment.recurrence,
        occurrences=tuple(
            DraftOccurrence(
                original=o.original,
                span=o.span,
                subject=o.subject,
                location=o.location,
                notes=o.notes,
                status=served_status(o.state, SETTINGS),
                organizer=_organizer(o, viewer),
                attendees=_lines(o),
            )
            for o in appointment.occurrences
        ),
        span=appointment.span,
        subject=appointment.subject,
        location=appointment.location,
        notes=appointment.notes,
        status=served_status(appointment.state, SETTINGS),
        organizer=_organizer(appointment, viewer),
        attendees=_lines(appointment),
    )


def _organizer(details: Appointment | Occurrence, viewer: Person | None) -> CalendarUser:
    if viewer is None:
        return CalendarUser(address=SETTINGS.scheduling_address)
    own = details.participant(viewer.id)
    return CalendarUser(address=address_of(viewer), presence=own.presence if own else None)


def _lines(details: Appointment | Occurrence) -> tuple[CalendarUser, ...]:
    persons = {person.id: person for person in EVERYBODY}
    return tuple(
        CalendarUser(
            address=p.address if p.person_id is None else address_of(persons[p.person_id]),
            name=p.name if p.person_id is None else persons[p.person_id].name,
            presence=p.presence,
            is_chair=p.is_owner,
            comment=p.comment,
        )
        for p in details.participants
    )


def new_draft(*attendees: CalendarUser, organizer: CalendarUser | None = None) -> Draft:
    """Return what a program says of a new event."""
    return Draft(
        uid="nouveau@appareil.example",
        span=span(),
        subject="Nouveau",
        attendees=attendees,
        organizer=organizer,
    )


def override(draft: Draft, original: datetime) -> DraftOccurrence:
    """Return an override of one date as a program makes it, by copying the master."""
    return DraftOccurrence(
        original=original,
        span=draft.span.moved_to(original),
        subject=draft.subject,
        location=draft.location,
        notes=draft.notes,
        status=draft.status,
        organizer=draft.organizer,
        attendees=draft.attendees,
    )


def writing(
    author: Person | None,
    calendar: Person = CLAIRE,
    *,
    now: datetime = NOON,
    settings: AgencySettings = SETTINGS,
) -> Writing:
    """Return the circumstances of a write."""
    return Writing(
        author=author,
        calendar=calendar,
        directory=Directory(EVERYBODY, settings),
        settings=settings,
        now=now,
    )
