"""The table itself: filter, counts, rows."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.control import Column, ControlCounts, ControlFilter, Sort
from rdv_caldav.exports.wording import WORDINGS
from rdv_caldav.services import control, control_bulk, export_jobs
from rdv_caldav.services.control_choices import ControlChoices, choices
from rdv_caldav.services.control_exports import MOST_PDF_ROWS, ExportFormat
from rdv_web import formats, languages, work
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import Asked, read
from rdv_web.pages.control.chart import bar
from rdv_web.pages.control.words import ACTIONS, CATEGORIES, FORMATS, SORTED_COLUMNS, TRASHES

Answer = tuple[str, int]

MOST_QUICK_ROWS = 20_000
"""A workbook of more rows is prepared in the background, and the page shows how far it is."""

SLOW_FORMATS = (ExportFormat.XLSX, ExportFormat.XLS)
"""Put together at the end: nothing arrives before all of it is there."""


@pages.get("")
def table() -> Answer:
    """Show the filter, and what it lists."""
    asked = read(request.args.items(multi=True))
    with work.reading() as tx:
        return table_page(tx, asked)


def table_page(tx: Transaction, asked: Asked, **more: Any) -> Answer:  # noqa: ANN401 - of a template
    """Return the page for a filter, with its status; ``more`` is told to the template."""
    actor = work.actor()
    can_choose = choices(tx, actor, chosen=chosen_persons(asked.filter))
    values: dict[str, Any] = {
        "asked": asked,
        "saved": control.saved_filters(tx, actor),
        "exports": export_jobs.standing(tx, actor, now=work.now()),
        **fixed_values(can_choose),
        **_entries(can_choose),
    }
    if not asked.problems:
        counts = control.counts(tx, actor, asked.filter)
        page = control.page(tx, actor, asked.query, expected=counts.total)
        values |= {
            "page": page,
            "counts": counts,
            "earlier": asked.turned(page.before),
            "later": asked.turned(page.after),
            "bars": _bars(counts, can_choose),
            "kinds": control_bulk.kinds_for(asked.filter.trash),
            "is_slow": counts.total > MOST_QUICK_ROWS,
        }
    status = 422 if asked.problems or more else 200
    return render_template("control/table.html", **values, **more), status


def fixed_values(can_choose: ControlChoices) -> dict[str, Any]:
    """Return what templates need that no filter changes."""
    return {
        "choices": can_choose,
        "labels": {each.code: each.label for each in can_choose.types},
        "columns": WORDINGS[languages.current_language()].columns,
        "Column": Column,
        "SORTED_COLUMNS": SORTED_COLUMNS,
        "TRASHES": TRASHES,
        "PersonKind": PersonKind,
        "FORMATS": FORMATS,
        "ExportFormat": ExportFormat,
        "ACTIONS": ACTIONS,
        "MOST_PDF_ROWS": MOST_PDF_ROWS,
        "SLOW_FORMATS": SLOW_FORMATS,
        "MOST_AT_ONCE": control_bulk.MOST_AT_ONCE,
    }


def _entries(can_choose: ControlChoices) -> dict[str, Any]:
    """Return the values and words of the fields with which one chooses."""
    columns = WORDINGS[languages.current_language()].columns
    return {
        "state_entries": formats.STATES.items(),
        "presence_entries": formats.PRESENCES.items(),
        "category_entries": CATEGORIES.items(),
        "type_entries": [(each.code, each.label) for each in can_choose.types],
        "sector_entries": [(each.id, each.name) for each in can_choose.sectors],
        "sort_entries": [
            (sort.value, columns[column])
            for column, sort in SORTED_COLUMNS.items()
            if sort is not Sort.DATE
        ],
    }


def chosen_persons(wanted: ControlFilter) -> frozenset[int]:
    """Return the persons whom a filter names."""
    whose = frozenset() if wanted.presence_of is None else frozenset({wanted.presence_of})
    return wanted.participants | wanted.owners | whose


def _bars(counts: ControlCounts, can_choose: ControlChoices) -> dict[str, Any]:
    by_state = counts.by_state
    by_type = counts.by_type
    known = [(each.code, each.label) for each in can_choose.types]
    return {
        "state": bar(
            (state.value, str(words), by_state.get(state, 0))
            for state, words in formats.STATES.items()
        ),
        "type": bar((code, label, by_type.get(code, 0)) for code, label in known),
    }
