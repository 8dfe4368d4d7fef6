"""What is done to a rendez-vous without its form: answering, corbeille, hints for the form."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.services import appointments
from rdv_caldav.services.appointment_pages import AppointmentPage, find_persons, open_page
from rdv_web import work
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.carrying import key_of, key_text, number_of, take_back
from rdv_web.pages.appointments.filling import Filling, one_line
from rdv_web.pages.appointments.hints import hints
from rdv_web.pages.appointments.showing import PIECES, address_of, moment_asked

LONGEST_COMMENT = 2000


def _opened(appointment_id: int) -> AppointmentPage:
    with work.reading() as tx:
        return open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))


@pages.post("/<int(max=2147483647):appointment_id>/reponse")
def answer(appointment_id: int) -> Response:
    """Answer for oneself, with a comment."""
    page = _opened(appointment_id)
    said = request.form.get("presence", "")
    if page.own is None or said not in list(Presence):
        raise UnknownObject("nobody who takes part, or no answer")
    key = page.own.key
    comment = one_line(request.form.get("comment", ""))[:LONGEST_COMMENT]

    def record(tx: Transaction) -> None:
        appointments.record_presence(
            tx,
            work.actor(),
            page.id,
            key,
            Presence(said),
            now=work.now(),
            original=page.original,
            comment=comment,
        )

    work.write(record)
    flash(_("Votre réponse est enregistrée."), "success")
    return redirect(address_of(page))


@pages.post("/<int(max=2147483647):appointment_id>/corbeille")
def trash(appointment_id: int) -> Response:
    """Move a rendez-vous to the corbeille."""
    work.write(lambda tx: appointments.trash(tx, work.actor(), appointment_id, now=work.now()))
    flash(_("Le rendez-vous est dans la corbeille."), "success")
    return redirect(url_for("appointments.show", appointment_id=appointment_id))


@pages.post("/<int(max=2147483647):appointment_id>/restauration")
def restore(appointment_id: int) -> Response:
    """Bring a rendez-vous back from the corbeille."""
    work.write(lambda tx: appointments.restore(tx, work.actor(), appointment_id, now=work.now()))
    flash(_("Le rendez-vous est restauré, à l’état Annulé."), "success")
    return redirect(url_for("appointments.show", appointment_id=appointment_id))


@pages.post("/disponibilites")
def free() -> str:
    """Tell who is free at the time that a form says, as a piece of its page."""
    base = take_back(request.form.get("base", ""))
    if base is None:
        return ""
    with work.reading() as tx:
        page = _page_of(tx)
        filling = Filling.sent(base)
        filling.form.offer([], keeps_rule=True)
        return render_template("appointments/_hints.html", **PIECES, **hints(tx, filling, page))


def _page_of(tx: Transaction) -> AppointmentPage | None:
    appointment_id = number_of(request.form.get("appointment", ""))
    return open_page(tx, work.actor(), appointment_id) if appointment_id else None


@pages.get("/personnes")
def persons() -> str:
    """Find persons to add, as a piece of the form's page."""
    words = request.args.get("words", "").strip()
    without = {key_of(text) for text in request.args.getlist("who")} - {None}
    with work.reading() as tx:
        found = find_persons(
            tx, work.actor(), words, without=frozenset(key for key in without if key is not None)
        )
    rows = [(key_text(person.id), person.name, person.kind.value) for person in found]
    return render_template(
        "appointments/_found.html", **PIECES, found=rows, words=words, searched=True
    )
