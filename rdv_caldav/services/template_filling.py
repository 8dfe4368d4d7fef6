"""Templates filled in: what one recipient is written about one rendez-vous, and trying that out.

:func:`compose` is for whoever sends (the dialog of *Email*, invitations): it never fails for what
an administrateur wrote. :func:`preview` and :func:`send_test` are for his pages, and tell him.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.appointment import Appointment, Details, Participant
from rdv_caldav.domain.control import ControlQuery, ControlRow
from rdv_caldav.domain.errors import EditRefused, InvalidInput, InvalidTemplate
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, RenderedMessage
from rdv_caldav.mail import templates
from rdv_caldav.mail.shipped import shipped_for
from rdv_caldav.mail.variables import SAMPLE, Facts, Value, values_of
from rdv_caldav.services import control
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_mails import Recipient
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.mail_templates import check_administrator, tidied

TEST = "TEST"
"""The method of an outbox row that somebody sends to himself to look at."""

MOST_EXAMPLES = 12
"""Rendez-vous on which a template can be tried, the latest by date."""

log = logging.getLogger(__name__)


def values_for(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    recipient: Recipient,
    *,
    language: str = "fr",
    original: datetime | None = None,
) -> Mapping[str, Value]:
    """Return the variables of a rendez-vous, or one date of a series, for one recipient.

    Raises UnknownObject, EditRefused for who may not write to its participants.
    """
    page = open_page(tx, actor, appointment_id, original=original)
    return values_of(_facts(tx, page, recipient), language)


def compose(
    tx: Transaction, page: AppointmentPage, template: MailTemplate, recipient: Recipient
) -> RenderedMessage:
    """Return what a recipient is written about an opened rendez-vous.

    A template that fails gives way to the shipped one of its occasion, and is reported to the
    log: nobody goes without his message. Raises EditRefused.
    """
    return filled(template, _facts(tx, page, recipient))[0]


def filled(template: MailTemplate, facts: Facts) -> tuple[RenderedMessage, str]:
    """Return a template with its values, or the shipped one of its occasion where it fails.

    What is wrong with it is returned beside, in one line, and logged.
    """
    values = values_of(facts, template.language)
    try:
        return templates.render(template, values), ""
    except InvalidTemplate as error:
        log.warning("template %s failed, the shipped one is taken: %s", template.key, error)
        rendered = templates.render(shipped_for(*template.use), values)
        return rendered, f"template {template.key}: {error}"


def _facts(tx: Transaction, page: AppointmentPage, recipient: Recipient) -> Facts:
    if not page.may_edit:
        raise EditRefused("this account may not write to the participants")
    settings = tx.agency.settings()
    person = page.persons.get(recipient.key) if isinstance(recipient.key, int) else None
    return facts_for(
        tx,
        settings,
        page.appointment,
        page.details,
        page.persons,
        person=person,
        name=recipient.name,
        link=page_link(page.id, settings) if person else "",
        names_others=_may_read_names(person, settings),
    )


def _may_read_names(person: Person | None, settings: AgencySettings) -> bool:
    """Tell whether who gets what somebody writes reads who else takes part: staff always does."""
    is_staff = person is not None and person.kind is not PersonKind.CLIENT
    return settings.all_named_in_mails or is_staff


def facts_for(
    tx: Transaction,
    settings: AgencySettings,
    appointment: Appointment,
    details: Details,
    persons: Mapping[int, Person],
    *,
    person: Person | None,
    name: str,
    link: str,
    names_others: bool,
) -> Facts:
    """Return what a recipient may be told: a ``person`` of the agency, or a guest by ``name``.

    ``persons`` are those who take part, by id; ``link`` is empty for who has no account. Times
    are by the agency's clock, whatever zone a program wrote them in: programs may write UTC.
    """
    types = {kind.code: kind.label for kind in tx.agency.types()}
    named = details.participants if names_others else ()
    names = [_name(persons, each) for each in named]
    owners = (_name(persons, each) for each in appointment.participants if each.is_owner)
    return Facts(
        recipient=name,
        first_name=person.first_name if person else "",
        last_name=person.last_name if person else name,
        subject=details.subject,
        type_label=types.get(appointment.type_code, ""),
        span=details.span.on_clock_of(settings.time_zone),
        location=details.location,
        state=details.state,
        participants=tuple(each for each in names if each),
        owner=next(owners, "") if names_others else "",
        notes=details.notes if may_read_notes(person, settings) else "",
        agency=settings.name,
        link=link,
    )


def _name(persons: Mapping[int, Person], participant: Participant) -> str:
    person = persons.get(participant.person_id or 0)
    if person is not None:
        return person.name
    # some programs write the address there, which is nobody else's business
    return "" if "@" in participant.name else participant.name


def may_read_notes(person: Person | None, settings: AgencySettings) -> bool:
    """Tell whether a mail may tell somebody the notes (rule 10): a guest from outside never."""
    if not settings.notes_in_mails or person is None:
        return False
    return person.kind is not PersonKind.CLIENT or settings.notes_shown_to_clients


def page_link(appointment_id: int, settings: AgencySettings) -> str:
    """Return the address of an appointment's page, empty without a public URL."""
    base = settings.public_url.rstrip("/")
    return f"{base}/rendez-vous/{appointment_id}" if base else ""


