"""``doctor``: whether an installation works, and what to do where it does not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli.commands import add_command, checked_book
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.dns_records import NameServer
from rdv_caldav.services.mailing.checking import check_mails
from rdv_caldav.services.mailing.findings import Finding, Level, broken, good


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the command of this module."""
    doctor = add_command(commands, shared, "doctor", _doctor, "check the installation")
    doctor.add_argument("--send-to", default="", metavar="ADDRESS", help="send a mail there")
    doctor.add_argument(
        "--dns", default="", metavar="IP[:PORT]", help="name server to ask instead of the system's"
    )
    doctor.epilog = (
        "exit codes: 0 all that is set up works, warnings aside; 1 something is broken. No mail "
        "is sent but with --send-to, and no password is shown."
    )


def _doctor(options: argparse.Namespace) -> None:
    names = NameServer(options.dns)
    book = checked_book(options)
    count = 0
    for finding in _findings(book, names, options.send_to):
        print(f"[{finding.level}] {finding.subject}: {finding.text}", flush=True)
        if finding.fix:
            print(f"    -> {finding.fix}")
        count += finding.level is Level.BROKEN
    if count:
        raise InvalidInput(f"{count} broken")


def _findings(book: AppointmentBook, names: NameServer, send_to: str) -> Iterator[Finding]:
    yield good("database", f"reachable, schema {book.database.check_schema()}")
    if not book.settings.database_url:
        yield _data_folder(Path(book.settings.data_dir))
    if "Europe/Paris" in available_timezones():
        yield good("time zones", "there")
    else:
        yield broken("time zones", "there is no data", "install the tzdata package")
    yield from check_mails(book, names, send_to=send_to)


def _data_folder(folder: Path) -> Finding:
    probe = folder / ".doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        fix = "give it to the user who runs the server"
        return broken("data folder", f"{folder} is not writable", fix)
    return good("data folder", f"{folder} is writable")
