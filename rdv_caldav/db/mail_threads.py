"""Threads of mails: all that one recipient is written about one appointment, and his answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rdv_caldav.db.mail_schema import MailStopRow, MailThreadRow, OutboxRow, ReceivedMailRow
from rdv_caldav.db.mapping import Row, instant, seconds

_THREADS = select(MailThreadRow.__table__)
_BY_ID = _THREADS.where(MailThreadRow.id == bindparam("thread"))
_BY_TOKEN = _THREADS.where(MailThreadRow.token == bindparam("token"))
_OF_RECIPIENT = _THREADS.where(
    MailThreadRow.appointment_id == bindparam("appointment_id"),
    MailThreadRow.recipient_key == bindparam("recipient_key"),
)
_OF_APPOINTMENT = _THREADS.where(
    MailThreadRow.appointment_id == bindparam("appointment_id")
).order_by(MailThreadRow.id)
_STOPPED = select(MailStopRow.address).where(
    MailStopRow.address.in_(bindparam("addresses", expanding=True))
)

PERSON, GUEST = "person:", "guest:"


def recipient_key(participant_key: int | str) -> str:
    """Return the key of a participant's thread: of a person by id, of a guest by address."""
    is_person = isinstance(participant_key, int)
    return f"{PERSON if is_person else GUEST}{participant_key}"


def participant_key(recipient_key: str) -> int | str:
    """Return the participant's key that a thread's key was made of."""
    if recipient_key.startswith(PERSON):
        return int(recipient_key.removeprefix(PERSON))
    return recipient_key.removeprefix(GUEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailThread:
    """A thread; the fields are those of :class:`rdv_caldav.db.mail_schema.MailThreadRow`."""

    id: int
    appointment_id: int
    recipient_key: str
    person_id: int | None
    address: str
    token: str
    created_at: datetime
    link_version: int
    first_message_id: str
    last_message_id: str
    sequence: int
    time_sequence: int
    answered: Mapping[str, Any]
    told: Mapping[str, Any]

    @property
    def participant_key(self) -> int | str:
        """The key of the participant within the appointment."""
        return participant_key(self.recipient_key)

    def time_sequence_of(self, original: datetime | None) -> int:
        """Return the SEQUENCE of the last mail after a change of time of one date of a series.

        That of the whole where no mail was about that date alone; ``original`` is its original
        wall clock, None for the whole.
        """
        date = self.told.get(original.isoformat(), {}) if original is not None else {}
        of_date: int = date.get("time_sequence", 0)
        return max(self.time_sequence, of_date)


class MailThreads:
    """Reads and writes threads, and the addresses that want no more mails."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(
        self,
        *,
        appointment_id: int,
        recipient_key: str,
        person_id: int | None,
        address: str,
        token: str,
        now: datetime,
    ) -> MailThread:
        """Begin a thread, in which nothing was mailed yet."""
        thread_id = self._connection.scalar(
            insert(MailThreadRow)
            .values(
                appointment_id=appointment_id,
                recipient_key=recipient_key,
                person_id=person_id,
                address=address,
                token=token,
                created_at=seconds(now),
                link_version=0,
                first_message_id="",
                last_message_id="",
                sequence=-1,
                time_sequence=0,
                answered={},
                told={},
            )
            .returning(MailThreadRow.id)
        )
        assert thread_id is not None, "an insert returns its row"
        found = self.get(thread_id)
        assert found is not None, "it was just inserted"
        return found

    def get(self, thread: int) -> MailThread | None:
        """Return a thread by its id."""
        return self._one(_BY_ID, thread=thread)

    def by_token(self, token: str) -> MailThread | None:
        """Return the thread that a token of an address names."""
        return self._one(_BY_TOKEN, token=token)

    def of_recipient(self, appointment_id: int, recipient_key: str) -> MailThread | None:
        """Return what was written to one recipient about an appointment."""
        return self._one(_OF_RECIPIENT, appointment_id=appointment_id, recipient_key=recipient_key)

    def of_appointment(self, appointment_id: int) -> list[MailThread]:
        """Return the threads of an appointment."""
        rows = self._connection.execute(_OF_APPOINTMENT, {"appointment_id": appointment_id})
        return [_thread(row) for row in rows]

    def mailed(
        self,
        thread: MailThread,
        *,
        message_id: str,
        sequence: int,
        time_sequence: int,
        address: str,
        told: Mapping[str, Any],
    ) -> None:
        """Note what the last mail of a thread said, and where it went."""
        self._change(
            thread.id,
            first_message_id=thread.first_message_id or message_id,
            last_message_id=message_id,
            sequence=sequence,
            time_sequence=time_sequence,
            address=address,
            told=dict(told),
        )

    def tell(self, thread: int, told: Mapping[str, Any]) -> None:
        """Keep what mails said, or are about to say."""
        self._change(thread, told=dict(told))

    def answered(self, thread: int, answered: Mapping[str, Any]) -> None:
        """Keep by what the last answers are known again."""
        self._change(thread, answered=dict(answered))

    def revoke_link(self, thread: int) -> None:
        """Make the links void that were sent in a thread; the next mail has a new one."""
        self._change(thread, link_version=MailThreadRow.link_version + 1)

    def hand_over(
        self, appointment_id: int, old_key: str, new_key: str, *, person_id: int | None
    ) -> None:
        """Let a recipient have another key, with all that was written to him and that he wrote.

        Nothing is done where mails were written to the new one already.
        """
        if self.of_recipient(appointment_id, new_key) is not None:
            return
        for table, values in (
            (MailThreadRow, {"recipient_key": new_key, "person_id": person_id}),
            (OutboxRow, {"recipient_key": new_key}),
            (ReceivedMailRow, {"recipient_key": new_key}),
        ):
            self._connection.execute(
                update(table)
                .where(table.appointment_id == appointment_id, table.recipient_key == old_key)
                .values(**values)
            )

    def _change(self, thread: int, **values: object) -> None:
        self._connection.execute(
            update(MailThreadRow).where(MailThreadRow.id == thread).values(**values)
        )

    def _one(self, statement: Any, **bound: object) -> MailThread | None:  # noqa: ANN401
        row = self._connection.execute(statement, bound).one_or_none()
        return None if row is None else _thread(row)

    # -- addresses that want no mails -----------------------------------------------------

    def stopped(self, addresses: list[str]) -> frozenset[str]:
        """Return which of these addresses want no more mails."""
        if not addresses:
            return frozenset()
        return frozenset(self._connection.scalars(_STOPPED, {"addresses": addresses}))

    def stop(self, address: str, *, now: datetime) -> None:
        """Write to an address no more."""
        self.resume(address)
        self._connection.execute(insert(MailStopRow).values(address=address, at=seconds(now)))

    def resume(self, address: str) -> None:
        """Write to an address again."""
        self._connection.execute(delete(MailStopRow).where(MailStopRow.address == address))


def _thread(row: Row) -> MailThread:
    return MailThread(
        id=row.id,
        appointment_id=row.appointment_id,
        recipient_key=row.recipient_key,
        person_id=row.person_id,
        address=row.address,
        token=row.token,
        created_at=instant(row.created_at),
        link_version=row.link_version,
        first_message_id=row.first_message_id,
        last_message_id=row.last_message_id,
        sequence=row.sequence,
        time_sequence=row.time_sequence,
        answered=row.answered,
        told=row.told,
    )
