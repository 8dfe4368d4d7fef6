"""One date of a series: taking it out for everybody, after a look at it, and bringing it back."""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import Conflicting, LastDate, UnknownObject, UnknownOccurrence
from rdv_caldav.services import appointment_dates
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_web import work
from rdv_web.formats import short_day
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.showing import PIECES, address_of, moment_asked, seats_of
from rdv_web.refusals import refusal_of


@pages.get("/<int(max=2147483647):appointment_id>/suppression")
def confirm_removal(appointment_id: int) -> str:
    """Show the date that would be taken out, who comes, and who would be written to."""
    with work.reading() as tx:
        page = _opened(tx, appointment_id, _date())
        settings = tx.agency.settings()
        guests = [p for p in page.details.participants if p.person_id is None]
        return render_template(
            "appointments/remove_date.html",
            **PIECES,
            page=page,
            seats=seats_of(page.details.participants, page.appointment.owner.key, tx),
            told=[p.name or p.address for p in guests if settings.invite_external_guests],
            url=address_of(page, "appointments.remove_date"),
            back=address_of(page),
        )


@pages.post("/<int(max=2147483647):appointment_id>/suppression")
def remove_date(appointment_id: int) -> Response:
    """Take a date out of its series."""
    original = _date()
    with work.reading() as tx:
        page = _opened(tx, appointment_id, original)

    def remove(tx: Transaction) -> None:
        appointment_dates.remove_date(tx, work.actor(), page.id, original, now=work.now())

    try:
        work.write(remove)
    except LastDate as refused:
        flash(refusal_of(refused).words, "error")
        return redirect(address_of(page))
    flash(_("La date du %(day)s est supprimée.", day=short_day(original)), "success")
    return _to_series(page.id)


@pages.post("/<int(max=2147483647):appointment_id>/retablissement")
def restore_date(appointment_id: int) -> Response:
    """Bring a date back."""
    original = _date()

    def restore(tx: Transaction) -> None:
        appointment_dates.restore_date(tx, work.actor(), appointment_id, original, now=work.now())

    try:
        work.write(restore)
    except (Conflicting, UnknownOccurrence) as refused:
        flash(refusal_of(refused).words, "error")
    else:
        flash(_("La date du %(day)s est rétablie.", day=short_day(original)), "success")
    return _to_series(appointment_id)


def _date() -> datetime:
    return moment_asked("date") or abort(404)


def _opened(tx: Transaction, appointment_id: int, original: datetime) -> AppointmentPage:
    page = open_page(tx, work.actor(), appointment_id, original=original)
    if not page.may_edit or not page.is_series or page.trashed_at is not None:
        raise UnknownObject(f"no dates of appointment {appointment_id} for this account")
    return page


def _to_series(appointment_id: int) -> Response:
    return redirect(url_for("appointments.show", appointment_id=appointment_id))