# -- trying them --------------------------------------------------------------------------


def examples(tx: Transaction, actor: Actor) -> list[ControlRow]:
    """Return some rendez-vous to try templates on, the latest by date, one row each.

    Raises AccessRefused; none while the module is off.
    """
    check_administrator(actor)
    if not tx.agency.settings().module_enabled:
        return []
    rows = control.page(tx, actor, ControlQuery(descending=True), size=3 * MOST_EXAMPLES).rows
    latest = {row.key.appointment_id: row for row in reversed(rows)}
    return list(latest.values())[::-1][:MOST_EXAMPLES]


def preview(
    tx: Transaction,
    actor: Actor,
    template: MailTemplate,
    appointment_id: int | None,
    *,
    original: datetime | None = None,
) -> RenderedMessage:
    """Return how a template, stored or not, looks to a participant of a rendez-vous.

    Without one, with the samples of its variables. Raises AccessRefused, InvalidTemplate,
    UnknownObject.
    """
    check_administrator(actor)
    template = tidied(dataclasses.replace(template, name=template.name or "–"))
    templates.check(template)
    if appointment_id is None:
        return templates.render(template, values_of(SAMPLE, template.language))
    page = open_page(tx, actor, appointment_id, original=original)
    facts = _facts(tx, page, _somebody(page, actor))
    return templates.render(template, values_of(facts, template.language))


def send_test(
    tx: Transaction,
    actor: Actor,
    template: MailTemplate,
    appointment_id: int,
    *,
    now: datetime,
    original: datetime | None = None,
) -> str:
    """Queue a template as it looks on a rendez-vous to one's own address, and return that.

    Raises AccessRefused, InvalidTemplate, UnknownObject, and InvalidInput for an account
    without an address, or what is no mail.
    """
    person = actor.person
    if template.medium is not Medium.MAIL or person is None or not person.addresses:
        raise InvalidInput("a test is a mail to one's own address")
    message = preview(tx, actor, template, appointment_id, original=original)
    tx.outbox.put(
        method=TEST,
        appointment_id=appointment_id,
        original=original,
        recipient=person.addresses[0],
        recipient_name=person.name,
        sequence=0,
        now=now,
        subject=message.subject,
        body=message.text,
        html=message.html,
    )
    told = {"template": template.name, "recipient": person.addresses[0]}
    record_change(tx, actor, "TemplateTested", told, now=now)
    return person.addresses[0]


def _somebody(page: AppointmentPage, actor: Actor) -> Recipient:
    """Return a participant to show a template for: another than oneself, if there is one."""
    participants = page.details.participants
    chosen = next((p for p in participants if p.person_id != actor.person_id), participants[0])
    return Recipient(
        key=chosen.key,
        name=_name(page.persons, chosen),
        address="",
        presence=chosen.presence,
    )
