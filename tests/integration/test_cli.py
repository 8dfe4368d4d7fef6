"""The commands, as a person types them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from rdv_caldav.cli import main
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.agency import Role
from rdv_caldav.services.accounts import verify
from support.objects import event
from support.server import rdv_caldav


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, for commands run in this process."""
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
    monkeypatch.setattr("sys.stdin", StringIO(text))


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


def test_upgrade_and_doctor(environ: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    assert "run upgrade first" in capsys.readouterr().err
    assert main(["upgrade"]) == 0
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "is writable" in said
    assert "SMTP: not set" in said


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
    assert main(["serve", "--bind", "nowhere"]) == 1


def test_help_and_wrong_usage() -> None:
    assert "exit codes" in rdv_caldav("--help", environ={}).stdout
    for command in ("serve", "init", "upgrade", "doctor", "demo"):
        assert rdv_caldav(command, "--help", environ={}).returncode == 0
    assert rdv_caldav("nothing", environ={}).returncode == 2
    assert rdv_caldav("upgrade", environ={"RDV_NOTHING": "1"}).returncode == 1
