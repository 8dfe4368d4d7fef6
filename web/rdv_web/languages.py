"""French first, English complete: which of the two a request is answered in.

The texts in code and templates are French; ``translations/en`` holds one catalogue for each
part of the panel, which ``web/build.py`` compiles into one.
"""

from __future__ import annotations

from flask import Flask, request, session, url_for
from flask_babel import Babel, get_locale
from flask_login import current_user

from rdv_web import work

LANGUAGES = {"fr": "Français", "en": "English"}
"""The languages of the panel, each called as its speakers do."""

_DEFAULT = "fr"

_LOCALES = {"en": "en_GB"}
"""Whose dates a language is written with: English ones with the day before the month, as here."""


def install(app: Flask) -> None:
    """Let the application speak both languages."""
    Babel(
        app,
        default_locale=_DEFAULT,
        locale_selector=_chosen_locale,
        timezone_selector=agency_zone,
    )
    app.before_request(remember_choice)
    app.add_template_global(url_in)


def url_in(language: str) -> str:
    """Return the address of this same page in another language.

    A page that only answers a form cannot be asked for by a link: that leads to the front page.
    """
    if request.url_rule is None or "GET" not in (request.url_rule.methods or ()):
        return url_for("front_page.front_page", lang=language)
    # names beginning with _, and "endpoint", are orders to url_for, and no values of an address
    asked = {
        name: values
        for name, values in request.args.to_dict(flat=False).items()
        if not name.startswith("_") and name != "endpoint"
    }
    values = asked | (request.view_args or {}) | {"lang": language}
    return url_for(request.url_rule.endpoint, **values)


def remember_choice() -> None:
    """Keep the language that a link chose (``?lang=en``) for the pages that follow."""
    has_session = request.endpoint not in ("static", "health.health")
    if has_session and request.args.get("lang") in LANGUAGES:
        session["language"] = request.args["lang"]


def chosen_language() -> str:
    """Return the language chosen: in the URL, here before, in the account, in the browser."""
    for asked in (request.args.get("lang"), session.get("language"), _own_language()):
        if asked in LANGUAGES:
            return str(asked)
    return browsers_language()


def _chosen_locale() -> str:
    language = chosen_language()
    return _LOCALES.get(language, language)


def browsers_language() -> str:
    """Return the language that the browser asks for, as far as it is spoken here."""
    return request.accept_languages.best_match(list(LANGUAGES)) or _DEFAULT


def current_language() -> str:
    """Return the language of this answer."""
    locale = get_locale()
    return locale.language if locale else _DEFAULT


def agency_zone() -> str:
    """Return the IANA name of the agency's time zone: pages show no other."""
    with work.reading() as tx:
        return tx.agency.settings().time_zone


def _own_language() -> str:
    return current_user.session.language if current_user.is_authenticated else ""
