"""French first, English complete: which of the two a request is answered in."""

from __future__ import annotations

from flask import request

LANGUAGES = ("fr", "en")


def chosen_language() -> str:
    """Return the language that ``?lang=`` names, else the browser's, else French."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
