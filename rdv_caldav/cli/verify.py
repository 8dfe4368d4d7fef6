"""``verify``: whether everything that is kept twice agrees, and putting it right."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable

from rdv_caldav.cli.commands import add_command, checked_book
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services.verifying import MENDABLE, Finding, repair, verify

MOST_NAMED = 10
"""Rows that are named of each fault; the rest is counted."""


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the command of this module."""
    command = add_command(
        commands, shared, "verify", _verify, "check that all that is kept agrees with the texts"
    )
    command.add_argument(
        "--repair", action="store_true", help="derive anew what the stored texts say"
    )


def _verify(options: argparse.Namespace) -> None:
    book = checked_book(options)
    findings = list(verify(book.database))
    _tell(findings)
    if options.repair and findings:
        mended = repair(book.database, iter(findings), now=book.clock())
        findings = list(verify(book.database))
        print(f"{mended} mended, {len(findings)} left")
        _tell(findings)
    if findings:
        raise InvalidInput(f"{len(findings)} faults found")
    print("everything agrees")


def _tell(findings: Iterable[Finding]) -> None:
    groups = defaultdict(list)
    for finding in findings:
        groups[finding.fault].append(finding)
    for fault, found in groups.items():
        can = "--repair puts it right" if fault in MENDABLE else "somebody has to look"
        print(f"{len(found)} × {fault} ({can})")
        for each in found[:MOST_NAMED]:
            print(f"    {each.number} {each.where}".rstrip())
        if len(found) > MOST_NAMED:
            print(f"    … and {len(found) - MOST_NAMED} more")
