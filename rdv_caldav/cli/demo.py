"""``demo``: a plainly made-up agency to try everything with."""

from __future__ import annotations

import argparse

from rdv_caldav.cli.commands import add_command, checked_book, positive
from rdv_caldav.services.demo import DEMO_LOGINS, PASSWORD, load_demo


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    demo = add_command(commands, shared, "demo", _demo, "fill an empty database with a demo agency")
    demo.add_argument(
        "--appointments", type=positive, default=600, metavar="N", help="how many (600)"
    )
    demo.add_argument(
        "--if-empty", action="store_true", help="do nothing when there is an agency already"
    )


def _demo(options: argparse.Namespace) -> None:
    book = checked_book(options)
    with book.database.writing() as tx:
        if options.if_empty and tx.people.everyone(active_only=False):
            return
        load_demo(tx, appointments=options.appointments, now=book.clock())
    print(f"demo agency loaded; logins {', '.join(DEMO_LOGINS)}; password {PASSWORD}")
