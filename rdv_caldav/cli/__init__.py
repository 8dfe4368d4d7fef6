"""The command line: ``rdv-caldav SUBJECT …``; one module per subject."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from rdv_caldav.cli import (
    accounts,
    administration,
    backup,
    calendars,
    demo,
    doctor,
    mail,
    people,
    serve,
    types,
    verify,
)
from rdv_caldav.db.engine import Unreachable
from rdv_caldav.domain.errors import DomainError

EPILOG = (
    "exit codes: 0 done; 1 refused, with a sentence on standard error; 2 wrong usage; "
    "70 a fault of the program, with a traceback"
)
REFUSED = 1
FAULT = 70
"""EX_SOFTWARE of sysexits.h, to be told from a refusal."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    main_parser = argparse.ArgumentParser(
        prog="rdv-caldav",
        description="A home-care agency's appointment book as everybody's own calendar.",
        epilog=EPILOG,
    )
    shared = argparse.ArgumentParser(add_help=False, epilog=EPILOG)
    shared.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    commands = main_parser.add_subparsers(metavar="COMMAND", required=True)
    for subject in (
        *(serve, administration, doctor, demo, accounts),
        *(people, calendars, types, mail),
        *(backup, verify),
    ):
        subject.add_commands(commands, shared)
    return main_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (DomainError, Unreachable) as error:
        print(f"rdv-caldav: {error}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(f"rdv-caldav: {error.strerror or error}{place}", file=sys.stderr)
        return REFUSED
    except Exception:  # noqa: BLE001 - the last handler there is
        traceback.print_exc()
        return FAULT
    return 0
