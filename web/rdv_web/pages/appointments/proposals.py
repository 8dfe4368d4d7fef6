"""A form that was opened to take over a time that a mail proposes (RFC 5546 §3.2.7)."""

from __future__ import annotations

from flask import request

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.errors import AccessRefused, UnknownObject
from rdv_caldav.services.appointment_pages import AppointmentPage
from rdv_caldav.services.mailing import human_queue
from rdv_caldav.services.mailing.human_queue import OpenedMail
from rdv_web import work
from rdv_web.pages.appointments.carrying import number_of
from rdv_web.pages.appointments.showing import address_of


def mail_asked() -> int:
    """Return the id of the mail that the address names, 0 for none."""
    return number_of(request.args.get("reponse", ""))


def form_address(page: AppointmentPage) -> str:
    """Return the address of the form, which goes on naming the mail."""
    address = address_of(page)
    mail = mail_asked()
    if not mail:
        return address
    return f"{address}{'&' if '?' in address else '?'}reponse={mail}"


def proposed_time(tx: Transaction, page: AppointmentPage) -> Span | None:
    """Return the time that the mail proposes, as long as nobody handled it."""
    opened = _opened(tx)
    if opened is None or opened.page is None or not opened.mail.is_open:
        return None
    is_this = (opened.page.id, opened.page.original) == (page.id, page.original)
    return opened.proposed if is_this else None


def settle(tx: Transaction, page: AppointmentPage) -> None:
    """Note that the form was saved: nobody has to look at the mail any more."""
    if _opened(tx) is not None:
        human_queue.settle(tx, work.actor(), mail_asked(), page.id, now=work.now())


def _opened(tx: Transaction) -> OpenedMail | None:
    mail = mail_asked()
    try:
        return human_queue.open_mail(tx, work.actor(), mail) if mail else None
    except (AccessRefused, UnknownObject):
        return None
