"""Many rendez-vous at once: first what it would touch, then doing it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import InvalidInput, UnknownCalendar, UnknownObject
from rdv_caldav.services import control_bulk
from rdv_caldav.services.control_bulk import BulkAction, BulkKind, BulkPreview
from rdv_caldav.services.control_choices import choices
from rdv_web import work
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import Asked, read_text
from rdv_web.pages.control.table import Answer, fixed_values, table_page
from rdv_web.pages.control.words import ACTIONS
from rdv_web.refusals import refusal_of

EVERYTHING = "tout"


@pages.post("/actions")
def look() -> Answer:
    """Show what an action would touch; nothing is changed."""
    asked = read_text(request.form.get("filtre", ""))
    with work.reading() as tx:
        try:
            preview = _preview(tx, asked)
        except (InvalidInput, UnknownCalendar):
            words = _(
                "Choisissez des lignes (%(most)s au plus), une action, et la personne si besoin.",
                most=control_bulk.MOST_AT_ONCE,
            )
            return table_page(tx, asked, action_problem=words, marked=marked_keys())
        can_choose = choices(tx, work.actor())
    page = render_template(
        "control/preview.html",
        asked=asked,
        preview=preview,
        label=ACTIONS[preview.action.kind],
        owner=can_choose.name_of(preview.action.person_id or 0),
        words_of=lambda reason: refusal_of(reason).words,
        **fixed_values(can_choose),
    )
    return page, 200


@pages.post("/actions/appliquer")
def apply() -> Response:
    """Do what was shown."""
    asked = read_text(request.form.get("filtre", ""))
    actor = work.actor()
    with work.reading() as tx:
        preview = _preview(tx, asked)

    def write(change: Callable[[Transaction], None]) -> None:
        work.write(change)

    outcome = control_bulk.apply(write, actor, preview, now=work.now())
    done, refused = len(outcome.done), len(outcome.refused)
    flash(
        ngettext("%(num)s ligne a été modifiée.", "%(num)s lignes ont été modifiées.", done),
        "success",
    )
    if refused:
        words = ngettext(
            "%(num)s ligne a été refusée.", "%(num)s lignes ont été refusées.", refused
        )
        reasons = {str(refusal_of(each.reason).words) for each in outcome.refused}
        flash(f"{words} {' '.join(sorted(reasons))}", "error")
    return redirect(asked.url())


def _preview(tx: Transaction, asked: Asked) -> BulkPreview:
    """Return what the form asks for. Raises InvalidInput, UnknownCalendar."""
    keys = chosen_keys(tx, asked)
    return control_bulk.preview(tx, work.actor(), keys, _action(), now=work.now())


def chosen_keys(tx: Transaction, asked: Asked) -> list[RowKey]:
    """Return the rows that the form is about: marked ones, or the whole list.

    Raises InvalidInput for none, and for too many of the list.
    """
    if request.form.get("lignes") == EVERYTHING and not asked.problems:
        keys = control_bulk.listed_keys(tx, work.actor(), asked.filter)
    else:
        keys = marked_keys()
    if not keys:
        raise InvalidInput("no row is marked")
    return keys


def marked_keys() -> list[RowKey]:
    """Return the rows that are marked."""
    keys = []
    for reference in request.form.getlist("ligne"):
        with suppress(UnknownObject):
            keys.append(RowKey.read(reference))
    return keys


def _action() -> BulkAction:
    said, person = request.form.get("action", ""), request.form.get("personne", "")
    if said not in set(BulkKind):
        raise InvalidInput("no such action")
    is_id = person.isascii() and person.isdigit() and len(person) < len(str(2**31))
    kind = BulkKind(said)
    return BulkAction(
        kind=kind,
        person_id=int(person) if is_id and kind is BulkKind.REASSIGN else None,
    )
