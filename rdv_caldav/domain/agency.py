"""Who and what an agency is made of: persons, sectors, accounts, appointment types, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rdv_caldav.domain.conflicts import DEFAULT_RULES, ConflictRule
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.domain.devices import AccountPasswordOnCaldav


class PersonKind(StrEnum):
    """The three kinds of person that take part in rendez-vous."""

    CLIENT = "client"
    INTERVENANT = "intervenant"
    GESTIONNAIRE = "gestionnaire"


class Role(StrEnum):
    """What an account may do; see :mod:`rdv_caldav.services.access`."""

    ADMINISTRATEUR = "administrateur"
    GESTIONNAIRE = "gestionnaire"
    INTERVENANT = "intervenant"
    CLIENT = "client"


class TypeCategory(StrEnum):
    """Which of the three default colours and defaults an appointment type belongs to."""

    CLIENT = "client"
    INTERNE = "interne"
    INTERVENANT = "intervenant"


class PlannedStatus(StrEnum):
    """The STATUS served for a planned appointment.

    ``NONE`` is the default: Thunderbird draws TENTATIVE faded, so that every coming
    appointment would look doubtful.
    """

    NONE = "none"
    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A district of the agency; limits who sees whom."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A client, intervenant or gestionnaire, with his fiche's essentials.

    ``addresses`` are lower-case e-mail addresses, the preferred one first; none at all and
    an address shared with somebody else are both normal.
    """

    id: int
    slug: str
    kind: PersonKind
    last_name: str
    first_name: str = ""
    addresses: tuple[str, ...] = ()
    home_address: str = ""
    sector_id: int | None = None
    active: bool = True

    @property
    def name(self) -> str:
        """First name then last name, as shown to people and in CN."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login. ``sector_ids`` empty means every sector (for gestionnaires).

    ``credentials_mark`` is another word after each change of its passwords.
    """

    id: int
    login: str
    role: Role
    person_id: int | None = None
    sector_ids: frozenset[int] = frozenset()
    active: bool = True
    credentials_mark: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentType:
    """One entry of the editable list of types; ``colour`` is ``#rrggbb``."""

    code: str
    label: str
    category: TypeCategory
    colour: str
    position: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySettings:
    """What an administrator decides, with the defaults; stored by field name.

    ``personal_calendars`` lets accounts make calendars and folders of their own, of which each
    may have ``personal_collections``, with ``personal_quota`` octets in all. ``conflict_rules``
    has one rule of each kind. ``default_reminders`` says by type how many minutes before the
    start participants are reminded who never chose for themselves.

    Mails go out by themselves to guests (``invite_external_guests``) and to persons of the agency
    (``invite_persons``) when an appointment is planned or changed; whoever synchronises a calendar
    gets no invitation, and a plain notice only with ``notices_beside_calendar``. They name the
    recipient alone unless ``all_named_in_mails``. ``answers_domain`` is one of which every address
    is read here: each recipient answers to an address of his own; empty, all answer to the
    scheduling address. Nothing leaves between ``quiet_from`` and ``quiet_until`` (``HH:MM`` in the
    agency's zone, empty for never). ``remind_hours`` before the start a reminder is sent, 0 for
    none; ``remind_by_sms`` to whoever has a telephone number and no address.
    """

    name: str = "Agence"
    time_zone: str = "Europe/Paris"
    scheduling_address: str = "rdv@agence.invalid"
    placeholder_domain: str = "personnes.rdv.invalid"
    public_url: str = ""
    planned_status: PlannedStatus = PlannedStatus.NONE
    module_enabled: bool = True
    demo: bool = False
    reset_answers_on_change: bool = True
    intervenants_edit_own: bool = True
    notes_shown_to_clients: bool = False
    notes_in_mails: bool = False
    invite_external_guests: bool = False
    invite_persons: bool = False
    notices_beside_calendar: bool = False
    all_named_in_mails: bool = False
    language: str = "fr"
    answers_domain: str = ""
    quiet_from: str = ""
    quiet_until: str = ""
    remind_hours: int = 0
    remind_by_sms: bool = False
    personal_calendars: bool = True
    personal_quota: int = 50_000_000
    personal_collections: int = 100
    account_password_on_caldav: AccountPasswordOnCaldav = AccountPasswordOnCaldav.UNTIL_DEVICE
    conflict_rules: tuple[ConflictRule, ...] = DEFAULT_RULES
    default_reminders: dict[str, int] = field(default_factory=dict)
    appointment_defaults: AppointmentDefaults = field(default_factory=AppointmentDefaults)
    default_types: dict[PersonKind, str] = field(
        default_factory=lambda: {
            PersonKind.CLIENT: "client",
            PersonKind.INTERVENANT: "intervenant",
            PersonKind.GESTIONNAIRE: "interne",
        }
    )


DEFAULT_TYPES: tuple[AppointmentType, ...] = (
    AppointmentType(
        code="client",
        label="Rendez-vous client",
        category=TypeCategory.CLIENT,
        colour="#1f5fbf",
        position=1,
    ),
    AppointmentType(
        code="interne",
        label="Rendez-vous interne",
        category=TypeCategory.INTERNE,
        colour="#6d28d9",
        position=2,
    ),
    AppointmentType(
        code="intervenant",
        label="Rendez-vous intervenant",
        category=TypeCategory.INTERVENANT,
        colour="#0f766e",
        position=3,
    ),
)
