"""Lists of mails, those that are sent and those that came in: filtered, counted, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from rdv_caldav.db.control_statements import is_visible
from rdv_caldav.db.mail_schema import OutboxRow, ReceivedMailRow
from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.outbox import OutboxMessage, message_of
from rdv_caldav.db.received_mails import ReceivedMail, received_of
from rdv_caldav.db.schema import AppointmentRow, ParticipantRow, PersonRow
from rdv_caldav.domain.control import Scope
from rdv_caldav.domain.searching import folded

_MOST_SEARCHED = 100
_SENT = tuple(each for each in OutboxRow.__table__.c if each.name not in ("raw", "object_text"))
_RECEIVED = tuple(each for each in ReceivedMailRow.__table__.c if each.name != "raw")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFilter:
    """Which mails are wanted; what is empty asks for nothing.

    ``status`` and ``method`` are of those that are sent, ``outcome`` of those that came in.
    ``text`` is looked for in names, addresses, and the objet of the rendez-vous. ``begin`` and
    ``end`` are aware, the end left out.
    """

    status: str = ""
    method: str = ""
    medium: str = ""
    outcome: str = ""
    only_open: bool = False
    text: str = ""
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlace:
    """A place in a list, the newest first: beyond the mail with this id, or before it."""

    id: int
    backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    """A message that is or was sent, without its texts, and the objet of its rendez-vous."""

    message: OutboxMessage
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail:
    """A mail that came in, and the objet of its rendez-vous: None where it has none."""

    mail: ReceivedMail
    subject: str | None


class MailReading:
    """Reads them; a ``scope`` is whose rendez-vous the reader may list.

    Mails that belong to no rendez-vous are for those whose scope is everybody.
    """

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def sees(self, appointment_id: int, scope: Scope) -> bool:
        """Tell whether a rendez-vous is in a scope, whether or not it is in the corbeille."""
        query = select(AppointmentRow.id).where(
            AppointmentRow.id == appointment_id, *_in_scope(AppointmentRow.id, scope)
        )
        return self._connection.scalar(query) is not None

    # -- what is sent ---------------------------------------------------------------------

    def messages(
        self, wanted: MailFilter, scope: Scope, place: MailPlace | None, *, size: int
    ) -> list[ListedMessage]:
        """Return at most ``size`` messages beyond a place (or before it), the newest first."""
        query = (
            select(*_SENT, AppointmentRow.subject.label("objet"))
            .join(AppointmentRow, AppointmentRow.id == OutboxRow.appointment_id)
            .where(*_of_messages(wanted, scope))
        )
        return [
            ListedMessage(message=message_of(row), subject=row.objet)
            for row in self._paged(query, OutboxRow.id, place, size)
        ]

    def statuses(self, wanted: MailFilter, scope: Scope) -> dict[str, int]:
        """Return how many messages a filter finds in each state, whichever it asks for."""
        query = (
            select(OutboxRow.status, func.count())
            .join(AppointmentRow, AppointmentRow.id == OutboxRow.appointment_id)
            .where(*_of_messages(replace(wanted, status=""), scope))
            .group_by(OutboxRow.status)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    # -- what came in ---------------------------------------------------------------------

    def received(
        self, wanted: MailFilter, scope: Scope, place: MailPlace | None, *, size: int
    ) -> list[ListedMail]:
        """Return at most ``size`` mails beyond a place (or before it), the newest first."""
        query = (
            select(*_RECEIVED, AppointmentRow.subject.label("objet"))
            .outerjoin(AppointmentRow, AppointmentRow.id == ReceivedMailRow.appointment_id)
            .where(*_of_received(wanted, scope))
        )
        return [
            ListedMail(mail=received_of(row), subject=row.objet)
            for row in self._paged(query, ReceivedMailRow.id, place, size)
        ]

    def open_count(self, scope: Scope) -> int:
        """Return how many mails somebody has to look at."""
        query = select(func.count()).select_from(ReceivedMailRow)
        open_ones = query.where(*_of_received(MailFilter(only_open=True), scope))
        return self._connection.scalar(open_ones) or 0

    def _paged(
        self,
        query: Select[Any],
        id_column: Any,  # noqa: ANN401 - a mapped column
        place: MailPlace | None,
        size: int,
    ) -> list[Any]:
        backwards = place is not None and place.backwards
        if place is not None:
            query = query.where(id_column > place.id if backwards else id_column < place.id)
        order = id_column.asc() if backwards else id_column.desc()
        rows = list(self._connection.execute(query.order_by(order).limit(size)))
        return rows[::-1] if backwards else rows


def _of_messages(wanted: MailFilter, scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield from _in_scope(OutboxRow.appointment_id, scope)
    for column, value in (
        (OutboxRow.status, wanted.status),
        (OutboxRow.method, wanted.method),
        (OutboxRow.medium, wanted.medium),
    ):
        if value:
            yield column == value
    yield from _between(OutboxRow.created_at, wanted)
    yield from _with_words(wanted, OutboxRow.recipient, OutboxRow.recipient_name)


def _of_received(wanted: MailFilter, scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield from _in_scope(ReceivedMailRow.appointment_id, scope)
    if wanted.only_open:
        yield ReceivedMailRow.is_open.is_(True)
    if wanted.outcome:
        yield ReceivedMailRow.outcome == wanted.outcome
    yield from _between(ReceivedMailRow.received_at, wanted)
    row = ReceivedMailRow
    yield from _with_words(wanted, row.sender, row.sender_name, row.subject)


def _in_scope(appointment_id: Any, scope: Scope) -> Iterator[ColumnElement[bool]]:  # noqa: ANN401
    if not scope.everybody:
        yield appointment_id.in_(
            select(ParticipantRow.appointment_id)
            .join(PersonRow, PersonRow.id == ParticipantRow.person_id)
            .where(is_visible(scope))
        )


def _between(moment: Any, wanted: MailFilter) -> Iterator[ColumnElement[bool]]:  # noqa: ANN401
    if wanted.begin is not None:
        yield moment >= seconds(wanted.begin)
    if wanted.end is not None:
        yield moment < seconds(wanted.end)


def _with_words(wanted: MailFilter, *columns: Any) -> Iterator[ColumnElement[bool]]:  # noqa: ANN401
    # PostgreSQL refuses texts with a NUL
    for word in wanted.text[:_MOST_SEARCHED].replace("\0", "").split():
        found = [column.icontains(word, autoescape=True) for column in columns]
        yield or_(*found, AppointmentRow.search_key.contains(folded(word), autoescape=True))
