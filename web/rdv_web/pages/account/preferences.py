"""*Mes préférences*: language, password, sessions."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from rdv_caldav.domain.errors import WeakPassword, WrongPassword
from rdv_caldav.services import access, inbox, own_account, web_sessions
from rdv_caldav.services.accounts import MIN_PASSWORD
from rdv_web import languages, work
from rdv_web.forms import Form, refuse
from rdv_web.pages.account import pages
from rdv_web.pages.account.browsers import browser_name


class PasswordForm(Form):
    """Changing one's password."""

    present = PasswordField(lazy_gettext("Mot de passe actuel"), validators=[InputRequired()])
    new = PasswordField(lazy_gettext("Nouveau mot de passe"), validators=[InputRequired()])
    again = PasswordField(
        lazy_gettext("Le même, encore une fois"),
        validators=[EqualTo("new", message=lazy_gettext("Ce n’est pas le même."))],
    )


@pages.get("")
def preferences() -> str:
    """Show what the account has decided."""
    return _page(PasswordForm(formdata=None))


@pages.post("/langue")
def choose_language() -> Response:
    """Choose the language of the panel."""
    chosen = request.form.get("language", "")
    if chosen in ("", *languages.LANGUAGES):
        actor, now = work.actor(), work.now()
        work.write(lambda tx: own_account.choose_language(tx, actor, chosen, now=now))
        session.pop("language", None)
        with force_locale(chosen or languages.browsers_language()):
            flash(_("Votre langue est enregistrée."), "success")
    return redirect(url_for("account.preferences"))


@pages.post("/mot-de-passe")
def change_password() -> Response | tuple[str, int]:
    """Change the password, and end all other sessions."""
    form = PasswordForm()
    if not form.validate() or not _changed(form):
        return _page(form), 422
    flash(_("Votre mot de passe est changé ; vos autres sessions sont fermées."), "success")
    return redirect(url_for("account.preferences"))


@pages.post("/sessions")
def end_session() -> Response:
    """End one of the account's other sessions."""
    name, actor, now = request.form.get("name", ""), work.actor(), work.now()
    work.write(lambda tx: own_account.end_session(tx, actor, name, now=now))
    flash(_("La session est fermée."), "success")
    return redirect(url_for("account.preferences"))


def _changed(form: PasswordForm) -> bool:
    actor, now, present = work.actor(), work.now(), current_user.session
    try:
        work.write(
            lambda tx: own_account.change_password(
                tx,
                actor,
                present=form.present.data or "",
                new=form.new.data or "",
                session=present,
                now=now,
            )
        )
    except WrongPassword:
        refuse(form.present, _("Ce n’est pas votre mot de passe actuel."))
        return False
    except WeakPassword:
        words = _(
            "Il faut au moins %(number)s caractères, et autre chose que l’identifiant.",
            number=MIN_PASSWORD,
        )
        refuse(form.new, words)
        return False
    return True


def _page(form: PasswordForm) -> str:
    actor = work.actor()
    words = request.args.get("q", "")
    with work.reading() as tx:
        sessions = web_sessions.sessions(tx, actor.account)
        followed = own_account.followed(tx, actor)
        settings = tx.agency.settings()
        fills_inbox = inbox.is_on(tx, actor)
        searches = words.strip() and access.edits_by_role(actor)
        found = own_account.may_be_followed(tx, actor, words) if searches else ()
    return render_template(
        "account/preferences.html",
        form=form,
        sessions=sessions,
        present=current_user.session,
        followed=followed,
        words=words,
        found=found,
        fills_inbox=fills_inbox,
        module_enabled=settings.module_enabled,
        MIN_PASSWORD=MIN_PASSWORD,
        browser_name=browser_name,
    )
