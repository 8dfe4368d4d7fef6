"""Letters about a rendez-vous, by a template and what somebody made of it for this one time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.errors import InvalidTemplate, UnknownObject
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion
from rdv_caldav.mail.templates import check, render
from rdv_caldav.mail.variables import SAMPLE, Value
from rdv_caldav.services import mail_templates
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_mails import Letter, Recipient
from rdv_caldav.services.appointment_pages import AppointmentPage
from rdv_caldav.services.template_filling import compose, values_for

__all__ = ["check"]

_PERSONAL = frozenset({"destinataire", "prenom", "nom", "lien", "notes"})
"""Variables that differ from one recipient to the other."""

_OF_INVITATIONS = frozenset(
    {"lien_reponse", "ancien_horaire", "ancien_lieu", "prochaines_dates", "reponse"}
)
"""Variables that only invitations have values for."""


def to_begin_with(tx: Transaction, page: AppointmentPage, language: str) -> MailTemplate:
    """Return the template that is offered first: the agency's default, or that of the occasion."""
    if page.details.state is State.CANCELLED:
        return mail_templates.standard(tx, Occasion.CANCELLATION, language)
    return _chosen(tx) or mail_templates.standard(tx, Occasion.MESSAGE, language)


def _chosen(tx: Transaction) -> MailTemplate | None:
    template_id = tx.agency.settings().appointment_defaults.template_id
    found = tx.mail_templates.get(template_id) if template_id is not None else None
    is_usable = found is not None and found.active and found.medium is Medium.MAIL
    return found if is_usable else None


def taken(tx: Transaction, key: str) -> MailTemplate:
    """Return the template of mails that a key names, the standard one if it is gone meanwhile."""
    try:
        found = mail_templates.find(tx, key)
    except UnknownObject:
        found = None
    if found is None or found.medium is not Medium.MAIL:
        return mail_templates.standard(tx, Occasion.MESSAGE)
    return found


def prefilled(
    tx: Transaction, actor: Actor, page: AppointmentPage, template: MailTemplate
) -> MailTemplate:
    """Return a template with all filled in that is the same for everybody.

    What is each recipient's own stays between braces, and so does what would look like a
    variable. Only subject and text are filled in; one that fails is returned as it is.
    """
    nobody = Recipient(key="", name="", address="", presence=Presence.NEEDS_ACTION)
    values = dict(
        values_for(tx, actor, page.id, nobody, language=template.language, original=page.original)
    )
    unused = _unused(tx) | (set() if page.details.notes else {"notes"})
    for name, value in values.items():
        if name in unused:
            values[name] = None
        elif name in _PERSONAL or (isinstance(value, str) and "{" in value):
            values[name] = f"{{{{ {name} }}}}"
    try:
        said = render(replace(template, html=""), values)
    except InvalidTemplate:
        return template
    return replace(template, subject=said.subject, text=said.text.strip())


def with_names(tx: Transaction, template: MailTemplate) -> MailTemplate:
    """Return a template with nothing but text and variables, for many rendez-vous at once.

    What it says under a condition is said. Only subject and text are taken; one that cannot be
    written so is returned as it is.
    """
    unused = _unused(tx)
    values: dict[str, Value] = {}
    for each in mail_templates.VARIABLES:
        if isinstance(each.value(SAMPLE, template.language), list):
            if each.name in template.subject + template.text:
                return template
        else:
            values[each.name] = None if each.name in unused else f"{{{{ {each.name} }}}}"
    try:
        said = render(replace(template, html=""), values)
        simple = replace(template, html="", subject=said.subject, text=said.text.strip())
        check(simple)
    except InvalidTemplate:
        return template
    return replace(simple, html=template.html)


def _unused(tx: Transaction) -> set[str]:
    """Return the variables that are empty whatever a mail is about."""
    settings = tx.agency.settings()
    unused = set(_OF_INVITATIONS) if settings.notes_in_mails else {*_OF_INVITATIONS, "notes"}
    return unused if settings.public_url else unused | {"lien"}


def altered(
    tx: Transaction, actor: Actor, page: AppointmentPage, key: str, subject: str, text: str
) -> MailTemplate:
    """Return a template with the texts that somebody made of it.

    Untouched since it was offered it is the template itself, with its HTML; that would say
    something else than a text that was changed.
    """
    known = taken(tx, key)
    subject, text = subject.strip(), text.replace("\r\n", "\n").strip()
    offered = prefilled(tx, actor, page, known)
    same = any(
        (each.subject.strip(), each.text.strip()) == (subject, text) for each in (offered, known)
    )
    return known if same else replace(known, subject=subject, text=text, html="")


def written_by(
    tx: Transaction, page: AppointmentPage, template: MailTemplate
) -> Callable[[Recipient], Letter]:
    """Return what writes to each recipient by a template, in the transaction that sends it."""

    def write(recipient: Recipient) -> Letter:
        message = compose(tx, page, template, recipient)
        return Letter(subject=message.subject, body=message.text, html=message.html)

    return write
