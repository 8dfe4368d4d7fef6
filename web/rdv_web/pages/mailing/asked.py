"""What a list of mails is asked for, by its URL; and its URLs for other pages of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from rdv_caldav.db.mail_reading import MailFilter, MailPlace
from rdv_web.days import midnight
from rdv_web.pages.appointments.carrying import number_of

LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A filter and a place, and what was typed; ``problems`` are words by the name of a field."""

    endpoint: str
    filter: MailFilter
    place: MailPlace | None
    typed: Mapping[str, str]
    problems: Mapping[str, str]

    def said(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.typed.get(name, "")

    def url(self, **changed: Any) -> str:  # noqa: ANN401 - as url_for
        """Return the address of the list with something changed, from its first page on."""
        return url_for(self.endpoint, **{**self.typed, **changed})

    def turned(self, place: MailPlace | None) -> str:
        """Return the address of another page of the list, empty without one."""
        if place is None:
            return ""
        return self.url(**{"apres" if place.backwards else "avant": place.id})


def read(endpoint: str, choices: Mapping[str, Collection[str]]) -> Asked:
    """Return what the URL asks for; ``choices`` are the values that fields can have.

    A value that is no choice asks for nothing.
    """
    typed = {
        name: value.strip()[:LONGEST_TEXT]
        for name in ("texte", "du", "au", *choices)
        if (value := request.args.get(name, "")).strip()
    }
    problems: dict[str, str] = {}
    begin, end = (midnight(typed, name, problems) for name in ("du", "au"))
    chosen = {name: typed.get(name, "") for name in choices}
    for name, values in choices.items():
        if chosen[name] not in values:
            chosen[name] = ""
    return Asked(
        endpoint=endpoint,
        filter=MailFilter(
            status=chosen.get("etat", ""),
            method=chosen.get("sorte", ""),
            medium=chosen.get("canal", ""),
            outcome=chosen.get("resultat", ""),
            text=typed.get("texte", ""),
            begin=begin,
            end=end,
        ),
        place=_place(),
        typed=typed,
        problems=problems,
    )


def _place() -> MailPlace | None:
    for name in ("avant", "apres"):
        mail_id = number_of(request.args.get(name, ""))
        if mail_id:
            return MailPlace(id=mail_id, backwards=name == "apres")
    return None
