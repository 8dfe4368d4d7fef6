"""Answering an invitation: what it is about, three buttons, and a comment."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import (
    InvalidInput,
    LinkRevoked,
    LostRace,
    ModuleOff,
    PreconditionFailed,
    UnknownObject,
)
from rdv_caldav.services.mailing import answer_page
from rdv_caldav.services.mailing.answer_page import (
    LONGEST_COMMENT,
    AnswerPage,
    Standing,
    tidied,
)
from rdv_web import work
from rdv_web.pages.answering import pages
from rdv_web.pages.answering.words import check_form, is_foreign, refused, spoken_to

Answer = AnyResponse | str | tuple[str, int]

_VOID = (UnknownObject, LinkRevoked, ModuleOff)
_STATUS = {Standing.NOT_INVITED: 410}
_PRESENCES = {presence.value: presence for presence in answer_page.ANSWERS}


@pages.get("/<signed>")
def page(signed: str) -> Answer:
    """Show what an invitation is about, and the present answer."""
    try:
        shown = _opened(signed)
    except _VOID as error:
        return refused(error)
    status = _STATUS.get(shown.standing, 200)
    return _page(signed, shown, is_saved="enregistre" in request.args), status


@pages.post("/<signed>")
def answer(signed: str) -> Answer:
    """Take an answer."""
    comment = request.form.get("comment")
    try:
        status = 403 if is_foreign() else _record(signed, comment)
        if status == HTTPStatus.OK:
            return redirect(url_for(".page", signed=signed, enregistre="1"), code=303)
        # who sends what he was not shown may say nothing, not even in a field
        typed = comment if status != HTTPStatus.FORBIDDEN else None
        return _page(signed, _opened(signed), comment=typed, refusal=status), status
    except _VOID as error:
        return refused(error)


@pages.get("/<signed>/rendez-vous.ics")
def calendar(signed: str) -> Answer:
    """Give the rendez-vous as a file for one's own calendar."""
    try:
        check_form(signed)
        with work.reading() as tx:
            text = answer_page.calendar_file(tx, signed, now=work.now())
    except _VOID as error:
        return refused(error)
    headers = {"Content-Disposition": 'attachment; filename="rendez-vous.ics"'}
    return Response(text, content_type="text/calendar; charset=utf-8", headers=headers)


def _record(signed: str, comment: str | None) -> int:
    """Keep an answer, and return the status of what became of it."""
    check_form(signed)
    presence = _PRESENCES.get(request.form.get("answer", ""), Presence.NEEDS_ACTION)
    written, now = request.form.get("date", ""), work.now()
    try:
        original = datetime.fromisoformat(written) if written else None
    except ValueError:
        return HTTPStatus.CONFLICT
    seen = request.form.get("seen", "")
    try:
        work.write(
            lambda tx: answer_page.answer(
                tx, signed, presence, comment=comment, original=original, seen=seen, now=now
            )
        )
    except InvalidInput:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    except (PreconditionFailed, LostRace):
        return HTTPStatus.CONFLICT
    return HTTPStatus.OK


def _opened(signed: str) -> AnswerPage:
    check_form(signed)
    with work.reading() as tx:
        return answer_page.open_page(tx, signed, now=work.now())


def _page(
    signed: str,
    shown: AnswerPage,
    *,
    is_saved: bool = False,
    comment: str | None = None,
    refusal: int = 0,
) -> str:
    with spoken_to(shown):
        return render_template(
            "answering/page.html",
            signed=signed,
            page=shown,
            agency=shown.agency,
            comment=comment,
            length=len(tidied(comment or "")),
            refusal=refusal,
            is_saved=is_saved,
            ANSWERS=answer_page.ANSWERS,
            LONGEST_COMMENT=LONGEST_COMMENT,
        )
