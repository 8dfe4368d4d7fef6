"""Programs log in with passwords of devices, on both databases, and what is revoked is void."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.db.engine import Database
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.devices import MOST_DEVICES, AccountPasswordOnCaldav
from rdv_caldav.domain.errors import AccessRefused, InvalidInput, UnknownObject
from rdv_caldav.services import agency_settings, devices
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.accounts import set_password
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.objects import event
from support.scenario import Clock
from support.statements import counted

PLACE = "/claire/claire/a.ics"
LONG = "another password of hers"


def actor(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def made(book: AppointmentBook, login: str, label: str = "Téléphone") -> str:
    with book.database.writing() as tx:
        return devices.make(tx, actor(tx, login), label, now=book.clock())


def revoked(book: AppointmentBook, login: str) -> None:
    with book.database.writing() as tx:
        account = actor(tx, login).account
        for device in devices.listed(tx, account):
            devices.revoke(tx, actor(tx, login), account, device.id, now=book.clock())


def decided(book: AppointmentBook, policy: str) -> None:
    with book.database.writing() as tx:
        changes = {"account_password_on_caldav": AccountPasswordOnCaldav(policy)}
        agency_settings.change(tx, actor(tx, "admin"), changes, now=book.clock())


def status(client: DavClient) -> int:
    return client.request("PROPFIND", f"/{client.login}/", depth="0").status


def test_a_device_logs_in_until_it_is_revoked(any_book: AppointmentBook) -> None:
    secret = made(any_book, "claire")
    here, elsewhere = create_app(any_book), create_app(any_book)  # two processes
    typed = secret.upper().replace("-", " ")
    clients = [DavClient(app, "claire", typed) for app in (here, elsewhere)]
    assert [status(client) for client in clients] == [207, 207]
    assert status(DavClient(here, "alice", secret)) == 401
    assert status(DavClient(here, "claire", secret[:-1] + "a" * (secret[-1] != "a"))) == 401
    revoked(any_book, "claire")
    assert [status(client) for client in clients] == [401, 401]


def test_writes_name_the_device_and_the_journal_never_the_secret(book: AppointmentBook) -> None:
    secret = made(book, "alice", "iPhone d’Alice")
    alice = DavClient(create_app(book), "alice", secret)
    alice.put("/alice/claire/a.ics", event("a"), expect=201)
    revoked(book, "alice")
    assert alice.put("/alice/claire/b.ics", event("b")).status == 401
    with book.database.reading() as tx:
        entries = tx.journal.latest(20)
    by_name = {entry.event: entry for entry in entries}
    told = {"label": "iPhone d’Alice", "device": 1}
    assert by_name["DevicePasswordMade"].details == told
    assert by_name["DevicePasswordRevoked"].details == {**told, "login": "alice"}
    assert {entry.device for entry in entries if entry.channel == "caldav"} == {"iPhone d’Alice"}
    assert not any(
        secret in str(entry) or secret.replace("-", "") in str(entry) for entry in entries
    )


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("until_device", [207, 401, 401]),
        ("always", [207, 207, 207]),
        ("never", [401, 401, 401]),
    ],
)
def test_where_the_accounts_own_password_is_taken(
    any_book: AppointmentBook, policy: str, taken: list[int]
) -> None:
    app = create_app(any_book)
    claire = DavClient(app, "claire")
    assert status(claire) == 207, "unless said, without any device"
    decided(any_book, policy)
    found = [status(claire)]
    secret = made(any_book, "claire")
    found.append(status(claire))
    assert status(DavClient(app, "claire", secret)) == 207
    revoked(any_book, "claire")
    assert [*found, status(claire)] == taken
    assert status(DavClient(app, "ivan")) == (401 if policy == "never" else 207)
    decided(any_book, "always")
    assert status(claire) == 207


def test_what_changes_an_account_is_felt_at_once(any_book: AppointmentBook) -> None:
    here, elsewhere = (DavClient(create_app(any_book), "claire") for _ in range(2))
    assert [status(here), status(elsewhere)] == [207, 207]
    with any_book.database.writing() as tx:
        set_password(tx, actor(tx, "claire").account, LONG)
    assert [status(here), status(elsewhere)] == [401, 401]
    assert here.put(PLACE, event("a")).status == 401
    here.password = LONG
    assert status(here) == 207
    with any_book.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account SET active = false WHERE login = 'claire'")
    assert status(here) == 401
    assert here.put(PLACE, event("a")).status == 401


def test_a_device_costs_no_statement_once_it_is_known(book: AppointmentBook) -> None:
    app = create_app(book)
    client = DavClient(app, "claire", made(book, "claire"))
    status(client)
    with counted(book) as of_device:
        status(client)
    decided(book, "always")
    other = DavClient(app, "claire")
    status(other)
    with counted(book) as of_account:
        status(other)
    assert len(of_device) == len(of_account)


def test_use_is_noted_once_an_hour(any_book: AppointmentBook, clock: Clock) -> None:
    secret = made(any_book, "claire")

    def used(program: str) -> tuple[str, str]:
        answer = client.request("PROPFIND", "/claire/", depth="0", user_agent=program)
        assert answer.status == 207
        with any_book.database.reading() as tx:
            (device,) = devices.listed(tx, actor(tx, "claire").account)
        assert device.used_at is not None
        return f"{device.used_at - device.created_at}", device.program

    client = DavClient(create_app(any_book), "claire", secret)
    assert used("DAVx5/4.4") == ("0:00:00", "DAVx⁵")
    clock.now += timedelta(minutes=59)
    assert used("iOS/18 dataaccessd/1.0") == ("0:00:00", "DAVx⁵")
    client = DavClient(create_app(any_book), "claire", secret)  # another process
    assert used("iOS/18 dataaccessd/1.0") == ("0:00:00", "DAVx⁵")
    clock.now += timedelta(minutes=1)
    client = DavClient(create_app(any_book), "claire", secret)
    assert used("iOS/18 dataaccessd/1.0") == ("1:00:00", "iPhone, iPad")


@pytest.mark.parametrize("label", ["", "  ", "x" * 61, "a\nb"])
def test_labels_that_cannot_be_used(book: AppointmentBook, label: str) -> None:
    with pytest.raises(InvalidInput):
        made(book, "claire", label)


def test_not_without_end(book: AppointmentBook) -> None:
    secrets = {made(book, "claire") for _ in range(MOST_DEVICES)}
    assert len(secrets) == MOST_DEVICES
    with pytest.raises(InvalidInput):
        made(book, "claire")


def test_only_administrators_revoke_others(book: AppointmentBook) -> None:
    secret = made(book, "claire")
    client = DavClient(create_app(book), "claire", secret)
    now = book.clock()
    with book.database.writing() as tx:
        account = actor(tx, "claire").account
        (device,) = devices.listed(tx, account)
        with pytest.raises(AccessRefused):
            devices.revoke(tx, actor(tx, "alice"), account, device.id, now=now)
        with pytest.raises(UnknownObject):
            devices.revoke(tx, actor(tx, "ivan"), actor(tx, "ivan").account, device.id, now=now)
    assert status(client) == 207
    with book.database.writing() as tx:
        devices.revoke(tx, actor(tx, "admin"), account, device.id, now=now)
    assert status(client) == 401


def test_commands_list_and_revoke(
    book: AppointmentBook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDV_DATABASE_URL", str(book.database.engine.url))
    client = DavClient(create_app(book), "claire", made(book, "claire", "Perdu"))
    assert main(["account", "devices", "claire"]) == 0
    assert capsys.readouterr().out == "1\tPerdu\tlast used never\t\n"
    assert status(client) == 207
    assert main(["account", "devices", "claire", "--revoke", "1"]) == 0
    assert capsys.readouterr().out == "device 1 (Perdu) revoked\n"
    assert status(client) == 401
    assert main(["account", "devices", "claire", "--revoke", "1"]) == 1
    assert main(["account", "devices", "nobody"]) == 1


def test_accounts_of_an_older_schema_are_marked_by_their_passwords(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO account (login, role, password_hash, active, view_counter, view_floor)"
            f" VALUES ('old', 'client', '{'h' * 40}{'i' * 31}', true, 0, 0)"
        )
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
        command.upgrade(config, "0012")
    with database.reading() as tx:
        account = tx.accounts.by_login("old")
    assert account is not None
    assert account.credentials_mark == "h" + "i" * 31
