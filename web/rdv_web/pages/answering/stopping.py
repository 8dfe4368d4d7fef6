"""No more mails: by a page with a button, or by the button of a mail program (RFC 8058)."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.services.mailing import answer_page
from rdv_web import work
from rdv_web.pages.answering import pages
from rdv_web.pages.answering.words import check_form, is_foreign, refused, spoken_to

Answer = AnyResponse | str | tuple[str, int]


@pages.get("/<signed>/stop")
def stopping(signed: str) -> Answer:
    """Ask whether mails are to stop, or to come again."""
    return _page(signed)


@pages.post("/<signed>/stop")
def stop(signed: str) -> Answer:
    """Stop mails, or let them come again."""
    if is_foreign():
        page = _page(signed)
        return (page, 403) if isinstance(page, str) else page
    stops, now = request.form.get("do") != "resume", work.now()
    try:
        check_form(signed)
        work.write(lambda tx: answer_page.stop_mails(tx, signed, stop=stops, now=now))
    except UnknownObject as error:
        return refused(error)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("", status=200, mimetype="text/plain")
    return redirect(url_for(".stopping", signed=signed), code=303)


def _page(signed: str) -> str | tuple[str, int]:
    try:
        check_form(signed)
        with work.reading() as tx:
            choice = answer_page.mail_choice(tx, signed)
    except UnknownObject as error:
        return refused(error)
    with spoken_to(choice):
        return render_template(
            "answering/stop.html",
            signed=signed,
            choice=choice,
            agency=choice.agency,
        )
