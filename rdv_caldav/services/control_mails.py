"""Writing to the participants of many rendez-vous of the control table: one message to each.

Every rendez-vous is written about in a transaction of its own, as
:mod:`rdv_caldav.services.control_bulk` changes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import State
from rdv_caldav.domain.control import ControlRow, RowKey
from rdv_caldav.domain.errors import DomainError, InvalidInput
from rdv_caldav.domain.mail_templates import MailTemplate
from rdv_caldav.services import appointment_mails, letters
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_mails import Letter, Recipient
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_caldav.services.control import rows_of
from rdv_caldav.services.control_bulk import MOST_AT_ONCE, Change

Key = int | str
"""Names a participant: see :class:`rdv_caldav.services.appointment_mails.Recipient`."""


class Reason(StrEnum):
    """Why nobody is written to about a row (rule 13)."""

    PAST = "past"
    CANCELLED = "cancelled"
    TRASHED = "trashed"
    READ_ONLY = "read-only"
    NO_ADDRESS = "no-address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """A row that one can write about, and all who take part in it, those without address too."""

    row: ControlRow
    page: AppointmentPage
    recipients: tuple[Recipient, ...]

    @property
    def reachable(self) -> frozenset[Key]:
        """Those who have an address."""
        return frozenset(each.key for each in self.recipients if each.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row about which nobody is written to."""

    row: ControlRow
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlan:
    """Whom one can write to; ``missing`` counts keys that are no rows of the account."""

    mailings: tuple[Mailing, ...]
    left_out: tuple[LeftOut, ...]
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOutcome:
    """How many messages are queued, and how many rows had become impossible meanwhile."""

    messages: int
    refused: int


def plan(tx: Transaction, actor: Actor, keys: Sequence[RowKey], *, now: datetime) -> MailPlan:
    """Tell whom one can write to about these rows; ``now`` is aware.

    What is over, cancelled or in the corbeille is left out. Raises InvalidInput for too many.
    """
    wanted = set(keys)
    if len(wanted) > MOST_AT_ONCE:
        raise InvalidInput(f"more than {MOST_AT_ONCE} rows at once")
    rows = rows_of(tx, actor, keys)
    mailings, left_out = [], []
    for row in rows:
        found = _mailing(tx, actor, row, now=now)
        if isinstance(found, Reason):
            left_out.append(LeftOut(row=row, reason=found))
        else:
            mailings.append(found)
    return MailPlan(
        mailings=tuple(mailings), left_out=tuple(left_out), missing=len(wanted) - len(rows)
    )


def _mailing(tx: Transaction, actor: Actor, row: ControlRow, *, now: datetime) -> Mailing | Reason:
    if row.trashed_at is not None:
        return Reason.TRASHED
    if row.state is State.CANCELLED:
        return Reason.CANCELLED
    if row.stops_at <= now:
        return Reason.PAST
    try:
        page = open_page(tx, actor, row.key.appointment_id, original=row.key.original)
    except DomainError:
        return Reason.READ_ONLY
    if not page.may_edit:
        return Reason.READ_ONLY
    mailing = Mailing(row=row, page=page, recipients=tuple(appointment_mails.recipients(page)))
    return mailing if mailing.reachable else Reason.NO_ADDRESS


def altered(tx: Transaction, key: str, subject: str, text: str) -> MailTemplate:
    """Return the template that a key names, with the texts that somebody made of it.

    Untouched it keeps its HTML; that would say something else than a text that was changed.
    """
    known = letters.taken(tx, key)
    subject, text = subject.strip(), text.replace("\r\n", "\n").strip()
    offered = letters.with_names(tx, known)
    same = any(
        (each.subject.strip(), each.text.strip()) == (subject, text) for each in (offered, known)
    )
    return known if same else replace(known, subject=subject, text=text, html="")


def written(
    tx: Transaction,
    mailings: Sequence[Mailing],
    chosen: Mapping[RowKey, Collection[Key]],
    template: MailTemplate,
    *,
    most: int,
) -> list[tuple[Mailing, Recipient, Letter]]:
    """Return the first letters as they would go out, ``most`` at most."""
    found: list[tuple[Mailing, Recipient, Letter]] = []
    for mailing in mailings:
        write = letters.written_by(tx, mailing.page, template)
        for each in mailing.recipients:
            if len(found) == most:
                return found
            if each.address and each.key in chosen.get(mailing.row.key, ()):
                found.append((mailing, each, write(each)))
    return found


def send(
    write: Callable[[Change], None],
    actor: Actor,
    chosen: Mapping[RowKey, Collection[Key]],
    template: MailTemplate,
    *,
    now: datetime,
) -> MailOutcome:
    """Queue a message to each of those chosen; ``write`` runs a change in a transaction.

    What may not be written about any more is refused, nothing else.
    """
    messages = refused = 0
    for key, recipients in chosen.items():
        counted = _Sending(actor=actor, key=key, to=recipients, template=template, now=now)
        try:
            write(counted)
        except DomainError:
            refused += 1
        else:
            messages += counted.messages
    return MailOutcome(messages=messages, refused=refused)


@dataclass(slots=True, kw_only=True)
class _Sending:
    """The change that writes about one row, which may be tried more than once."""

    actor: Actor
    key: RowKey
    to: Collection[Key]
    template: MailTemplate
    now: datetime
    messages: int = 0

    def __call__(self, tx: Transaction) -> None:
        """Queue the messages. Raises DomainError where the row became impossible."""
        found = plan(tx, self.actor, [self.key], now=self.now).mailings
        if not found:
            raise InvalidInput(f"nobody to be written to about {self.key}")
        self.messages = appointment_mails.send(
            tx,
            self.actor,
            self.key.appointment_id,
            self.to,
            letters.written_by(tx, found[0].page, self.template),
            now=self.now,
            original=self.key.original,
        )
