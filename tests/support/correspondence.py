"""Mails of the demo agency: an invitation that waits, its link, and an answer in prose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.received_mails import Arrival
from rdv_caldav.domain.appointment import Span
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.appointments import Plan
from rdv_caldav.services.mailing.inviting import invite
from rdv_caldav.services.mailing.threads import answer_link, open_thread

CLAIRE = "claire@famille.example"
_QUEUED = Arrival(
    source="imap",
    fingerprint="prose",
    sender=CLAIRE,
    outcome="queued",
    reason="prose",
    evidence={},
    proposal={},
    is_open=True,
)


def correspond(book: AppointmentBook) -> dict[str, str]:
    """Invite Claire to something of next month, and return what addresses call it all."""
    now = book.clock()
    start = (now + timedelta(days=30)).replace(hour=10, minute=0, second=0, tzinfo=None)
    with book.database.writing() as tx:
        actor, settings = actor_for(tx, "alice", channel=Channel.WEB), tx.agency.settings()
        claire = tx.people.by_slug("claire")
        assert claire is not None
        span = Span(start=start, end=start + timedelta(hours=1), zone=settings.time_zone)
        plan = Plan(subject="Bilan", span=span, location="Exempleville")
        made = appointments.create(tx, actor, "claire", plan, now=now)
        invite(tx, actor, made, [claire.id], now=now)
        thread = open_thread(tx, made, recipient_key(claire.id), CLAIRE, now)
        link = answer_link(tx, thread, replace(settings, public_url="https://agence.example"))
        mail = tx.received_mails.add(replace(_QUEUED, appointment_id=made), raw=None, now=now)
        message = max(row.id for row in tx.outbox.of_appointment(made))
    return {"link": urlsplit(link).path, "mail": str(mail), "message": str(message)}
