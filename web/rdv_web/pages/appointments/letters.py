"""Letters that go out with what is saved, and how that is said."""

from __future__ import annotations

from flask_babel import ngettext

from rdv_caldav.db.uow import Transaction
from rdv_caldav.services import appointment_mails, letters
from rdv_caldav.services.appointment_pages import open_page
from rdv_web import work
from rdv_web.languages import current_language


def write_to_all(tx: Transaction, appointment_id: int) -> int:
    """Queue an invitation to all participants but oneself; return how many."""
    actor = work.actor()
    page = open_page(tx, actor, appointment_id)
    write = letters.written_by(tx, page, letters.of_invitation(tx, current_language()))
    keys = [each.key for each in appointment_mails.recipients(page) if each.key != actor.person_id]
    return appointment_mails.send(tx, actor, appointment_id, keys, write, now=work.now())


def messages_ready(count: int) -> str:
    """Say that so many messages wait to be sent."""
    return str(
        ngettext(
            "%(num)d message est prêt à partir.", "%(num)d messages sont prêts à partir.", count
        )
    )
