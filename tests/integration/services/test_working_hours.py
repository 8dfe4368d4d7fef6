"""Working hours in a file of persons."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.ical.availability import weekly_availability
from rdv_caldav.services.people_import import ImportReport, import_people
from rdv_caldav.services.working_hours import read_hours

DAY = [("08:00", "12:00"), ("14:00", "18:00")]
WEEK = {**dict.fromkeys(("MO", "TU", "WE", "TH", "FR"), DAY), "SA": [("09:00", "12:00")]}
WRITTEN = "lu-ve 8h-12h 14h-18h; sa 9h-12h"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (WRITTEN, WEEK),
        ("LU \u2013 VE 8h \u2013 12h, 14h00-18:00 | sa 09h00-12h", WEEK),
        ("ma je 8h30-24h", {day: [("08:30", "24:00")] for day in ("TU", "TH")}),
        (
            "di 0h-1h lu 2h-3h di 4h-5h",
            {"SU": [("00:00", "01:00"), ("04:00", "05:00")], "MO": [("02:00", "03:00")]},
        ),
        ("Toujours", {}),
    ],
)
def test_hours_are_read(written: str, expected: object) -> None:
    assert read_hours(written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("8h-12h", "follows no day"),
        ("lu", "no hours"),
        ("lu 8h-12h ma", "no hours"),
        ("; ;", "no hours"),
        ("lundi 8h-12h", "lundi is neither"),
        ("lu- 8h-12h", "lu-8h-12h is neither"),
        ("lu 8h-12h-14h", "neither"),
        ("ve-lu 8h-12h", "goes backwards"),
        ("lu 12h-8h", "no hours of one day"),
        ("lu 8h-8h", "no hours of one day"),
        ("lu 20h-25h", "no hours of one day"),
        ("lu 8h60-12h", "no hours of one day"),
        ("lu 8h-12h 11h-13h", "overlaps"),
        ("lu-me 8h-12h; ma 9h-10h", "overlaps"),
    ],
)
def test_what_is_no_hours_says_why(written: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_hours(written)


def _load(tx: Transaction, hours: str, *, dry_run: bool = False) -> ImportReport:
    text = f'Nom;Prénom;Type;Identifiant;Horaires\nEssai;Zoé;client;zoe;"{hours}"\n'
    return import_people(tx, text, dry_run=dry_run)


def _kept(tx: Transaction) -> str:
    person = tx.people.by_slug("zoe")
    assert person is not None
    return tx.people.availability_of(person.id)


def test_a_file_brings_hours(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        assert _load(tx, WRITTEN).created == ["Zoé Essai"]
        kept = _kept(tx)
        assert kept == weekly_availability(WEEK, zone=tx.agency.settings().time_zone)
        for same in (WRITTEN, ""):
            assert _load(tx, same).unchanged == ["Zoé Essai"]
            assert _kept(tx) == kept
        assert _load(tx, "lu 8h-9h", dry_run=True).updated == ["Zoé Essai"]
        assert _kept(tx) == kept
        assert _load(tx, "lu 8h-9h").updated == ["Zoé Essai"]
        assert _kept(tx) == weekly_availability({"MO": [("08:00", "09:00")]}, zone="Europe/Paris")
        assert _load(tx, "toujours").updated == ["Zoé Essai"]
        assert _kept(tx) == ""


def test_odd_hours_refuse_the_row(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        report = _load(tx, "lundi 8h-12h")
        assert [line for line, _ in report.rejected] == [2]
        assert "Horaires: lundi" in report.rejected[0][1]
        assert tx.people.by_slug("zoe") is None
