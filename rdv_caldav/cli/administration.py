"""``init``, ``upgrade`` and ``prune``: an installation's own life."""

from __future__ import annotations

import argparse
import getpass
import sys

from rdv_caldav.cli.commands import (
    add_command,
    book_of,
    bring_forward,
    checked_book,
    positive,
)
from rdv_caldav.domain.agency import DEFAULT_TYPES, Role
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import export_jobs
from rdv_caldav.services.accounts import add_account
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.housekeeping import (
    DAYS_REMEMBERED,
    MAILS_KEPT,
    forget_attempts,
    forget_deletions,
    forget_mails,
)


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    init = add_command(commands, shared, "init", _init, "prepare a new agency")
    init.add_argument("--agency", required=True, metavar="NAME", help="the agency's name")
    init.add_argument(
        "--scheduling-address", required=True, metavar="ADDRESS", help="organiser of mails"
    )
    init.add_argument("--admin", required=True, metavar="LOGIN", help="first administrateur")
    init.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    add_command(commands, shared, "upgrade", _upgrade, "bring the database's schema up to date")
    prune = add_command(commands, shared, "prune", _prune, "forget what is old")
    prune.add_argument(
        "--days",
        type=positive,
        default=DAYS_REMEMBERED,
        metavar="N",
        help=f"remember deletions of so many days ({DAYS_REMEMBERED})",
    )
    prune.add_argument(
        "--mail-days",
        type=positive,
        default=MAILS_KEPT,
        metavar="N",
        help=f"keep what mails said for so many days ({MAILS_KEPT})",
    )


def read_password(options: argparse.Namespace) -> str:
    """Return a password from standard input, or asked for at the terminal."""
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass()


def _init(options: argparse.Namespace) -> None:
    book = book_of(options)
    book.database.upgrade()
    password = read_password(options)
    with book.database.writing() as tx:
        if tx.agency.types():
            raise InvalidInput("this agency was prepared before")
        for kind in DEFAULT_TYPES:
            tx.agency.save_type(kind)
        tx.agency.save_setting("name", options.agency)
        tx.agency.save_setting("scheduling_address", options.scheduling_address)
        tx.agency.save_setting("public_url", book.settings.public_url)
        record_change(tx, None, "AgencyPrepared", {"name": options.agency}, now=book.clock())
        add_account(
            tx, login=options.admin, role=Role.ADMINISTRATEUR, password=password, now=book.clock()
        )
    print(f"{options.agency} is ready: rdv-caldav serve")


def _upgrade(options: argparse.Namespace) -> None:
    book = book_of(options)
    book.database.upgrade()
    bring_forward(book)
    if book.settings.public_url:
        with book.database.writing() as tx:
            # appointments written later link to where people reach the server now
            before = tx.agency.settings().public_url
            tx.agency.save_setting("public_url", book.settings.public_url)
            if before != book.settings.public_url:
                told = {"name": "public_url", "before": before, "after": book.settings.public_url}
                record_change(tx, None, "SettingChanged", told, now=book.clock())
    print(f"the schema is {book.database.check_schema()}")


def _prune(options: argparse.Namespace) -> None:
    book = checked_book(options)
    with book.database.writing() as tx:
        forgotten = forget_deletions(tx, days=options.days, now=book.clock())
        mails = forget_mails(tx, days=options.mail_days, now=book.clock())
        export_jobs.forget_old(tx, now=book.clock())
        forget_attempts(tx, now=book.clock())
    print(f"{forgotten} deletions forgotten")
    print(f"{mails} mails forgotten but for what became of them")
