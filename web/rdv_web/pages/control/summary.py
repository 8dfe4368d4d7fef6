"""A filter in words, for whoever reads a printed list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from rdv_caldav.domain.control import ControlFilter, Trash
from rdv_caldav.services.control_choices import ControlChoices
from rdv_web import formats
from rdv_web.pages.control.words import CATEGORIES, TRASHES


def summary(wanted: ControlFilter, choices: ControlChoices) -> list[tuple[str, str]]:
    """Return what a filter asks for, as names and values; persons unseen stay unnamed."""
    return [(name, value) for name, value in _parts(wanted, choices) if value]


def _parts(wanted: ControlFilter, choices: ControlChoices) -> Iterator[tuple[str, str]]:
    first, last = wanted.first_day, wanted.last_day
    yield _("Du"), formats.short_day(first) if first else ""
    yield _("Au"), formats.short_day(last) if last else ""
    yield _("Type"), _joined(each.label for each in choices.types if each.code in wanted.types)
    yield _("Catégorie"), _joined(str(CATEGORIES[each]) for each in sorted(wanted.categories))
    yield _("État"), _joined(str(formats.STATES[each]) for each in sorted(wanted.states))
    yield from _people(wanted, choices)
    yield _("Objet ou lieu"), wanted.text
    yield _("Lieu"), wanted.location
    yield _("Invités externes"), _said(wanted.guests)
    yield _("Séries"), _said(wanted.series)
    yield _("Corbeille"), "" if wanted.trash is Trash.LEFT_OUT else str(TRASHES[wanted.trash])


def _people(wanted: ControlFilter, choices: ControlChoices) -> Iterator[tuple[str, str]]:
    yield _("Participant"), _joined(map(choices.name_of, sorted(wanted.participants)))
    yield _("Propriétaire"), _joined(map(choices.name_of, sorted(wanted.owners)))
    presences = _joined(str(formats.PRESENCES[each]) for each in sorted(wanted.presences))
    whose = choices.name_of(wanted.presence_of or 0)
    yield _("Présence"), f"{presences} ({whose})" if presences and whose else presences
    yield (
        _("Secteur"),
        _joined(each.name for each in choices.sectors if each.id in wanted.sectors),
    )


def _joined(values: Iterable[str]) -> str:
    return ", ".join(value for value in values if value)


def _said(answer: bool | None) -> str:
    if answer is None:
        return ""
    return str(_("oui") if answer else _("non"))
