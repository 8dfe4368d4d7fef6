"""The templates that come with the program: taken where the agency has none of its own.

They are files of this package, one an occasion and language, with a part for each field.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from rdv_caldav.domain.mail_templates import LANGUAGES, MailTemplate, Medium, Occasion

_NAMES = {
    "fr": {
        Occasion.INVITATION: "Invitation",
        Occasion.UPDATE: "Changement",
        Occasion.CANCELLATION: "Annulation",
        Occasion.REMINDER: "Rappel",
        Occasion.MESSAGE: "Message",
    },
    "en": {
        Occasion.INVITATION: "Invitation",
        Occasion.UPDATE: "Change",
        Occasion.CANCELLATION: "Cancellation",
        Occasion.REMINDER: "Reminder",
        Occasion.MESSAGE: "Message",
    },
}
_PART = re.compile(r"^=== (subject|text|html|sms)\n", re.MULTILINE)


@cache
def shipped() -> tuple[MailTemplate, ...]:
    """Return all of them, mails first."""
    return tuple(
        _read(occasion, language, medium)
        for medium in Medium
        for occasion in Occasion
        for language in LANGUAGES
    )


def shipped_for(occasion: Occasion, language: str, medium: Medium) -> MailTemplate:
    """Return the one for this use."""
    return next(each for each in shipped() if each.use == (occasion, language, medium))


def _read(occasion: Occasion, language: str, medium: Medium) -> MailTemplate:
    place = files("rdv_caldav.mail") / "defaults" / language / f"{occasion.value}.liquid"
    pieces = _PART.split(place.read_text("utf-8"))
    parts = {name: text.strip() for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    mail = medium is Medium.MAIL
    return MailTemplate(
        name=_NAMES[language][occasion],
        occasion=occasion,
        language=language,
        medium=medium,
        subject=parts["subject"] if mail else "",
        text=parts["text"] if mail else parts["sms"],
        html=parts["html"] if mail else "",
    )
