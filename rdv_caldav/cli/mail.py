"""``mail``: sending what waits and taking what came, where ``serve`` does not do it itself."""

from __future__ import annotations

import argparse
import sys

from rdv_caldav.cli.commands import add_command, checked_book
from rdv_caldav.domain.errors import DomainError, InvalidInput
from rdv_caldav.mail.imap import MailboxError
from rdv_caldav.mail.received_parts import LARGEST
from rdv_caldav.mail.taking import Disposition, NotNow, fault_of
from rdv_caldav.services.mailing.fetching import PIPE, fetch_once, take
from rdv_caldav.services.mailing.sending import MailWorker

NOT_NOW = 75
"""EX_TEMPFAIL of sysexits.h: mail servers keep the mail and try again."""


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    subject = commands.add_parser("mail", help="mails")
    actions = subject.add_subparsers(metavar="ACTION", required=True)
    add_command(actions, shared, "send", _send, "send what is due, with reminders, and end")
    add_command(actions, shared, "fetch", _fetch, "take what lies in the mailbox, and end")
    receive = add_command(actions, shared, "receive", _receive, "take a mail from standard input")
    receive.epilog = (
        "exit codes: 0 taken, whatever it is about; 75 not now: the mail server keeps it and "
        "tries again (EX_TEMPFAIL). It never sends a mail back."
    )
    receive.add_argument(
        "recipients", nargs="*", metavar="ADDRESS", help="whom the mail server delivers it to"
    )


def _send(options: argparse.Namespace) -> None:
    book = checked_book(options)
    worker = MailWorker(book)
    if not worker.media:
        raise InvalidInput("no mail server is configured (smtp_url): messages wait in the outbox")
    worker.remind()
    count = worker.send_due()
    print(
        f"sent {count.sent}, to be tried again {count.postponed}, "
        f"given up {count.failed}, left out {count.skipped}"
    )
    if count.problem:
        raise InvalidInput(f"sending ended early: {count.problem}")


def _fetch(options: argparse.Namespace) -> None:
    book = checked_book(options)
    if not book.settings.imap_url:
        raise InvalidInput("no mailbox is configured (imap_url)")
    try:
        tally = fetch_once(book)
    except (MailboxError, NotNow) as error:
        raise InvalidInput(f"the mailbox cannot be read: {error}") from error
    if tally is None:
        raise InvalidInput("another process reads the mailbox")
    count = tally.taken
    print(
        f"taken {count.total()}, for people {count[Disposition.FOR_PEOPLE]}, "
        f"to be tried again {tally.failed - tally.put_aside}, put aside {tally.put_aside}"
    )


def _receive(options: argparse.Namespace) -> None:
    """Take one mail. Whatever goes wrong, the mail server has to keep it."""
    try:
        raw = sys.stdin.buffer.read(LARGEST + 1)
        take(checked_book(options), raw, source=PIPE, envelope=options.recipients)
    except Exception as error:
        problem = str(error) if isinstance(error, DomainError | NotNow) else fault_of(error)
        print(f"rdv-caldav: the mail cannot be taken now: {problem}", file=sys.stderr)
        raise SystemExit(NOT_NOW) from error
