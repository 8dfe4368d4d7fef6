"""The commands, as a person types them."""

from __future__ import annotations

import os
from datetime import timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from rdv_caldav.cli import main
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.clock import system_clock
from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.services import appointments, calendar_changes, calendars
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.accounts import verify
from support.objects import event
from support.server import rdv_caldav


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, for commands run in this process."""
    for name in list(os.environ):
        if name.startswith("RDV_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RDV_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def agency(environ: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A prepared agency with one administrateur."""
    _type(monkeypatch, "secret\n")
    arguments = ["--agency", "Essai", "--scheduling-address", "rdv@agence.example"]
    assert main(["init", *arguments, "--admin", "chef", "--password-stdin"]) == 0
    return Database(f"sqlite:///{environ / 'data' / 'rdv.sqlite'}")


def _type(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode()), "utf-8"))


def test_init_prepares_an_agency_once(
    agency: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with agency.reading() as tx:
        assert tx.agency.settings().name == "Essai"
        assert len(tx.agency.types()) == 3
        account = verify(tx, "chef", "secret")
    assert account is not None
    assert account.role is Role.ADMINISTRATEUR
    _type(monkeypatch, "secret\n")
    arguments = ["--agency", "Essai", "--scheduling-address", "rdv@agence.example"]
    assert main(["init", *arguments, "--admin", "chef", "--password-stdin"]) == 1
    assert "prepared before" in capsys.readouterr().err


def test_people_accounts_and_calendars(
    agency: Database,
    environ: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    people = environ / "personnes.csv"
    people.write_text("Nom;Prénom;Type;E-mail\nEssai;Marie;intervenant;marie@agence.example\n")
    assert main(["people", "import", str(people), "--dry-run"]) == 0
    assert "1 " in capsys.readouterr().out
    assert main(["people", "import", str(people)]) == 0
    _type(monkeypatch, "secret\n")
    add = ["account", "add", "marie", "--role", "intervenant", "--person", "marie-essai"]
    assert main([*add, "--password-stdin"]) == 0
    _type(monkeypatch, "secret\n")
    assert main([*add, "--password-stdin"]) == 1
    assert "already" in capsys.readouterr().err
    calendar = environ / "a.ics"
    calendar.write_text(event("a"))
    assert main(["calendar", "import", "marie-essai", str(calendar), "--as", "chef"]) == 0
    assert "1 created" in capsys.readouterr().out
    people.write_text("Nom;Type\nEssai;inconnu\n")
    assert main(["people", "import", str(people)]) == 1


def test_inboxes_and_reminders(agency: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "inbox", "chef", "on"]) == 0
    assert main(["account", "inbox", "personne", "on"]) == 1
    assert "no account" in capsys.readouterr().err
    assert main(["type", "reminder", "client", "15"]) == 0
    assert main(["type", "reminder", "interne", "30"]) == 0
    assert main(["type", "reminder", "interne", "none"]) == 0
    assert "no reminder" in capsys.readouterr().out
    assert main(["type", "reminder", "rien", "15"]) == 1
    assert "only client" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["type", "reminder", "client", "bientôt"])
    with agency.reading() as tx:
        assert tx.agency.settings().default_reminders == {"client": 15}
        account = tx.accounts.by_login("chef")
        assert account is not None
        assert tx.inbox.of(account.id).is_on
    assert main(["account", "inbox", "chef", "off"]) == 0
    with agency.reading() as tx:
        assert not tx.inbox.of(account.id).is_on


def test_files_that_cannot_be_read(agency: Database, environ: Path) -> None:
    assert main(["people", "import", str(environ / "none.csv")]) == 1
    odd = environ / "odd.csv"
    odd.write_bytes("Nom;Type\nÉté;client\n".encode("cp1252"))
    assert main(["people", "import", str(odd)]) == 0
    odd.write_bytes(b"BEGIN:VCALENDAR\xff")
    assert main(["calendar", "import", "ete", str(odd), "--as", "chef"]) == 1


