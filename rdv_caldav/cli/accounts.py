"""``account add``, ``account inbox`` and ``account devices``."""

from __future__ import annotations

import argparse

from rdv_caldav.cli.administration import read_password
from rdv_caldav.cli.commands import add_command, checked_book, positive
from rdv_caldav.domain.agency import Role
from rdv_caldav.services import devices, inbox
from rdv_caldav.services.accounts import add_account


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    subject = commands.add_parser("account", help="accounts")
    actions = subject.add_subparsers(metavar="ACTION", required=True)
    add = add_command(actions, shared, "add", _add, "add an account")
    add.add_argument("login", metavar="LOGIN")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--person", metavar="PERSON", help="the person's slug")
    add.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    filled = add_command(
        actions, shared, "inbox", _inbox, "have an account's inbox filled, for Apple's programs"
    )
    filled.add_argument("login", metavar="LOGIN")
    filled.add_argument("setting", choices=["on", "off"])
    listed = add_command(
        actions, shared, "devices", _devices, "list an account's devices, or revoke one"
    )
    listed.add_argument("login", metavar="LOGIN")
    listed.add_argument("--revoke", type=positive, metavar="ID", help="shut this device out")


def _add(options: argparse.Namespace) -> None:
    book = checked_book(options)
    password = read_password(options)
    with book.database.writing() as tx:
        account = add_account(
            tx,
            login=options.login,
            role=Role(options.role),
            password=password,
            person_slug=options.person,
            now=book.clock(),
        )
    print(f"account {account.login} added")


def _inbox(options: argparse.Namespace) -> None:
    book = checked_book(options)
    with book.database.writing() as tx:
        inbox.switch(tx, options.login, on=options.setting == "on", now=book.clock())
    print(f"the inbox of {options.login} is {options.setting}")


def _devices(options: argparse.Namespace) -> None:
    book = checked_book(options)
    if options.revoke:
        with book.database.writing() as tx:
            account = devices.of_login(tx, None, options.login)
            device = devices.revoke(tx, None, account, options.revoke, now=book.clock())
        print(f"device {device.id} ({device.label}) revoked")
        return
    with book.database.reading() as tx:
        found = devices.listed(tx, devices.of_login(tx, None, options.login))
    for device in found:
        used = f"{device.used_at:%Y-%m-%d %H:%M}Z" if device.used_at else "never"
        print(f"{device.id}\t{device.label}\tlast used {used}\t{device.program}")
