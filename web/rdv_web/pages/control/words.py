"""What the pages of the control table call things."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.control import Column, Sort, Trash
from rdv_caldav.services.control_bulk import BulkKind
from rdv_caldav.services.control_exports import ExportFormat
from rdv_caldav.services.control_mails import Reason

TRASHES: Mapping[Trash, LazyString] = {
    Trash.LEFT_OUT: _("Sans la corbeille"),
    Trash.INCLUDED: _("Avec la corbeille"),
    Trash.ONLY: _("La corbeille seule"),
}
CATEGORIES: Mapping[TypeCategory, LazyString] = {
    TypeCategory.CLIENT: _("Client"),
    TypeCategory.INTERNE: _("Interne"),
    TypeCategory.INTERVENANT: _("Intervenant"),
}
FORMATS: Mapping[ExportFormat, LazyString] = {
    ExportFormat.XLSX: _("Excel (.xlsx)"),
    ExportFormat.XLS: _("Excel 97-2003 (.xls)"),
    ExportFormat.CSV: _("Texte (.csv)"),
    ExportFormat.XML: _("Données (.xml)"),
    ExportFormat.ICS: _("Agenda (.ics)"),
    ExportFormat.PDF: _("PDF (.pdf)"),
}
ACTIONS: Mapping[BulkKind, LazyString] = {
    BulkKind.HELD: _("Marquer Tenu"),
    BulkKind.CANCELLED: _("Marquer Annulé"),
    BulkKind.PLANNED: _("Remettre à Planifié"),
    BulkKind.REASSIGN: _("Donner à un autre propriétaire"),
    BulkKind.TRASH: _("Mettre à la corbeille"),
    BulkKind.RESTORE: _("Sortir de la corbeille"),
}
UNMAILED: Mapping[Reason, LazyString] = {
    Reason.PAST: _("Il est passé."),
    Reason.CANCELLED: _("Il est annulé."),
    Reason.TRASHED: _("Il est dans la corbeille."),
    Reason.READ_ONLY: _("Vous pouvez le lire, mais pas écrire à ses participants."),
    Reason.NO_ADDRESS: _("Aucun participant n’a d’adresse e-mail."),
}
"""Why nobody is written to about a row."""
SORTED_COLUMNS: Mapping[Column, Sort] = {
    Column.DATE: Sort.DATE,
    Column.TYPE: Sort.TYPE,
    Column.SUBJECT: Sort.SUBJECT,
    Column.STATE: Sort.STATE,
    Column.OWNER: Sort.OWNER,
}
"""The columns that the list can be sorted by."""
