"""Backups that are made while others write, and what becomes of them elsewhere."""

from __future__ import annotations

import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from alembic import command
from sqlalchemy import Connection, insert, select, text, update

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.db import backup_reading
from rdv_caldav.db.backup import move, restore_backup, write_backup
from rdv_caldav.db.backup_file import BackupRefused
from rdv_caldav.db.engine import Database
from rdv_caldav.db.mail_schema import OutboxRow, ReminderProgressRow
from rdv_caldav.db.panel_schema import SecretRow
from rdv_caldav.db.personal_schema import PersonalCollectionRow
from rdv_caldav.db.schema import AccountRow, AppointmentRow, CalendarRow, SettingRow
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.errors import LostRace, SchemaMismatch
from rdv_caldav.services.verifying import MENDABLE, repair, verify
from support.busy_agency import fill
from support.postgresql import Cluster

NewDatabase = Callable[[str], Database]


@pytest.fixture
def filled(any_book: AppointmentBook) -> AppointmentBook:
    fill(any_book)
    with any_book.database.engine.begin() as connection:
        # what the other kind of database could spoil: octets, JSON nulls, a parent with a
        # higher number
        connection.execute(insert(SecretRow).values(name="essai", value=bytes(range(256))))
        connection.execute(insert(SettingRow).values(name="essai", value=None))
        account = connection.scalar(select(AccountRow.id).order_by(AccountRow.id))
        for number, parent in ((8, None), (7, 8)):
            connection.execute(
                insert(PersonalCollectionRow).values(
                    id=number,
                    account_id=account,
                    parent_id=parent,
                    path=f"dossier-{number}",
                    is_calendar=False,
                    components="",
                    properties={"é": "à"},
                    weight=0,
                    changed=1,
                    counter=1,
                    floor=0,
                    created_at=0,
                    updated_at=0,
                )
            )
    return any_book


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, tmp_path: Path, cluster: Cluster
) -> Iterator[NewDatabase]:
    opened: list[Database] = []

    def make(kind: str) -> Database:
        url = cluster.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path}/new.sqlite"
        opened.append(Database(url))
        return opened[-1]

    yield make
    for each in opened:
        each.dispose()


def content(database: Database) -> dict[str, list[bytes]]:
    """Return all rows, as a backup has them; the revision is another word each time."""
    with database.snapshot() as connection:
        return {
            stream.name: [line for line in stream.lines if not line.startswith(b'["revision"')]
            for stream in backup_reading.streams(connection)
        }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_moved_is_the_same(
    filled: AppointmentBook, new_database: NewDatabase, kind: str
) -> None:
    target = new_database(kind)
    rows = move(filled.database, target)
    assert rows > 100
    assert content(target) == content(filled.database)
    assert list(verify(target)) == []
    with target.writing() as tx:
        # numbers go on after those that were loaded
        tx.people.add_sector("Nouveau")
    with pytest.raises(BackupRefused, match="--replace"):
        move(filled.database, target)
    move(filled.database, target, replace=True)
    assert content(target) == content(filled.database)


def test_a_backup_is_one_moment_while_others_write(
    filled: AppointmentBook, new_database: NewDatabase, tmp_path: Path
) -> None:
    database, stop = filled.database, Event()
    written = [0, 0]

    def write(who: int) -> None:
        while not stop.is_set():
            with suppress(LostRace), database.writing() as tx:
                # both or neither are in any backup
                name = f"essai-{who}-{written[who]}"
                sector = tx.people.add_sector(name)
                tx.people.add(
                    slug=name, kind=PersonKind.CLIENT, last_name=name, sector_id=sector.id
                )
            written[who] += 1
            time.sleep(0.002)  # the other one has its turn

    writers = [Thread(target=write, args=(who,)) for who in range(2)]
    for writer in writers:
        writer.start()
    try:
        _wait_until(lambda: all(written))
        write_backup(database, tmp_path / "a.zip", now=filled.clock())
        during = list(written)
        _wait_until(lambda: written != during)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    restored = new_database("sqlite")
    restore_backup(restored, tmp_path / "a.zip", now=filled.clock())
    with restored.engine.connect() as connection:
        sectors = connection.scalars(text("SELECT name FROM sector WHERE name LIKE 'essai-%'"))
        persons = connection.scalars(text("SELECT slug FROM person WHERE slug LIKE 'essai-%'"))
        assert sorted(sectors) == sorted(persons)
    assert list(verify(restored)) == []


