"""In which language a guest is spoken to, and how he is told that there is nothing to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import render_template, request, session
from flask_babel import force_locale

from rdv_caldav.domain.errors import DomainError, LinkRevoked, ModuleOff, UnknownObject
from rdv_caldav.services.mailing.answer_page import AnswerPage, MailChoice
from rdv_web import languages, work

LINK = re.compile(r"[\w-]{1,120}\.[\w-]{1,60}", re.ASCII)
"""What a link looks like; anything else is refused before a database is asked."""

_STATUSES: dict[type[DomainError], int] = {LinkRevoked: 410, UnknownObject: 404, ModuleOff: 404}
_LOCALES = {"fr": "fr", "en": "en_GB"}


@contextmanager
def spoken_to(shown: AnswerPage | MailChoice) -> Iterator[None]:
    """Speak the language that he chose here, else that of his fiche, his browser, the agency."""
    asked = (
        request.args.get("lang"),
        session.get("language"),
        shown.language,
        request.accept_languages.best_match(list(languages.LANGUAGES)),
        shown.agency_language,
    )
    chosen = next(each for each in asked if each in languages.LANGUAGES)
    with force_locale(_LOCALES[str(chosen)]):
        yield


def check_form(signed: str) -> None:
    """Refuse a link that nobody can have made. Raises UnknownObject."""
    if LINK.fullmatch(signed) is None:
        raise UnknownObject("the link is none of ours")


def is_foreign() -> bool:
    """Tell whether the browser says that a page of somebody else's sends this form."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def refused(error: DomainError) -> tuple[str, int]:
    """Say in plain words why a link shows nothing."""
    status = next(code for kind, code in _STATUSES.items() if isinstance(error, kind))
    with work.reading() as tx:
        agency = tx.agency.settings()
    is_off, is_revoked = isinstance(error, ModuleOff), isinstance(error, LinkRevoked)
    reason = "off" if is_off else "revoked" if is_revoked else "unknown"
    return render_template("answering/refused.html", agency=agency.name, reason=reason), status
