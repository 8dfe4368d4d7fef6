"""Texts that administrateurs write for mails and text messages, and what may be wrong in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LANGUAGES = ("fr", "en")
LONGEST_NAME = 100
LONGEST_SUBJECT = 250
LONGEST_TEXT = 20_000
LONGEST_HTML = 50_000
LONGEST_SMS = 1_000
"""Characters, before variables are filled in; an SMS of more than 160 is sent in parts."""


class Occasion(StrEnum):
    """What a message is written for."""

    INVITATION = "invitation"
    UPDATE = "update"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    MESSAGE = "message"


class Medium(StrEnum):
    """What carries a message."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTemplate:
    """A text with variables; ``language`` is a two-letter code of :data:`LANGUAGES`.

    ``id`` is 0 for those that are shipped with the program. ``html`` may be empty, ``text`` never;
    an SMS has ``text`` only. ``is_default`` is the one that is taken for its occasion, language
    and medium; at most one of the agency's own, the shipped one without.
    """

    name: str
    occasion: Occasion
    text: str
    language: str = "fr"
    medium: Medium = Medium.MAIL
    subject: str = ""
    html: str = ""
    id: int = 0
    is_default: bool = False
    active: bool = True

    @property
    def key(self) -> str:
        """What names it in URLs and forms: ``12``, or ``mail-invitation-fr`` for shipped ones."""
        return str(self.id) if self.id else f"{self.medium}-{self.occasion}-{self.language}"

    @property
    def use(self) -> tuple[Occasion, str, Medium]:
        """What it can be the default for."""
        return self.occasion, self.language, self.medium

    @property
    def fields(self) -> Mapping[str, str]:
        """Its texts by the name of the field, those that its medium has."""
        if self.medium is Medium.SMS:
            return {"text": self.text}
        return {"subject": self.subject, "text": self.text, "html": self.html}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """A template with the values of one recipient. ``html`` is a whole document, or empty."""

    subject: str
    text: str
    html: str = ""


class Fault(StrEnum):
    """What can be wrong in a template."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    SEVERAL_LINES = "several-lines"
    SYNTAX = "syntax"
    UNKNOWN_VARIABLE = "unknown-variable"
    UNKNOWN_FILTER = "unknown-filter"
    UNKNOWN_TAG = "unknown-tag"
    ENDLESS = "endless"
    HUGE = "huge"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProblem:
    """What is wrong in one field; ``line`` counts from 1, 0 where no line can be named.

    ``detail`` is the word that is meant: a variable, a filter, a tag.
    """

    field: str
    fault: Fault
    line: int = 0
    detail: str = ""
