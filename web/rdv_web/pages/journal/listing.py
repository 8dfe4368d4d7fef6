"""The list of entries, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Response, render_template, stream_with_context
from flask_babel import get_timezone
from flask_babel import gettext as _

from rdv_caldav.db.journal_reading import JournalLine
from rdv_caldav.exports.csv_file import csv_pieces
from rdv_caldav.exports.sheets import Cell, Sheet, SheetColumn
from rdv_caldav.services import journal_pages
from rdv_web import work
from rdv_web.pages.appointments.wording import CHANNELS
from rdv_web.pages.journal import pages
from rdv_web.pages.journal.asked import Asked, read
from rdv_web.pages.journal.wording import Chronicler
from rdv_web.pages.journal.words import GROUPS

_AT_ONCE = 5_000
"""Entries of a file that are read in one transaction: nothing is added among older ones."""


@pages.get("")
def listing() -> tuple[str, int]:
    """List the entries that are asked for, the newest first."""
    asked = read()
    with work.reading() as tx:
        page = journal_pages.page(tx, work.actor(), asked.filter, asked.after)
        persons = journal_pages.persons_named(tx, page.lines)
        chronicler = Chronicler(persons, tx.agency.types(), tx.people.sectors())
    shown = render_template(
        "journal/journal.html",
        asked=asked,
        rows=[
            (line, chronicler.sentence(line.entry), _fiche(line, persons)) for line in page.lines
        ],
        first=asked.url() if asked.after else "",
        later=asked.url(avant=page.after) if page.after else "",
        CHANNELS=CHANNELS,
        GROUPS={name: group.label for name, group in GROUPS.items()},
    )
    return shown, 422 if asked.problems else 200


def _fiche(line: JournalLine, persons: journal_pages.Persons) -> tuple[str, str] | None:
    """Return slug and name of the fiche that an entry is about."""
    person = persons.get(line.entry.details.get("person", 0))
    return (person.slug, person.name) if person else None


@pages.get("/journal.csv")
def export() -> Response:
    """Send the entries that the list shows, all pages of them."""
    asked = read()
    sheet = Sheet(
        title=_("Journal"),
        columns=[
            SheetColumn(heading=heading)
            for heading in (
                _("Date et heure"),
                _("Compte"),
                _("Nom"),
                _("Voie"),
                _("Appareil"),
                _("Action"),
                _("Rendez-vous"),
                _("Objet"),
            )
        ],
        rows=_rows(asked),
    )
    answer = Response(stream_with_context(csv_pieces(sheet)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return answer


def _rows(asked: Asked) -> Iterator[Sequence[Cell]]:
    after: int | None = None
    zone = get_timezone()
    while True:
        with work.reading() as tx:
            page = journal_pages.page(tx, work.actor(), asked.filter, after, size=_AT_ONCE)
            persons = journal_pages.persons_named(tx, page.lines)
            chronicler = Chronicler(persons, tx.agency.types(), tx.people.sectors())
        for line in page.lines:
            entry = line.entry
            yield (
                f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                entry.login,
                line.name,
                str(CHANNELS.get(entry.channel, entry.channel)),
                entry.device,
                chronicler.sentence(entry),
                line.appointment_id,
                line.subject,
            )
        if page.after is None:
            return
        after = page.after
