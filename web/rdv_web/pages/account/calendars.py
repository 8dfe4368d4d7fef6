"""The calendars that programs list for an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.services import own_account
from rdv_caldav.services.access import Actor
from rdv_web import work
from rdv_web.pages.account import pages

_Change = Callable[..., None]


@pages.post("/agendas/<slug>/suivre")
def follow(slug: str) -> Response:
    """List a person's calendar."""
    _do(own_account.follow, slug)
    flash(_("L’agenda est suivi : vos programmes le proposeront."), "success")
    return _back()


@pages.post("/agendas/<slug>/quitter")
def unfollow(slug: str) -> Response:
    """No longer list a person's calendar."""
    _do(own_account.unfollow, slug)
    flash(_("L’agenda n’est plus suivi. Rien n’en est effacé."), "success")
    return _back()


@pages.post("/agendas/<slug>/monter")
def move_up(slug: str) -> Response:
    """List a calendar one place earlier."""
    _do(own_account.move_up, slug)
    return _back()


def _do(change: _Change, slug: str) -> None:
    actor: Actor = work.actor()
    now: datetime = work.now()

    def write(tx: Transaction) -> None:
        change(tx, actor, slug, now=now)

    work.write(write)


def _back() -> Response:
    return redirect(url_for("account.preferences", _anchor="agendas"))
