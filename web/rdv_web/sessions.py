"""Who is logged in: the browser's cookie, the session it stands for, and pages that need one.

The cookie is signed and holds a session's token and the CSRF token, nothing else. Everything
but the pages named in :data:`OPEN` needs somebody who is logged in.

The token against forged requests begins with the account's id, so that a form tells to whom it was
shown even when the session has ended or the browser is somebody else's by then.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask, Request, Response, current_app, redirect, request, url_for
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.web_sessions import WebSession
from rdv_caldav.domain.agency import Account
from rdv_caldav.services import web_sessions
from rdv_caldav.services.access import Actor
from rdv_web import work

OPEN = frozenset(
    {
        "static",
        "answering.answer",
        "answering.calendar",
        "answering.page",
        "answering.stop",
        "answering.stopping",
        "feeds.feed",
        "front_page.front_page",
        "health.health",
        "login.form",
        "login.enter",
        "types.stylesheet",
    }
)
"""Endpoints that answer without a login."""

csrf = CSRFProtect()

_FORM_FIELD = "csrf_token"
"""Flask-WTF's name for it, in the cookie and in forms."""

_FORM_SALT = "wtf-csrf-token"
"""What Flask-WTF signs it with beside the key."""


class Visitor(UserMixin):  # type: ignore[misc]
    """Somebody who is logged in, as Flask-Login wants to see him."""

    def __init__(self, token: str, actor: Actor, session: WebSession) -> None:
        """Remember who acts by which session."""
        self.token = token
        self.actor = actor
        self.session = session

    def get_id(self) -> str:
        """Return what the cookie keeps."""
        return self.token


class SignedCookies(SecureCookieSessionInterface):
    """Flask's cookies, signed with the key that all processes share, read when first needed.

    Files and the health check know no sessions: they answer without a database.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; None where there are no sessions."""
        if request.path == "/healthz" or request.path.startswith("/static/"):
            return None
        if app.secret_key is None:
            app.secret_key = work.write(web_sessions.signing_key)
        return super().open_session(app, request)


def install(app: Flask, book: AppointmentBook) -> None:
    """Give the application its logins and its protection against forged requests."""
    app.session_interface = SignedCookies()
    app.config.update(
        SESSION_COOKIE_NAME="rdv",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=book.settings.public_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_visitor)
    csrf.init_app(app)
    app.before_request(_check_visitor)
    app.register_error_handler(CSRFError, _forged)


def enter(account: Account) -> None:
    """Log somebody in whose password was right."""
    browser = request.headers.get("User-Agent", "")
    now = work.now()
    token = work.write(lambda tx: web_sessions.begin(tx, account, browser=browser, now=now))
    with work.reading() as tx:
        found = web_sessions.resume(tx, token, now=now)
    assert found is not None, "the account was active a moment ago"
    login_user(Visitor(token, *found))
    cookie[_FORM_FIELD] = f"{account.id}.{secrets.token_urlsafe()}"


def leave() -> None:
    """Log out, here and for whoever has a copy of the cookie."""
    if current_user.is_authenticated:
        session: WebSession = current_user.session
        work.write(lambda tx: web_sessions.end(tx, session))
    logout_user()


def _visitor(token: str) -> Visitor | None:
    with work.reading() as tx:
        found = web_sessions.resume(tx, token, now=work.now())
    if found is None:
        return None
    actor, session = found
    if web_sessions.is_stale(session, now=work.now()):
        work.write(lambda tx: web_sessions.touch(tx, session, now=work.now()))
    return Visitor(token, actor, session)


def _check_visitor() -> AnyResponse | str | tuple[str, int] | None:
    """Send whoever is not logged in to the login page, with what he had typed."""
    if request.endpoint is None or request.endpoint in OPEN:
        if request.endpoint == "login.enter":
            csrf.protect()
        return None
    if not current_user.is_authenticated:
        return _ask_to_log_in()
    csrf.protect()
    return None


def _ask_to_log_in() -> AnyResponse | tuple[str, int]:
    from rdv_web.pages import login  # noqa: PLC0415 - the page needs this module

    if request.method == "GET":
        if request.headers.get("HX-Request"):
            return Response(status=204, headers={"HX-Redirect": url_for("login.form")})
        target = request.full_path.rstrip("?")
        return redirect(url_for("login.form", next=target if target != "/" else None))
    return login.form_after_expiry(keep_for=_form_shown_to()), 401


def _forged(_error: CSRFError) -> tuple[str, int]:
    """Do nothing with a form whose token is wrong: a stale page, or somebody else's.

    What was typed into a page of ours is offered again; what another site sent is not, since
    a click is all that it would need.
    """
    from rdv_web.pages import login  # noqa: PLC0415 - the page needs this module

    shown_to = _form_shown_to()
    if current_user.is_authenticated and shown_to == current_user.actor.account.id:
        return login.typed_again(login.asked(), list(request.form.items(multi=True))), 400
    return login.form_after_expiry(keep_for=shown_to), 401


def _form_shown_to() -> int | None:
    """Return the id of the account to which the form that is sent was shown.

    None where nothing proves it: then what was typed is not shown again to anybody.
    """
    if not _is_ours():
        return None
    assert current_app.secret_key is not None
    signer = URLSafeTimedSerializer(current_app.secret_key, salt=_FORM_SALT)
    try:
        token = str(signer.loads(request.form.get(_FORM_FIELD, "")))
    except BadData:
        return None
    # that of a page which was shown to nobody in particular has no point in it
    shown_to, _point, rest = token.partition(".")
    return int(shown_to) if rest else None


def _is_ours() -> bool:
    """Tell whether the browser says that a page of ours sent this request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin", "") == request.host_url.rstrip("/")
