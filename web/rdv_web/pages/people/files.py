"""Taking in fiches from a CSV file: upload, matching of columns, trial, then the import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import access, people_files
from rdv_caldav.services.people_csv import COLUMNS, FileColumn, file_columns
from rdv_caldav.services.people_files import ImportOrder
from rdv_caldav.services.people_import import ImportReport
from rdv_web import work
from rdv_web.pages.people import pages
from rdv_web.pages.people.forms import words_of

MEANINGS: Mapping[str, LazyString] = {
    "last_name": lazy_gettext("Nom"),
    "first_name": lazy_gettext("Prénom"),
    "kind": lazy_gettext("Type de fiche"),
    "addresses": lazy_gettext("Adresses e-mail"),
    "phone": lazy_gettext("Téléphone"),
    "home_address": lazy_gettext("Adresse postale"),
    "sector": lazy_gettext("Secteur"),
    "hours": lazy_gettext("Horaires de travail"),
    "language": lazy_gettext("Langue des messages"),
    "contact_by": lazy_gettext("Joindre par"),
    "slug": lazy_gettext("Identifiant"),
    "notes": lazy_gettext("Notes internes"),
}
assert MEANINGS.keys() == set(COLUMNS)

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
"""Spreadsheets in French often write the code page of Windows; the last one reads all bytes."""

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a file seems to say, and what importing it would do."""

    content: str
    columns: Sequence[FileColumn]
    meanings: Sequence[str | None]
    kind: PersonKind | None
    report: ImportReport | None = None
    problem: str = ""

    @property
    def can_import(self) -> bool:
        """Whether there is something to import and nothing against it."""
        report = self.report
        return report is not None and not report.refusals and bool(report.created or report.updated)

    @property
    def order(self) -> ImportOrder:
        """What is to be imported."""
        return ImportOrder(text=self.content, meanings=self.meanings, kind=self.kind)


@pages.get("/fiches/importer")
def import_file() -> str:
    """Ask for a file."""
    _check()
    return render_template("people/import.html", kind=_kind())


@pages.post("/fiches/importer")
def check_file() -> Response | str | tuple[str, int]:
    """Show what a file would do, or do it."""
    _check()
    content = _content()
    if not content.strip():
        problem = _("Choisissez un fichier CSV qui n’est pas vide.")
        return render_template("people/import.html", kind=_kind(), problem=problem), 422
    trial = _tried(content)
    if request.form.get("action") != "import" or not trial.can_import:
        page = _trial_page(trial)
        return page if trial.can_import else (page, 422)
    actor, now = work.actor(), work.now()
    report = people_files.do_import(_read, work.write, actor, trial.order, now=now)
    if report.left:
        return _trial_page(_tried(content), stopped=report), 409
    if report.refusals:  # what was right a moment ago no longer is
        return _trial_page(_tried(content)), 409
    flash(
        _(
            "Import terminé : %(created)s fiches créées, %(updated)s mises à jour.",
            created=len(report.created),
            updated=len(report.updated),
        ),
        "success",
    )
    kind = trial.kind or PersonKind.CLIENT
    return redirect(url_for("people.listing", kind=f"{kind.value}s"))


def _check() -> None:
    if not access.sees_all_sectors(work.actor()):
        abort(403)


def _kind() -> PersonKind | None:
    said = request.values.get("type", "")
    return PersonKind(said) if said in set(PersonKind) else None


def _content() -> str:
    """Return what was uploaded, else what the page has kept of it."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return str(request.form.get("content", ""))
    data = upload.read()
    for encoding in _ENCODINGS:
        try:
            return bytes(data).decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 reads all bytes")


def _tried(content: str) -> Trial:
    kind = _kind()
    try:
        columns = file_columns(content)
    except InvalidInput:
        return _unusable(content, kind)
    meanings = [_meaning(number, column) for number, column in enumerate(columns)]
    trial = Trial(content=content, columns=columns, meanings=meanings, kind=kind)
    problem = _problem(meanings, kind)
    if problem:
        return Trial(
            content=content, columns=columns, meanings=meanings, kind=kind, problem=problem
        )
    try:
        with work.reading() as tx:
            report = people_files.try_import(tx, work.actor(), trial.order)
    except InvalidInput:
        return _unusable(content, kind)
    return Trial(content=content, columns=columns, meanings=meanings, kind=kind, report=report)


def _unusable(content: str, kind: PersonKind | None) -> Trial:
    problem = _("Ce fichier n’est pas un tableau CSV lisible.")
    return Trial(content=content, columns=(), meanings=(), kind=kind, problem=problem)


def _meaning(number: int, column: FileColumn) -> str | None:
    chosen = request.form.get(f"column-{number}")
    if chosen is None:
        return column.meaning
    return chosen if chosen in MEANINGS else None


def _problem(meanings: Sequence[str | None], kind: PersonKind | None) -> str:
    named = [meaning for meaning in meanings if meaning]
    if "last_name" not in named:
        return str(_("Dites quelle colonne contient le nom."))
    if kind is None and "kind" not in named:
        return str(
            _("Dites quelle colonne contient le type de fiche, ou choisissez un type pour tous.")
        )
    twice = next((meaning for meaning in named if named.count(meaning) > 1), None)
    if twice:
        return str(_("Deux colonnes ont le même sens : %(meaning)s.", meaning=MEANINGS[twice]))
    return ""


def _read(turn: Callable[[Transaction], ImportReport]) -> ImportReport:
    with work.reading() as tx:
        return turn(tx)


def _trial_page(trial: Trial, *, stopped: ImportReport | None = None) -> str:
    return render_template(
        "people/import_trial.html",
        trial=trial,
        stopped=stopped,
        kind=trial.kind,
        MEANINGS=MEANINGS,
        MOST_SHOWN=MOST_SHOWN,
        words_of=words_of,
    )
