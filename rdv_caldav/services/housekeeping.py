"""What an installation throws away with time: old deletions (RFC 6578), and what mails said."""

from __future__ import annotations

from datetime import datetime, timedelta

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services.audit import record_change

FEWEST_DAYS = 7
DAYS_REMEMBERED = 180
"""How long a program may stay away, unless said, and still be told only what changed."""

MAILS_KEPT = 90
"""Days for which what mails said is kept, unless said."""


def forget_deletions(tx: Transaction, *, days: int, now: datetime) -> int:
    """Forget what was deleted from calendars more than so many days ago; return how much.

    A program that has not synchronised for longer is told to begin again (valid-sync-token), and
    loses nothing. Raises InvalidInput for less than a week: programs rest over weekends.
    """
    if days < FEWEST_DAYS:
        raise InvalidInput(f"deletions are remembered for {FEWEST_DAYS} days at least")
    try:
        before = now - timedelta(days=days)
    except OverflowError:
        return 0
    forgotten = tx.calendars.prune(before) + tx.personal.prune(before)
    if forgotten:
        told = {"before": before, "number": forgotten}
        record_change(tx, None, "DeletionsForgotten", told, now=now)
    return forgotten


def forget_attempts(tx: Transaction, *, now: datetime) -> int:
    """Forget the wrong passwords that no longer count against anybody; return how many budgets."""
    return tx.login_attempts.prune(int(now.timestamp()))


def forget_mails(tx: Transaction, *, days: int, now: datetime) -> int:
    """Forget what mails said that are more than so many days old; return of how many.

    That they were sent or came in, to whom or from whom, and what became of them is kept, and so
    are those that wait to be sent or looked at. Raises InvalidInput for less than a week:
    bounces come late.
    """
    if days < FEWEST_DAYS:
        raise InvalidInput(f"mails are kept for {FEWEST_DAYS} days at least")
    try:
        before = now - timedelta(days=days)
    except OverflowError:
        return 0
    forgotten = tx.outbox.forget_texts(before) + tx.received_mails.forget_texts(before)
    if forgotten:
        record_change(tx, None, "MailsForgotten", {"before": before, "number": forgotten}, now=now)
    return forgotten
