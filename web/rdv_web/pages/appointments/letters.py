"""Letters about a rendez-vous, as they are proposed."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from rdv_caldav.db.uow import Transaction
from rdv_caldav.services import appointment_mails
from rdv_caldav.services.appointment_mails import Letter
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_web import work
from rdv_web.formats import span


def proposed_subject(page: AppointmentPage) -> str:
    """Return a subject to begin with."""
    return f"{page.details.subject or _('Rendez-vous')} – {span(page.details.span)}"


def proposed_body(tx: Transaction, page: AppointmentPage) -> str:
    """Return a text to begin with. Notes are internal: they are never in it (rule 10)."""
    details = page.details
    lines = [
        _("Bonjour,"),
        "",
        _("Voici les informations de votre rendez-vous :"),
        "",
        _("Objet : %(subject)s", subject=details.subject) if details.subject else "",
        _("Date : %(when)s", when=span(details.span)),
        _("Lieu : %(place)s", place=details.location) if details.location else "",
        "",
        _("Cordialement,"),
        tx.agency.settings().name,
    ]
    kept = [line for number, line in enumerate(lines) if line or number in (1, 3, 7)]
    return "\n".join(kept)


def write_to_all(tx: Transaction, appointment_id: int) -> int:
    """Queue the proposed letter to all participants but oneself; return how many."""
    page = open_page(tx, work.actor(), appointment_id)
    letter = Letter(subject=proposed_subject(page), body=proposed_body(tx, page))
    me = work.actor().person_id
    keys = [each.key for each in appointment_mails.recipients(page) if each.key != me]
    return appointment_mails.send(
        tx, work.actor(), appointment_id, keys, lambda _recipient: letter, now=work.now()
    )


def messages_ready(count: int) -> str:
    """Say that so many messages wait to be sent."""
    return str(
        ngettext(
            "%(num)d message est prêt à partir.", "%(num)d messages sont prêts à partir.", count
        )
    )
