"""``account add`` and ``account inbox``."""

from __future__ import annotations

import argparse

from rdv_caldav.cli.administration import read_password
from rdv_caldav.cli.commands import add_command, checked_book
from rdv_caldav.domain.agency import Role
from rdv_caldav.services import inbox
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
