"""What the journal is asked for, by its URL; and its URLs for other pages of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from rdv_caldav.db.journal_reading import JournalFilter
from rdv_web.days import midnight
from rdv_web.pages.appointments.carrying import number_of
from rdv_web.pages.appointments.wording import CHANNELS
from rdv_web.pages.journal.words import GROUPS

LONGEST_TEXT = 100
_FIELDS = ("du", "au", "qui", "texte", "voie", "sorte")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A filter and a place, and what was typed; ``problems`` are words by the name of a field."""

    filter: JournalFilter
    after: int | None
    typed: Mapping[str, str]
    problems: Mapping[str, str]

    def said(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.typed.get(name, "")

    def url(self, endpoint: str = "journal.listing", **more: Any) -> str:  # noqa: ANN401 - url_for
        """Return an address with the same filter."""
        return url_for(endpoint, **{**self.typed, **more})


def read() -> Asked:
    """Return what the URL asks for; a value that is no choice asks for nothing."""
    typed = {
        name: value[:LONGEST_TEXT]
        for name in _FIELDS
        if (value := request.args.get(name, "").strip())
    }
    problems: dict[str, str] = {}
    begin, end = (midnight(typed, name, problems) for name in ("du", "au"))
    channel, group = typed.get("voie", ""), GROUPS.get(typed.get("sorte", ""))
    return Asked(
        filter=JournalFilter(
            begin=begin,
            end=end,
            who=typed.get("qui", ""),
            channel=channel if channel in CHANNELS else "",
            events=group.events if group else frozenset(),
            text=typed.get("texte", ""),
        ),
        after=number_of(request.args.get("avant", "")) or None,
        typed=typed,
        problems=problems,
    )
