"""Exports hold exactly what the filters list, whatever they are, in every format."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlrd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import Column, ControlFilter, ControlQuery, ControlRow, Sort, Trash
from rdv_caldav.domain.errors import InvalidInput, ModuleOff
from rdv_caldav.exports.wording import ENGLISH, FRENCH
from rdv_caldav.exports.xml_file import NAMESPACE, xml_schema
from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.services import control, control_exports
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.control_exports import ExportFormat, export
from support.busy_agency import busy_agency

XML = f"{{{NAMESPACE}}}"


@pytest.fixture(scope="module")
def busy_book(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppointmentBook]:
    path = tmp_path_factory.mktemp("busy") / "rdv.sqlite"
    shutil.copy(sqlite_template, path)
    with busy_agency(f"sqlite:///{path}") as book:
        yield book


@pytest.fixture
def tx(busy_book: AppointmentBook) -> Iterator[Transaction]:
    with busy_book.database.reading() as tx:
        yield tx


NOW = datetime(2026, 11, 24, 8, tzinfo=ZoneInfo("Europe/Paris"))


def exported(
    tx: Transaction, wanted: ExportFormat, query: ControlQuery, login: str = "admin"
) -> bytes:
    actor = actor_for(tx, login, channel=Channel.WEB)
    return b"".join(export(tx, actor, query, wanted, wording=FRENCH, now=NOW))


def listed(tx: Transaction, query: ControlQuery, login: str = "admin") -> list[ControlRow]:
    actor = actor_for(tx, login, channel=Channel.WEB)
    return [row for rows in control.everything(tx, actor, query) for row in rows]


# -- reading the files back ---------------------------------------------------------------


def csv_rows(content: bytes) -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def xlsx_rows(content: bytes) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(content), read_only=True)
    return [list(row) for sheet in book for row in sheet.iter_rows(values_only=True)]


def xls_rows(content: bytes) -> list[list[Any]]:
    book = xlrd.open_workbook(file_contents=content)
    return [sheet.row_values(line) for sheet in book.sheets() for line in range(sheet.nrows)]


def ics_keys(content: bytes) -> list[tuple[str, str]]:
    events = parse_components(content.decode()).components("VCALENDAR")[0].components("VEVENT")
    return [(_value(event, "UID"), _value(event, "RECURRENCE-ID")) for event in events]


def _value(event: Component, name: str) -> str:
    line = event.line(name)
    return "" if line is None else line.value


def row_in_ics(row: ControlRow) -> tuple[str, str]:
    if row.key.original is None:
        return row.uid, ""
    if row.span.all_day:
        return row.uid, f"{row.key.original:%Y%m%d}"
    moment = row.key.original.replace(tzinfo=ZoneInfo(row.zone)).astimezone(ZoneInfo("UTC"))
    return row.uid, f"{moment:%Y%m%dT%H%M%SZ}"


_FILTERS = st.builds(
    ControlFilter,
    first_day=st.none() | st.dates(date(2026, 10, 1), date(2026, 12, 31)),
    last_day=st.none() | st.dates(date(2026, 11, 1), date(2027, 2, 1)),
    types=st.frozensets(st.sampled_from(["client", "interne"])),
    categories=st.frozensets(st.sampled_from(TypeCategory), max_size=2),
    states=st.frozensets(st.sampled_from(State), max_size=2),
    participants=st.frozensets(st.integers(1, 9), max_size=2),
    owners=st.frozensets(st.integers(1, 9), max_size=3),
    presences=st.frozensets(st.sampled_from(Presence), max_size=2),
    presence_of=st.none() | st.integers(1, 9),
    sectors=st.frozensets(st.integers(1, 2)),
    location=st.sampled_from(["", "", "eglise", "3"]),
    text=st.sampled_from(["", "", "visite", "deplace", "1+1", "note"]),
    in_notes=st.booleans(),
    guests=st.none() | st.booleans(),
    series=st.none() | st.booleans(),
    trash=st.sampled_from(Trash),
) | st.builds(
    ControlFilter,
    series=st.none() | st.booleans(),
    trash=st.sampled_from(Trash),
    states=st.frozensets(st.sampled_from(State), max_size=1),
)
_QUERIES = st.builds(
    ControlQuery,
    filter=_FILTERS,
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    columns=st.sampled_from([tuple(Column), (Column.SUBJECT,)]),
)


@given(query=_QUERIES, login=st.sampled_from(["admin", "nora", "ivan", "claire"]))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_listed_is_exported_in_every_format(
    tx: Transaction, query: ControlQuery, login: str
) -> None:
    rows = listed(tx, query, login)
    references = [str(row.key) for row in rows]
    for wanted, read in (
        (ExportFormat.CSV, csv_rows),
        (ExportFormat.XLSX, xlsx_rows),
        (ExportFormat.XLS, xls_rows),
    ):
        headings, *found = read(exported(tx, wanted, query, login))
        assert len(headings) == len(query.columns) + 1
        assert [row[-1] for row in found] == references, wanted
    document = etree.fromstring(exported(tx, ExportFormat.XML, query, login))
    assert [each.get("reference") for each in document] == references
    events = ics_keys(exported(tx, ExportFormat.ICS, query, login))
    assert sorted(events) == sorted(map(row_in_ics, rows))
    counts = control.counts(tx, actor_for(tx, login, channel=Channel.WEB), query.filter)
    assert counts.total == len(rows)
    assert exported(tx, ExportFormat.PDF, query, login).startswith(b"%PDF-")


def test_dates_are_dates_and_text_is_text(tx: Transaction) -> None:
    query = ControlQuery(columns=tuple(Column))
    rows = {str(row.key): row for row in listed(tx, query)}
    content = exported(tx, ExportFormat.XLSX, query)
    (page,) = load_workbook(io.BytesIO(content)).worksheets
    lines: list[Any] = list(page.iter_rows(min_row=2))
    assert [cell.value for cell in page[1]][:5] == [
        "Date",
        "Début",
        "Fin",
        "Type",
        "Objet",
    ]
    for line in lines:
        row = rows[line[-1].value]
        assert line[0].value.date() == row.span.start.date()
        assert line[0].is_date
        if row.span.all_day:
            assert line[1].value == "journée"
        else:
            assert line[1].value == row.span.start.time()
            assert line[2].value == row.span.end.time()
        assert line[4].value == row.subject
        assert line[4].data_type == "s"
    sheet = xlrd.open_workbook(file_contents=exported(tx, ExportFormat.XLS, query)).sheet_by_index(
        0
    )
    assert sheet.cell_type(1, 0) == xlrd.XL_CELL_DATE
    first = rows[sheet.cell_value(1, len(Column))]
    moment = xlrd.xldate_as_datetime(sheet.cell_value(1, 0), 0)
    assert moment.date() == first.span.start.date()
    formula = next(n for n in range(1, sheet.nrows) if sheet.cell_value(n, 4).startswith("="))
    assert sheet.cell_type(formula, 4) == xlrd.XL_CELL_TEXT


def test_csv_opens_in_french_spreadsheets_and_runs_nothing(tx: Transaction) -> None:
    content = exported(tx, ExportFormat.CSV, ControlQuery())
    assert content.startswith(b"\xef\xbb\xbfDate;D\xc3\xa9but;")
    cells = [cell for row in csv_rows(content) for cell in row]
    assert "'=1+1" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert 'Bilan; "annuel"\nsuite' in cells


def test_the_xml_keeps_to_its_schema(tx: Transaction) -> None:
    schema = etree.XMLSchema(etree.fromstring(xml_schema()))
    query = ControlQuery(filter=ControlFilter(trash=Trash.INCLUDED))
    document = etree.fromstring(exported(tx, ExportFormat.XML, query))
    schema.assertValid(document)
    by_reference = {str(row.key): row for row in listed(tx, query)}
    for each in document:
        row = by_reference[each.get("reference")]
        assert datetime.fromisoformat(each.findtext(f"{XML}debut")) == row.starts_at
        assert datetime.fromisoformat(each.findtext(f"{XML}fin")) == row.stops_at
        assert each.findtext(f"{XML}objet") == row.subject
        assert each.findtext(f"{XML}etat") == row.state.value
        assert [p.text for p in each.iter(f"{XML}participant")] == [
            p.name for p in row.participants
        ]
        assert (each.find(f"{XML}corbeille") is not None) is (row.trashed_at is not None)


def test_the_calendar_has_dates_as_they_take_place(tx: Transaction) -> None:
    query = ControlQuery(filter=ControlFilter(series=True, states=frozenset({State.CANCELLED})))
    content = exported(tx, ExportFormat.ICS, query).decode()
    (calendar,) = parse_components(content).components("VCALENDAR")
    events = calendar.components("VEVENT")
    assert events
    assert {_value(event, "STATUS") for event in events} == {"CANCELLED"}
    assert not re.search("^RRULE", content, re.MULTILINE)


def test_long_texts_of_many_dates_are_told_one_by_one(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ControlQuery(filter=ControlFilter(series=True))
    whole = sorted(ics_keys(exported(tx, ExportFormat.ICS, query)))
    monkeypatch.setattr("rdv_caldav.ical.expansion.MOST_CHARACTERS", 2_500)
    assert sorted(ics_keys(exported(tx, ExportFormat.ICS, query))) == whole


def test_clients_export_no_notes(tx: Transaction) -> None:
    query = ControlQuery(columns=tuple(Column))
    for wanted in (ExportFormat.CSV, ExportFormat.XML, ExportFormat.ICS):
        assert b"Note 1" in exported(tx, wanted, query)
        assert b"Note 1" not in exported(tx, wanted, query, "claire")


def test_a_pdf_has_a_stated_size(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exported(tx, ExportFormat.PDF, ControlQuery(columns=tuple(Column)))
    assert whole.rstrip().endswith(b"%%EOF")
    monkeypatch.setattr("rdv_caldav.services.control_exports.MOST_PDF_ROWS", 3)
    with pytest.raises(InvalidInput, match="rows at most"):
        exported(tx, ExportFormat.PDF, ControlQuery())


def test_what_is_off_is_not_exported(busy_book: AppointmentBook) -> None:
    with busy_book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
        admin = actor_for(tx, "admin", channel=Channel.WEB)
        with pytest.raises(ModuleOff):
            export(tx, admin, ControlQuery(), ExportFormat.CSV, wording=FRENCH, now=NOW)
        tx.agency.save_setting("module_enabled", True)


def test_both_languages_say_everything() -> None:
    for name in ("columns", "states", "presences"):
        french, english = getattr(FRENCH, name), getattr(ENGLISH, name)
        assert french.keys() == english.keys()
        assert all(english.values())
    assert set(FRENCH.columns) == set(Column)
    assert {control_exports.media_type(each) for each in ExportFormat} >= {"application/pdf"}


def test_several_days_end_on_a_day(tx: Transaction) -> None:
    query = ControlQuery(columns=(Column.END,))
    all_day = {str(row.key) for row in listed(tx, query) if row.span.all_day}
    found = {row[-1]: row[0] for row in xlsx_rows(exported(tx, ExportFormat.XLSX, query))[1:]}
    assert all_day
    for reference, end in found.items():
        assert isinstance(end, datetime if reference in all_day else time)
