"""``type reminder``."""

from __future__ import annotations

import argparse

from rdv_caldav.cli.commands import add_command, checked_book
from rdv_caldav.services.reminders import set_default

_NONE = "none"


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    subject = commands.add_parser("type", help="types of appointment")
    actions = subject.add_subparsers(metavar="ACTION", required=True)
    reminder = add_command(
        actions, shared, "reminder", _reminder, "remind participants of a type by default"
    )
    reminder.add_argument("type", metavar="TYPE", help="the type's code")
    reminder.add_argument(
        "minutes", metavar="MINUTES", type=_minutes, help="before the start, or none"
    )


def _minutes(value: str) -> int | None:
    if value == _NONE:
        return None
    if value.isascii() and value.isdecimal():
        return int(value)
    raise argparse.ArgumentTypeError("a number of minutes is wanted, or none")


def _reminder(options: argparse.Namespace) -> None:
    book = checked_book(options)
    with book.database.writing() as tx:
        set_default(tx, options.type, options.minutes, now=book.clock())
    chosen = "no reminder" if options.minutes is None else f"{options.minutes} minutes before"
    print(f"{options.type}: {chosen}")