def test_standard_input(agency: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _type(monkeypatch, "Nom;Type\nEssai;client\n")
    assert main(["people", "import", "-"]) == 0
    monkeypatch.setattr(
        "sys.stdin", TextIOWrapper(BytesIO("Nom;Type\nÉté;client".encode("cp1252")))
    )
    assert main(["people", "import", "-"]) == 0
    with agency.reading() as tx:
        assert {person.name for person in tx.people.everyone()} >= {"Essai", "Été"}


def test_upgrade_and_doctor(environ: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    assert "run upgrade first" in capsys.readouterr().err
    assert main(["upgrade"]) == 0
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "is writable" in said
    assert "SMTP: not set" in said


def test_upgrade_takes_over_the_public_address(
    agency: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RDV_PUBLIC_URL", "https://rdv.agence.example")
    assert main(["upgrade"]) == 0
    monkeypatch.delenv("RDV_PUBLIC_URL")
    assert main(["upgrade"]) == 0
    with agency.reading() as tx:
        assert tx.agency.settings().public_url == "https://rdv.agence.example"


@pytest.mark.parametrize("command", ["upgrade", "doctor", "serve"])
def test_a_database_that_is_away(
    command: str, environ: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDV_DATABASE_URL", "postgresql+psycopg://me:hidden@127.0.0.1:1/none")
    assert main([command]) == 1
    assert capsys.readouterr().err == "rdv-caldav: the database does not answer\n"


def test_a_data_folder_that_cannot_be_made(
    environ: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (environ / "file").touch()
    monkeypatch.setenv("RDV_DATA_DIR", str(environ / "file" / "data"))
    assert main(["upgrade"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("rdv-caldav: Not a directory (")
    assert "Traceback" not in said


def test_a_fault_of_the_program_is_told_from_a_refusal(
    agency: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with agency.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE agency_setting")
    agency.dispose()
    assert main(["serve"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_demo_once(environ: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["upgrade"])
    assert main(["demo", "--appointments", "20"]) == 0
    assert "alice" in capsys.readouterr().out
    assert main(["demo", "--if-empty"]) == 0
    assert main(["demo"]) == 1


def test_serve_refuses_what_it_must(environ: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == 1
    main(["upgrade"])
    main(["demo", "--appointments", "20"])
    assert main(["serve", "--bind", "0.0.0.0:5232"]) == 1
    assert "loopback" in capsys.readouterr().err
    for bind in ("nowhere", ":5232", "127.0.0.1:http", "127.0.0.1:65536", "example.org:5232"):
        assert main(["serve", "--bind", bind]) == 1


def test_help_and_wrong_usage() -> None:
    assert "exit codes" in rdv_caldav("--help", environ={}).stdout
    for command in ("serve", "init", "upgrade", "doctor", "demo"):
        assert rdv_caldav(command, "--help", environ={}).returncode == 0
    assert rdv_caldav("nothing", environ={}).returncode == 2
    assert rdv_caldav("serve", "--workers", "0", environ={}).returncode == 2
    assert rdv_caldav("upgrade", environ={"RDV_NOTHING": "1"}).returncode == 1


def test_old_deletions_are_forgotten(
    environ: Path, agency: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs that know of them go on; those that stayed away begin again."""
    people, calendar = environ / "personnes.csv", environ / "a.ics"
    people.write_text("Nom;Type\nEssai;client\n")
    calendar.write_text(event("a"))
    assert main(["people", "import", str(people)]) == 0
    assert main(["calendar", "import", "essai", str(calendar), "--as", "chef"]) == 0
    long_ago = system_clock() - timedelta(days=100)
    with agency.writing() as tx:
        chef = actor_for(tx, "chef", channel=Channel.WEB)
        number = tx.appointments.id_of_uid("a")
        assert number is not None
        began = calendars.calendar(tx, chef, "essai").tag
        appointments.trash(tx, chef, number, now=long_ago)
        token = calendars.calendar(tx, chef, "essai").tag
    capsys.readouterr()
    assert main(["prune", "--days", "3"]) == 1
    assert "7 days at least" in capsys.readouterr().err
    for days, count in (("99999999999", 0), ("120", 0), ("90", 1), ("90", 0)):
        assert main(["prune", "--days", days]) == 0
        assert capsys.readouterr().out.splitlines()[0] == f"{count} deletions forgotten"
    with agency.reading() as tx:
        seen = calendars.calendar(tx, actor_for(tx, "chef", channel=Channel.WEB), "essai")
        assert calendar_changes.changes(tx, seen, token).gone == []
        with pytest.raises(SyncTokenExpired):
            calendar_changes.changes(tx, seen, began)
        assert tx.journal.latest(1)[0].event == "DeletionsForgotten"
