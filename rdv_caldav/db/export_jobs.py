"""Exports that are prepared in the background, and the pieces of their files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rdv_caldav.db.export_jobs_schema import ExportJobRow, ExportPieceRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.domain.export_jobs import ExportJob, ExportStatus

_BY_TOKEN = select(ExportJobRow.__table__).where(ExportJobRow.token == bindparam("token"))
_OF_ACCOUNT = (
    select(ExportJobRow.__table__)
    .where(ExportJobRow.account_id == bindparam("account_id"))
    .order_by(ExportJobRow.created_at.desc(), ExportJobRow.token)
)
_PIECE = select(ExportPieceRow.data).where(
    ExportPieceRow.token == bindparam("token"), ExportPieceRow.number == bindparam("number")
)


class ExportJobs:
    """Reads and writes exports. Whoever works on one holds it by the number of its try."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(self, job: ExportJob) -> None:
        """Remember a new export."""
        self._connection.execute(
            insert(ExportJobRow).values(
                token=job.token,
                account_id=job.account_id,
                query=job.query,
                ending=job.ending,
                language=job.language,
                created_at=seconds(job.created_at),
                seen_at=seconds(job.seen_at),
                status=job.status.value,
                tries=job.tries,
                rows_done=job.rows_done,
                rows_in_all=job.rows_in_all,
                size=job.size,
            )
        )

    def find(self, token: str) -> ExportJob | None:
        """Return an export."""
        row = self._connection.execute(_BY_TOKEN, {"token": token}).one_or_none()
        return None if row is None else _job(row)

    def of_account(self, account_id: int) -> list[ExportJob]:
        """Return the exports of an account, the newest first."""
        return [
            _job(row) for row in self._connection.execute(_OF_ACCOUNT, {"account_id": account_id})
        ]

    def claim(self, job: ExportJob, *, now: datetime) -> bool:
        """Begin the next try of an export that was read before; tell whether nobody else did.

        What another try had written is gone.
        """
        taken = self._connection.execute(
            update(ExportJobRow)
            .where(
                ExportJobRow.token == job.token,
                ExportJobRow.tries == job.tries,
                ExportJobRow.seen_at == seconds(job.seen_at),
            )
            .values(
                status=ExportStatus.RUNNING.value,
                tries=job.tries + 1,
                seen_at=seconds(now),
                rows_done=0,
                size=0,
            )
        )
        if taken.rowcount == 0:
            return False
        self._connection.execute(delete(ExportPieceRow).where(ExportPieceRow.token == job.token))
        return True

    def note(
        self,
        token: str,
        tries: int,
        *,
        now: datetime,
        rows_done: int | None = None,
        size: int | None = None,
        status: ExportStatus = ExportStatus.RUNNING,
    ) -> bool:
        """Give a sign of life, with how far it is; tell whether this try still counts."""
        values = {"seen_at": seconds(now), "status": status.value}
        said = {"rows_done": rows_done, "size": size}
        values |= {name: value for name, value in said.items() if value is not None}
        noted = self._connection.execute(
            update(ExportJobRow)
            .where(
                ExportJobRow.token == token,
                ExportJobRow.tries == tries,
                ExportJobRow.status == ExportStatus.RUNNING.value,
            )
            .values(values)
        )
        return noted.rowcount > 0

    def add_piece(self, token: str, number: int, data: bytes) -> None:
        """Keep the next piece of a file."""
        self._connection.execute(
            insert(ExportPieceRow).values(token=token, number=number, data=data)
        )

    def pieces(self, token: str) -> Iterator[bytes]:
        """Yield the pieces of a file, one at a time."""
        number = 0
        while True:
            found = self._connection.execute(_PIECE, {"token": token, "number": number})
            data = found.scalar_one_or_none()
            if data is None:
                return
            yield data
            number += 1

    def give_up(self, token: str) -> None:
        """Say that an export cannot be made."""
        self._connection.execute(
            update(ExportJobRow)
            .where(ExportJobRow.token == token)
            .values(status=ExportStatus.FAILED.value)
        )

    def forget(self, token: str) -> None:
        """Forget an export and its file."""
        self._connection.execute(delete(ExportJobRow).where(ExportJobRow.token == token))

    def prune(self, before: datetime) -> None:
        """Forget the exports that were asked for before."""
        self._connection.execute(
            delete(ExportJobRow).where(ExportJobRow.created_at < seconds(before))
        )


def _job(row: Row) -> ExportJob:
    return ExportJob(
        token=row.token,
        account_id=row.account_id,
        query=row.query,
        ending=row.ending,
        language=row.language,
        created_at=instant(row.created_at),
        seen_at=instant(row.seen_at),
        status=ExportStatus(row.status),
        tries=row.tries,
        rows_done=row.rows_done,
        rows_in_all=row.rows_in_all,
        size=row.size,
    )