def _wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_only_its_owner_reads_it(filled: AppointmentBook, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_text("an older one")
    path.chmod(0o644)
    write_backup(filled.database, path, now=filled.clock())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []


def test_a_restored_agency_mails_nobody_and_gives_no_number_twice(
    filled: AppointmentBook, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = filled.database
    with database.engine.begin() as connection:
        appointment = connection.scalar(select(AppointmentRow.id))
        connection.execute(update(ReminderProgressRow).values(until_at=0))
        for status in ("queued", "sending", "retry", "sent", "failed"):
            connection.execute(
                insert(OutboxRow).values(
                    created_at=0,
                    status=status,
                    method="REQUEST",
                    appointment_id=appointment,
                    recipient="claire@famille.example",
                )
            )
        before = {row.person_id: row.counter for row in connection.execute(_COUNTERS)}
    write_backup(database, tmp_path / "a.zip", now=filled.clock())
    restored = new_database("sqlite")
    outcome = restore_backup(restored, tmp_path / "a.zip", now=filled.clock())
    assert outcome.skipped == 3
    with restored.engine.connect() as connection:
        found = connection.execute(select(OutboxRow.status, OutboxRow.problem)).all()
        assert sorted(map(tuple, found)) == [
            ("failed", ""),
            ("sent", ""),
            *[("skipped", "restored")] * 3,
        ]
        until = connection.execute(select(ReminderProgressRow.until_at)).scalar_one()
        assert until >= _seconds(filled)
        after = {row.person_id: row for row in connection.execute(_COUNTERS)}
        assert after.keys() == before.keys()
        for person, number in before.items():
            # a token of any number that was given out after the backup is refused
            assert after[person].floor == after[person].counter > number + 1_000_000
    again = restore_backup(
        restored, tmp_path / "a.zip", now=filled.clock() + timedelta(minutes=1), replace=True
    )
    assert again.rows == outcome.rows
    with restored.engine.connect() as connection:
        for row in connection.execute(_COUNTERS):
            assert row.counter > after[row.person_id].counter


_COUNTERS = select(CalendarRow.__table__)


def _seconds(book: AppointmentBook) -> int:
    return int(book.clock().timestamp())


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for place in range(len(raw) // 4, len(raw) // 2, 50):
        raw[place] ^= 0xFF
    path.write_bytes(raw)


def _rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            changed = change(name, raw)
            if changed is not None:
                archive.writestr(name, changed)


def _edit_row(path: Path) -> None:
    _rewrite(path, lambda name, raw: raw.replace(b"Alice", b"Alix!") if "person" in name else raw)


def _drop_table(path: Path) -> None:
    _rewrite(path, lambda name, raw: None if name == "appointment.jsonl" else raw)


def _no_backup(path: Path) -> None:
    path.write_text("something else")


def _newer_format(path: Path) -> None:
    _rewrite(path, lambda _, raw: raw.replace(b'"format": 1', b'"format": 2'))


def _foreign_column(path: Path) -> None:
    _rewrite(path, lambda _, raw: raw.replace(b'"slug"', b'"slag"'))


@pytest.mark.parametrize(
    "damage",
    [_truncate, _flip, _edit_row, _drop_table, _no_backup, _newer_format, _foreign_column],
)
def test_what_is_damaged_is_refused_and_changes_nothing(
    book: AppointmentBook, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.zip"
    write_backup(book.database, path, now=book.clock())
    before = content(book.database)
    damage(path)
    with pytest.raises(BackupRefused):
        restore_backup(book.database, path, now=book.clock(), replace=True)
    assert content(book.database) == before


def test_an_agency_in_use_and_a_newer_backup_are_refused(
    book: AppointmentBook, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    write_backup(book.database, path, now=book.clock())
    before = content(book.database)
    with pytest.raises(BackupRefused, match="--replace"):
        restore_backup(book.database, path, now=book.clock())
    _rewrite(path, lambda _, raw: raw.replace(b'"schema": "0', b'"schema": "9'))
    with pytest.raises(SchemaMismatch, match="newer"):
        restore_backup(book.database, path, now=book.clock(), replace=True)
    assert content(book.database) == before


REVISIONS = [f"{number:04}" for number in range(1, 12)]


@pytest.mark.parametrize("revision", REVISIONS)
def test_older_backups_come_forward(
    book: AppointmentBook, new_database: NewDatabase, tmp_path: Path, revision: str
) -> None:
    """A database as an older program left it, backed up by that program."""
    fill(book, 6)
    old = book.database
    with old.engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        _as_backup(connection, revision, tmp_path / "old.zip")
    restored = new_database("sqlite")
    restore_backup(restored, tmp_path / "old.zip", now=book.clock())
    restored.check_schema()
    # what migrations cannot know of old dates is derived from the texts
    findings = list(verify(restored))
    assert {finding.fault for finding in findings} <= MENDABLE
    assert revision < "0007" or findings == []
    repair(restored, iter(findings), now=book.clock())
    assert list(verify(restored)) == []
    with restored.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM appointment")) > 5


def _as_backup(connection: Connection, revision: str, path: Path) -> None:
    """Write what the tables of an older schema hold."""
    from sqlalchemy import MetaData

    from rdv_caldav.db import backup_file

    there = MetaData()
    there.reflect(connection)
    streams = [
        backup_reading.stream_of(connection, table)
        for table in there.sorted_tables
        if table.name != "alembic_version"
    ]
    backup_file.write(path, streams, program="0", schema=revision, made_at="2026-01-01T00:00:00")


def test_the_commands(
    book: AppointmentBook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(book, 6)
    monkeypatch.setenv("RDV_DATABASE_URL", str(book.database.engine.url))
    file, target = str(tmp_path / "a.zip"), f"sqlite:///{tmp_path}/elsewhere.sqlite"
    assert main(["backup", file, "--rehearse"]) == 0
    assert "rehearsal went well" in capsys.readouterr().out
    assert main(["restore", file]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["restore", file, "--rehearse"]) == 0
    assert main(["move", target]) == 0
    assert main(["move", "mysql://somewhere"]) == 1
    monkeypatch.setenv("RDV_DATABASE_URL", target)
    assert main(["verify"]) == 0
    assert main(["restore", file, "--replace"]) == 0
    assert main(["backup", str(tmp_path / "no" / "folder.zip")]) == 1
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
