"""*Courriels*: the messages of the outbox, one of them, and letting it leave now."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.services.mailing import human_queue, mail_listing
from rdv_web import work
from rdv_web.mail_wording import MEDIA, METHODS, STATUSES, problem_words
from rdv_web.pages.mailing import pages
from rdv_web.pages.mailing.asked import read

ONE = "/courriels/<int(max=2147483647):message>"
MOST_SHOWN = 100_000
"""Characters of a message as it is sent that a page shows; the file has all of it."""


@pages.get("/courriels")
def messages() -> tuple[str, int]:
    """List messages by what is searched for."""
    asked = read("mailing.messages", {"etat": STATUSES, "sorte": METHODS, "canal": MEDIA})
    actor = work.actor()
    with work.reading() as tx:
        page = mail_listing.messages(tx, actor, asked.filter, asked.place)
        counts = mail_listing.counts(tx, actor, asked.filter)
        open_count = human_queue.open_count(tx, actor)
        settings = tx.agency.settings()
    shown = render_template(
        "mailing/messages.html",
        asked=asked,
        rows=page.rows,
        earlier=asked.turned(page.before),
        later=asked.turned(page.after),
        counts=counts,
        open_count=open_count,
        sends_mail=bool(work.book().settings.smtp_url),
        sends_sms=bool(work.book().settings.sms_url),
        waits_for_sms=settings.remind_by_sms,
        STATUSES=STATUSES,
        METHODS=METHODS,
        MEDIA=MEDIA,
        problem_words=problem_words,
    )
    return shown, 422 if asked.problems else 200


@pages.get(ONE)
def message(message: int) -> str:
    """Show a message: its fate, and what it says."""
    with work.reading() as tx:
        opened = mail_listing.open_message(tx, work.actor(), message, now=work.now())
    raw = opened.raw.decode("utf-8", "replace") if opened.raw is not None else ""
    return render_template(
        "mailing/message.html",
        opened=opened,
        message=opened.message,
        raw=raw[:MOST_SHOWN],
        is_cut=len(raw) > MOST_SHOWN,
        STATUSES=STATUSES,
        METHODS=METHODS,
        MEDIA=MEDIA,
        problem=problem_words(opened.message),
    )


@pages.get(f"{ONE}/message.eml")
def file(message: int) -> FlaskResponse:
    """Send a message as it is sent; 404 before it is composed."""
    with work.reading() as tx:
        opened = mail_listing.open_message(tx, work.actor(), message, now=work.now())
    if opened.raw is None:
        abort(404)
    is_sms = opened.message.medium == mail_listing.SMS
    answer = FlaskResponse(
        opened.raw, content_type="text/plain; charset=utf-8" if is_sms else "message/rfc822"
    )
    name = f"message-{message}.{'txt' if is_sms else 'eml'}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.post(f"{ONE}/envoi")
def send(message: int) -> Response:
    """Let a message leave now."""
    actor, now = work.actor(), work.now()
    if work.write(lambda tx: mail_listing.send_now(tx, actor, message, now=now)):
        flash(_("Le message part dès que possible."), "success")
    else:
        flash(_("Ce message est déjà parti, ou il part en ce moment."), "info")
    return redirect(url_for("mailing.message", message=message))
