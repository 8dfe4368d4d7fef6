"""What a page does its work with: the book, a transaction, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from flask import abort, current_app
from flask_login import current_user

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.services.access import Actor

Result = TypeVar("Result")

_TRIES = 3


def book() -> AppointmentBook:
    """Return the appointment book that this application shows."""
    found: AppointmentBook = current_app.extensions["appointment_book"]
    return found


def now() -> datetime:
    """Return the instant it is, aware."""
    return book().clock()


def actor() -> Actor:
    """Return who is logged in; a page that asks has been refused to everybody else."""
    found: Actor = current_user.actor
    return found


def reading() -> AbstractContextManager[Transaction]:
    """Open a transaction that sees one state of the database and writes nothing."""
    return book().database.reading()


def write(change: Callable[[Transaction], Result]) -> Result:
    """Do ``change`` in one transaction, again when another writer was first.

    Raises what ``change`` raises; then nothing was written.
    """
    for remaining in reversed(range(_TRIES)):
        try:
            with book().database.writing() as tx:
                return change(tx)
        except LostRace:
            if not remaining:
                raise
    raise AssertionError("the last try returns or raises")


def allow(*roles: Role) -> None:
    """Answer 403 unless the account has one of these roles."""
    if actor().account.role not in roles:
        abort(403)
