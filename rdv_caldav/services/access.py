"""Who may see and do what: the one place that every channel asks (rules 9 and 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account, AgencySettings, Person, Role
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.control import Scope
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.domain.fiches import FicheScope

NO_ACCOUNT = 0
"""The id of the account of somebody who has none."""

_LONGEST_LOGIN = 200


class Channel(StrEnum):
    """The way in, as the journal names it. Nothing that comes by IMPORT is ever mailed."""

    CALDAV = "caldav"
    WEB = "web"
    MAIL = "mail"
    COMMAND = "command"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, through which channel and with which program."""

    account: Account
    person: Person | None
    channel: Channel
    device: str = ""
    guest: str = ""
    """The address of an external guest, who has no person."""

    @property
    def person_id(self) -> int | None:
        """The id of the account's own person."""
        return self.person.id if self.person else None

    @property
    def participant_key(self) -> int | str | None:
        """The key under which he takes part in appointments, if he does."""
        return self.person_id if self.person else self.guest or None


def actor_for(tx: Transaction, login: str, *, channel: Channel, device: str = "") -> Actor:
    """Return the actor behind a login that was already verified. Raises AccessRefused."""
    found = tx.accounts.acting(login)
    if found is None or not found[0].active:
        raise AccessRefused(f"no active account {login!r}")
    account, person = found
    return Actor(account=account, person=person, channel=channel, device=device)


def outside_actor(tx: Transaction, key: int | str, *, device: str) -> Actor:
    """Return who answers by a mail or a link: a participant by his key, whoever that is.

    That he is it was found out before. A person acts by his own account if he has one that is
    active; else he, like a guest, has the rights of nobody, and may only answer for himself.
    ``device`` is ``courriel`` or ``lien``.
    """
    if isinstance(key, str):
        nobody = Account(id=NO_ACCOUNT, login=key[:_LONGEST_LOGIN], role=Role.CLIENT)
        return Actor(account=nobody, person=None, channel=Channel.MAIL, device=device, guest=key)
    login = tx.accounts.login_of(key)
    if login is not None:
        return actor_for(tx, login, channel=Channel.MAIL, device=device)
    person = tx.people.by_id(key)
    name = person.name if person is not None else str(key)
    nobody = Account(id=NO_ACCOUNT, login=name[:_LONGEST_LOGIN], role=Role.CLIENT, person_id=key)
    return Actor(account=nobody, person=person, channel=Channel.MAIL, device=device)


def mail_server(*, device: str) -> Actor:
    """Return who tells what became of a mail: somebody without any rights."""
    nobody = Account(id=NO_ACCOUNT, login="", role=Role.CLIENT)
    return Actor(account=nobody, person=None, channel=Channel.MAIL, device=device)


def may_see_calendar(actor: Actor, person: Person) -> bool:
    """Tell whether the actor may read this person's calendar.

    Administrateurs read all, gestionnaires their secteurs and whoever has none, the others
    their own.
    """
    if person.id == actor.person_id:
        return True
    if actor.account.role is Role.ADMINISTRATEUR:
        return True
    if actor.account.role is Role.GESTIONNAIRE:
        sectors = actor.account.sector_ids
        return not sectors or person.sector_id is None or person.sector_id in sectors
    return False


def may_create_in(actor: Actor, person: Person, settings: AgencySettings) -> bool:
    """Tell whether the actor may plan a new appointment in this person's calendar."""
    if actor.account.role is Role.INTERVENANT:
        return person.id == actor.person_id and settings.intervenants_edit_own
    return actor.account.role is not Role.CLIENT and may_see_calendar(actor, person)


def may_edit(
    actor: Actor, appointment: Appointment, participants: Iterable[Person], settings: AgencySettings
) -> bool:
    """Tell whether the actor may edit: ``participants`` are its persons.

    A gestionnaire edits what concerns anybody of his secteurs, an intervenant what he owns.
    """
    if actor.account.role in (Role.ADMINISTRATEUR, Role.GESTIONNAIRE):
        return any(may_see_calendar(actor, person) for person in participants)
    return edits_as_owner(actor, appointment.owner.person_id, settings)


def edits_by_role(actor: Actor) -> bool:
    """Tell whether the actor edits whatever stands in a calendar that he sees."""
    return actor.account.role in (Role.ADMINISTRATEUR, Role.GESTIONNAIRE)


def edits_as_owner(actor: Actor, owner_id: int | None, settings: AgencySettings) -> bool:
    """Tell whether the actor is an intervenant who may edit what he owns."""
    return (
        actor.account.role is Role.INTERVENANT
        and settings.intervenants_edit_own
        and owner_id is not None
        and owner_id == actor.person_id
    )


def edits_by_owner(actor: Actor, settings: AgencySettings) -> bool:
    """Tell whether what the actor may edit depends on who owns it."""
    return actor.account.role is Role.INTERVENANT and settings.intervenants_edit_own


def may_edit_in_calendar(actor: Actor, owner_id: int, settings: AgencySettings) -> bool:
    """Tell the same as :func:`may_edit` for an appointment in a calendar the actor sees.

    Its person takes part, so that seeing the calendar is enough for those who edit by
    secteur; no participant has to be loaded.
    """
    return edits_by_role(actor) or edits_as_owner(actor, owner_id, settings)


def scope_of(actor: Actor, settings: AgencySettings) -> Scope:
    """Return whose rendez-vous the actor finds in lists of all of them.

    Staff find what concerns anybody whose calendar they see, the others their own dates; the
    corbeille is for staff.
    """
    with_notes = not notes_are_hidden(actor, settings)
    if not edits_by_role(actor):
        return Scope(person_id=actor.person_id, with_notes=with_notes)
    sector_ids = actor.account.sector_ids
    if actor.account.role is Role.ADMINISTRATEUR or not sector_ids:
        return Scope(everybody=True, with_trash=True, with_notes=with_notes)
    return Scope(
        sector_ids=sector_ids,
        without_sector=True,
        person_id=actor.person_id,
        with_trash=True,
        with_notes=with_notes,
    )


def may_see_fiche(actor: Actor, person: Person) -> bool:
    """Tell whether the actor may read, edit and archive this person's fiche: staff only.

    Gestionnaires do so in their secteurs, for whoever is in none, and for themselves.
    """
    return edits_by_role(actor) and may_see_calendar(actor, person)


def may_give_sector(actor: Actor, sector_id: int | None) -> bool:
    """Tell whether the actor may put a person into this secteur, or into none."""
    own = actor.account.sector_ids
    return edits_by_role(actor) and (sees_all_sectors(actor) or not sector_id or sector_id in own)


def sees_all_sectors(actor: Actor) -> bool:
    """Tell whether no secteur is hidden from the actor: what concerns all of them is his."""
    role = actor.account.role
    return role is Role.ADMINISTRATEUR or (
        role is Role.GESTIONNAIRE and not actor.account.sector_ids
    )


def fiches_of(actor: Actor) -> FicheScope:
    """Return whose fiches the actor finds in lists. Raises AccessRefused for all but staff."""
    if not edits_by_role(actor):
        raise AccessRefused("fiches are for staff")
    return FicheScope(
        everybody=sees_all_sectors(actor),
        sector_ids=actor.account.sector_ids,
        person_id=actor.person_id,
    )


def notes_are_hidden(actor: Actor, settings: AgencySettings) -> bool:
    """Tell whether notes are masked for this actor (rule 10)."""
    return actor.account.role is Role.CLIENT and not settings.notes_shown_to_clients
