"""What plannings say in words: conflicts, and what a move did."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from rdv_caldav.domain.appointment import Span
from rdv_caldav.services.conflicts import ToldConflict
from rdv_web.formats import span as span_words
from rdv_web.pages.appointments.wording import CONFLICTS


def moved_words(subject: str, span: Span, name: str = "") -> str:
    """Return what a move did; ``name`` is given where the person is another."""
    when = span_words(span)
    what = subject or _("Sans objet")
    words = _("« %(subject)s » : %(when)s.", subject=what, when=when)
    if name:
        words = _("« %(subject)s » : %(when)s, chez %(name)s.", subject=what, when=when, name=name)
    return str(words)


def conflict_words(told: Sequence[ToldConflict]) -> str:
    """Return who cannot be had, and why."""
    said = [f"{each.person.name} ({CONFLICTS[each.code]})" for each in told]
    return ", ".join(dict.fromkeys(said))
