"""``calendar import``."""

from __future__ import annotations

import argparse

from rdv_caldav.cli.commands import add_command, checked_book, read_text
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_import import import_calendar


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    subject = commands.add_parser("calendar", help="persons' calendars")
    actions = subject.add_subparsers(metavar="ACTION", required=True)
    imports = add_command(
        actions, shared, "import", _import, "import an .ics file into a person's calendar"
    )
    imports.add_argument("person", metavar="PERSON", help="the person's slug")
    imports.add_argument("file", metavar="FILE", help="an .ics file, - for standard input")
    imports.add_argument(
        "--as", dest="login", required=True, metavar="LOGIN", help="the account that imports"
    )


def _import(options: argparse.Namespace) -> None:
    book = checked_book(options)
    text = read_text(options.file)
    with book.database.writing() as tx:
        actor = actor_for(tx, options.login, channel=Channel.IMPORT)
        report = import_calendar(tx, actor, options.person, text, now=book.clock())
    for line in report.lines():
        print(line)
