"""Logging in and out. Whoever was logged out while typing finds his words again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import LazyString, lazy_gettext, ngettext
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from rdv_caldav.domain.errors import TooManyAttempts
from rdv_caldav.domain.throttling import client_address
from rdv_caldav.services.throttling import LoginGate
from rdv_web import sessions, work

pages = Blueprint("login", __name__)

_KEPT_FOR = 24 * 3600
"""Seconds for which a form that came too late can be sent again."""

_NOT_KEPT = frozenset({"csrf_token", "password", "present", "new", "again"})
"""Tokens, and the passwords of all forms: no page ever shows these again."""

_LABELS: Mapping[str, LazyString] = {
    "label": lazy_gettext("Nom"),
    "name": lazy_gettext("Nom"),
    "last_name": lazy_gettext("Nom"),
    "first_name": lazy_gettext("Prénom"),
    "addresses": lazy_gettext("Adresses e-mail"),
    "phone": lazy_gettext("Téléphone"),
    "home_address": lazy_gettext("Adresse postale"),
    "subject": lazy_gettext("Objet"),
    "start_day": lazy_gettext("Date de début"),
    "start_time": lazy_gettext("Heure de début"),
    "end_day": lazy_gettext("Date de fin"),
    "end_time": lazy_gettext("Heure de fin"),
    "location": lazy_gettext("Lieu"),
    "notes": lazy_gettext("Notes"),
    "comment": lazy_gettext("Commentaire"),
    "body": lazy_gettext("Texte"),
    "text": lazy_gettext("Texte"),
}
"""Fields by which somebody knows his words again, of all forms; the others are sent unseen."""

Fields = list[tuple[str, str]]


@pages.get("/connexion")
def form() -> str:
    """Ask for login and password."""
    return _form()


@pages.post("/connexion")
def enter() -> Response | str | tuple[str, int]:
    """Log in, and go where the person was going."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    try:
        account = _gate().log_in(login.strip(), password, address=_address())
    except TooManyAttempts as error:
        return _come_later(error)
    if account is None:
        return _form(problem=_("Identifiant ou mot de passe incorrect.")), 401
    language = session.get("language")
    sessions.leave()
    session.clear()
    if language:
        session["language"] = language
    session.permanent = True
    sessions.enter(account)
    kept = _kept_form(account.id)
    if kept is not None:
        return typed_again(*kept)
    return redirect(_local(request.form.get("next", "")) or url_for("front_page.front_page"))


@pages.post("/deconnexion")
def leave() -> Response:
    """Log out."""
    sessions.leave()
    session.clear()
    return redirect(url_for("front_page.front_page"))


def form_after_expiry(*, keep_for: int | None) -> str:
    """Ask to log in again; what was typed is taken along, signed, for one account only."""
    kept = ""
    if keep_for is not None and request.endpoint not in ("login.enter", "login.leave"):
        fields = [
            (name, value) for name, value in request.form.items(multi=True) if name not in _NOT_KEPT
        ]
        kept = _signer(keep_for).dumps([asked(), fields])
    return _form(expired=True, kept=kept)


def asked() -> str:
    """Return the address of this request: what a form is about may stand in its query."""
    return request.full_path.rstrip("?")


def typed_again(path: str, fields: Fields) -> str:
    """Show what was typed, with a button that sends it; nothing is sent by itself."""
    shown = [(name, value) for name, value in fields if name not in _NOT_KEPT]
    known = [(_LABELS[name], value) for name, value in shown if name in _LABELS and value]
    return render_template("login/typed_again.html", path=path, fields=shown, known=known)


def _come_later(error: TooManyAttempts) -> Response:
    minutes = -(-error.retry_after // 60)
    problem = ngettext(
        "Trop de mots de passe incorrects : réessayez dans une minute.",
        "Trop de mots de passe incorrects : réessayez dans %(num)d minutes.",
        minutes,
    )
    answer = make_response(_form(problem=problem), HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _gate() -> LoginGate:
    """Return what looks at passwords, with what it remembers; one for each application."""
    book = work.book()
    found: LoginGate = current_app.extensions.setdefault(
        "login_gate", LoginGate(book.database, book.clock)
    )
    return found


def _address() -> str:
    return client_address(
        request.remote_addr or "",
        request.headers.get("X-Forwarded-For", ""),
        trusted_proxies=work.book().settings.trusted_proxies,
    )


def _form(*, problem: str = "", expired: bool = False, kept: str = "") -> str:
    return render_template(
        "login/form.html",
        problem=problem,
        expired=expired,
        login=request.form.get("login", "") if problem else "",
        next=_local(request.values.get("next", "")),
        kept=kept or (request.form.get("kept", "") if problem else ""),
    )


def _kept_form(account_id: int) -> tuple[str, Fields] | None:
    try:
        path, fields = _signer(account_id).loads(request.form.get("kept", ""), max_age=_KEPT_FOR)
    except BadSignature:
        return None
    return path, [(name, value) for name, value in fields]


def _local(target: str) -> str:
    """Return where to go next if it is a path of ours, else nothing (no open redirects)."""
    # browsers read "\\" as "/" and skip control characters, with which no header can be written
    is_path = target.startswith("/") and not target.startswith("//") and target.isprintable()
    return target if is_path and "\\" not in target else ""


def _signer(account_id: int) -> URLSafeTimedSerializer:
    """Return what signs for one account: whoever else logs in here finds nothing."""
    assert current_app.secret_key is not None
    return URLSafeTimedSerializer(current_app.secret_key, salt=f"kept-form-{account_id}")
