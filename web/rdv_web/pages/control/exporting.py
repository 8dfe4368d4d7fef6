"""Files and print of what the control table lists."""

from __future__ import annotations

from contextlib import ExitStack, closing
from itertools import chain, islice

from flask import Response, render_template, request

from rdv_caldav.domain.control import ControlRow
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.exports.wording import WORDINGS
from rdv_caldav.exports.xml_file import xml_schema
from rdv_caldav.services import control
from rdv_caldav.services.control_choices import choices
from rdv_caldav.services.control_exports import ExportFormat, export, media_type
from rdv_web import languages, work
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import Asked, read
from rdv_web.pages.control.summary import summary
from rdv_web.pages.control.table import Answer, chosen_persons, fixed_values, table_page

MOST_PRINTED = 2_000
"""Rows of the print view: a browser lays out no more in good time."""


@pages.get("/export.<any(csv,xls,xlsx,xml,ics,pdf):ending>")
def file(ending: str) -> Response | Answer:
    """Send what the filter lists as a file, while it is still being read."""
    asked = _asked()
    if asked.problems:
        with work.reading() as tx:
            return table_page(tx, asked)
    wanted = ExportFormat(ending)
    try:
        return _streamed(asked, wanted)
    except InvalidInput:
        with work.reading() as tx:
            return table_page(tx, asked, is_too_long_for_pdf=True)


@pages.get("/imprimer")
def printed() -> str | Answer:
    """Show all rows on one page, to be printed."""
    asked = _asked()
    actor = work.actor()
    with work.reading() as tx:
        if asked.problems:
            return table_page(tx, asked)
        with closing(control.everything(tx, actor, asked.query)) as parts:
            rows: list[ControlRow] = list(islice(chain.from_iterable(parts), MOST_PRINTED + 1))
        can_choose = choices(tx, actor, chosen=chosen_persons(asked.filter))
        return render_template(
            "control/print.html",
            asked=asked,
            rows=rows[:MOST_PRINTED],
            is_cut=len(rows) > MOST_PRINTED,
            most=MOST_PRINTED,
            now=work.now(),
            summary=summary(asked.filter, can_choose),
            **fixed_values(can_choose),
        )


@pages.get("/rendez-vous.xsd")
def schema() -> Response:
    """Send the schema that XML files keep to."""
    return Response(xml_schema(), mimetype="application/xml")


def _asked() -> Asked:
    return read(request.args.items(multi=True))


def _streamed(asked: Asked, wanted: ExportFormat) -> Response:
    """Answer with the pieces of a file; the transaction ends with the answer."""
    stack = ExitStack()
    try:
        tx = stack.enter_context(work.reading())
        pieces = export(
            tx,
            work.actor(),
            asked.query,
            wanted,
            wording=WORDINGS[languages.current_language()],
            now=work.now(),
        )
        first = next(pieces, b"")
    except BaseException:
        stack.close()
        raise
    response = Response(chain([first], pieces), content_type=media_type(wanted))
    response.call_on_close(stack.close)
    name = f"rendez-vous-{work.now():%Y-%m-%d}.{wanted.value}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
