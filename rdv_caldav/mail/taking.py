"""What becomes of a mail that arrived, said by whoever takes it."""

from __future__ import annotations

import traceback
from enum import StrEnum


class Disposition(StrEnum):
    """What was done with a mail, once that is committed."""

    DONE = "done"
    """It was dealt with: an answer that counts, one that came twice, a bounce."""
    FOR_PEOPLE = "for_people"
    """Somebody has to look at it, in the panel."""
    NOT_OURS = "not_ours"
    """It is about no appointment, and stays where it is."""


class NotNow(Exception):
    """Nothing can be taken at the moment (the database is away): no fault of this mail.

    Its text is logged. Any other error of whoever takes a mail is held to be about that mail.
    """


def fault_of(error: Exception) -> str:
    """Return what an error is and where it was raised, without its text, which may quote mails."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {where.filename}:{where.lineno}"
