"""Whether the account's programs are sent messages about what is in its calendars anyway."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.services import inbox
from rdv_web import work
from rdv_web.pages.account import pages


@pages.post("/notifications")
def switch_notifications() -> Response:
    """Have the account's inbox filled (RFC 6638 §4), or no longer."""
    actor, now = work.actor(), work.now()
    on = request.form.get("enabled") == "yes"
    work.write(lambda tx: inbox.switch(tx, actor.account.login, on=on, now=now, actor=actor))
    if on:
        words = _("Votre agenda vous préviendra désormais de chaque nouveauté.")
    else:
        words = _("Votre agenda ne vous prévient plus. Vos rendez-vous y restent.")
    flash(words, "success")
    return redirect(url_for("account.preferences", _anchor="notifications"))
