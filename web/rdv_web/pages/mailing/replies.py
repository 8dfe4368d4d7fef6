"""*Réponses*: mails that came in, and what somebody makes of those that need it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response as FlaskResponse
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.services.mailing import human_queue
from rdv_caldav.services.mailing.human_queue import OpenedMail
from rdv_web import work
from rdv_web.mail_wording import RESULTS, SOURCES, reason_words
from rdv_web.pages.appointments.carrying import key_of, key_text, number_of
from rdv_web.pages.appointments.showing import address_of, moment_asked, seats_of
from rdv_web.pages.mailing import pages
from rdv_web.pages.mailing.asked import read

ONE = "/reponses/<int(max=2147483647):mail>"
MOST_SHOWN = 20_000
"""Characters of a mail that a page shows."""

ALL = "tout"
_ANSWERS = (Presence.ACCEPTED, Presence.TENTATIVE, Presence.DECLINED)


@pages.get("/reponses")
def replies() -> tuple[str, int]:
    """List the mails that wait for somebody, or all that came in."""
    asked = read("mailing.replies", {"resultat": RESULTS, "vue": (ALL,)})
    is_all = asked.said("vue") == ALL
    actor, wanted = work.actor(), replace(asked.filter, only_open=not is_all)
    with work.reading() as tx:
        page = human_queue.mails(tx, actor, wanted, asked.place)
        open_count = human_queue.open_count(tx, actor)
    shown = render_template(
        "mailing/replies.html",
        asked=asked,
        is_all=is_all,
        rows=page.rows,
        earlier=asked.turned(page.before),
        later=asked.turned(page.after),
        open_count=open_count,
        RESULTS=RESULTS,
        reason_words=reason_words,
    )
    return shown, 422 if asked.problems else 200


@pages.get(ONE)
def reply(mail: int) -> str:
    """Show a mail: what was read in it, why somebody is asked, and what can be done."""
    with work.reading() as tx:
        return _page(tx, mail)


@pages.get(f"{ONE}/courriel.eml")
def received_file(mail: int) -> FlaskResponse:
    """Send a mail as it came; 404 where it is not kept any more."""
    with work.reading() as tx:
        raw = human_queue.raw_mail(tx, work.actor(), mail)
    if raw is None:
        abort(404)
    answer = FlaskResponse(raw, content_type="message/rfc822")
    answer.headers["Content-Disposition"] = f'attachment; filename="courriel-{mail}.eml"'
    return answer


@pages.post(f"{ONE}/attribution")
def assign(mail: int) -> Response | tuple[str, int]:
    """Take a mail for what a participant says."""
    form = request.form
    appointment_id, key = number_of(form.get("rdv", "")), key_of(form.get("who", ""))
    said, original = form.get("presence", ""), _moment(form.get("date", ""))
    if said and said not in list(Presence):
        abort(404)
    if key is None:
        with work.reading() as tx:
            problem = _("Choisissez de qui vient la réponse.")
            return _page(tx, mail, problem, asked=(appointment_id, original)), 422
    actor, now = work.actor(), work.now()
    done = work.write(
        lambda tx: human_queue.assign(
            tx,
            actor,
            mail,
            appointment_id=appointment_id,
            original=original,
            key=key,
            presence=Presence(said) if said else None,
            comment=form.get("comment", ""),
            now=now,
        )
    )
    return _next(mail, _("La réponse est enregistrée."), done=done)


@pages.post(f"{ONE}/classement")
def dismiss(mail: int) -> Response:
    """Leave a mail at that."""
    actor, now = work.actor(), work.now()
    done = work.write(lambda tx: human_queue.dismiss(tx, actor, mail, now=now))
    return _next(mail, _("Le courriel est classé sans suite."), done=done)


def _next(mail: int, words: str, *, done: bool) -> Response:
    """Say what was done and show what else waits, or that somebody else was first."""
    if done:
        flash(words, "success")
        return redirect(url_for("mailing.replies"))
    flash(_("Quelqu’un d’autre a déjà traité ce courriel ; rien n’a été changé."), "error")
    return redirect(url_for("mailing.reply", mail=mail))


def _page(
    tx: Transaction,
    mail: int,
    problem: str = "",
    asked: tuple[int, datetime | None] | None = None,
) -> str:
    actor, now = work.actor(), work.now()
    opened = human_queue.open_mail(tx, actor, mail)
    meant = opened
    if opened.mail.is_open:
        appointment_id, original = asked or (
            number_of(request.args.get("rdv", "")),
            moment_asked("date"),
        )
        if appointment_id:
            meant = human_queue.place_asked(tx, actor, opened, appointment_id, original)
    words = request.args.get("q", "").strip()
    searches = opened.mail.is_open and (bool(words) or meant.page is None)
    text = opened.mail.text
    return render_template(
        "mailing/reply.html",
        opened=opened,
        mail=opened.mail,
        page=meant.page,
        key=key_text(meant.key) if meant.key is not None else "",
        seats=_seats(tx, meant),
        words=words,
        found=human_queue.candidates(tx, actor, opened.mail, words, now=now) if searches else [],
        searches=searches,
        problem=problem,
        reason=reason_words(opened.mail.reason),
        result=RESULTS.get(opened.mail.outcome, opened.mail.outcome),
        is_kept=human_queue.raw_mail(tx, actor, mail) is not None,
        source=SOURCES.get(opened.mail.source, opened.mail.source),
        text=text[:MOST_SHOWN],
        is_cut=len(text) > MOST_SHOWN,
        answers=_ANSWERS,
        move_url=_move_url(opened),
        page_url=address_of(meant.page) if meant.page else "",
        write_url=address_of(opened.page, "appointments.mail") if opened.page else "",
    )


def _seats(tx: Transaction, opened: OpenedMail) -> Any:  # noqa: ANN401 - rows for the template
    if opened.page is None:
        return []
    owner = opened.page.appointment.owner.key
    return seats_of(opened.page.details.participants, owner, tx)


def _move_url(opened: OpenedMail) -> str:
    """Return the address of the form of the rendez-vous with the time that is proposed."""
    page, proposed = opened.page, opened.proposed
    if page is None or proposed is None or page.trashed_at is not None:
        return ""
    return url_for(
        "appointments.show",
        appointment_id=page.id,
        date=page.original.isoformat() if page.original else None,
        reponse=opened.mail.id,
    )


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        abort(404)
