"""Large exports of the control table: prepared in the background, fetched when they are ready.

All that is known of one stands in the database, its file too: whichever process of whichever
machine is asked can tell how far it is, go on with what was abandoned, and send the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import uuid4

from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.clock import Clock
from rdv_caldav.domain.control_query import read_query
from rdv_caldav.domain.errors import ModuleOff, UnknownObject
from rdv_caldav.domain.export_jobs import (
    KEPT_FOR,
    MOST_BYTES,
    MOST_OF_ACCOUNT,
    MOST_TRIES,
    ExportJob,
    ExportStatus,
)
from rdv_caldav.exports.wording import WORDINGS
from rdv_caldav.services import control
from rdv_caldav.services.access import Actor
from rdv_caldav.services.control_exports import ExportFormat, export

_PIECE = 1_000_000
"""Bytes of a file that are written in one transaction."""


class TakenOver(Exception):
    """Somebody else works on it by now, or it was given up."""


def ask(
    tx: Transaction,
    actor: Actor,
    written: str,
    wanted: ExportFormat,
    *,
    language: str,
    now: datetime,
) -> str:
    """Ask for a file with what a query lists and return the token it goes by; ``now`` is aware.

    ``written`` is the query as a URL has it. Asked twice, it is prepared once. Raises ModuleOff,
    InvalidFilter.
    """
    forget_old(tx, now=now)
    query = read_query(parse_qsl(written))
    standing = tx.export_jobs.of_account(actor.account.id)
    asked = (written, wanted.value, language)
    for job in standing:
        if job.is_under_way and (job.query, job.ending, job.language) == asked:
            return job.token
    for job in standing[MOST_OF_ACCOUNT - 1 :]:
        tx.export_jobs.forget(job.token)
    job = ExportJob(
        token=uuid4().hex,
        account_id=actor.account.id,
        query=written,
        ending=wanted.value,
        language=language,
        created_at=now,
        seen_at=now,
        rows_in_all=control.counts(tx, actor, query.filter).total,
    )
    tx.export_jobs.add(job)
    return job.token


def of_actor(tx: Transaction, actor: Actor, token: str, *, now: datetime) -> ExportJob:
    """Return an export of the actor's own.

    Raises ModuleOff, and UnknownObject, also once it is too old.
    """
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    job = tx.export_jobs.find(token)
    if job is None or job.account_id != actor.account.id or now - job.created_at > KEPT_FOR:
        raise UnknownObject("no export of this account by this token")
    return job


def standing(tx: Transaction, actor: Actor, *, now: datetime) -> list[ExportJob]:
    """Return the actor's exports that can still be fetched, the newest first."""
    found = tx.export_jobs.of_account(actor.account.id)
    return [job for job in found if now - job.created_at <= KEPT_FOR]


def forget(tx: Transaction, actor: Actor, token: str, *, now: datetime) -> None:
    """Give up an export and throw away its file. Raises ModuleOff, UnknownObject."""
    tx.export_jobs.forget(of_actor(tx, actor, token, now=now).token)


def claim(tx: Transaction, actor: Actor, token: str, *, now: datetime) -> ExportJob | None:
    """Return an export that nobody works on, to work on it; None where there is none.

    One that was begun too often fails instead.
    """
    job = tx.export_jobs.find(token)
    if job is None or job.account_id != actor.account.id or not job.is_free(now):
        return None
    if job.tries >= MOST_TRIES:
        tx.export_jobs.give_up(token)
        return None
    if not tx.export_jobs.claim(job, now=now):
        return None
    return replace(job, status=ExportStatus.RUNNING, tries=job.tries + 1, seen_at=now)


def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Throw away the exports that nobody can fetch any more."""
    tx.export_jobs.prune(now - KEPT_FOR)


@dataclass(slots=True, kw_only=True)
class Preparation:
    """Work on one export under way, by the thread that claimed it.

    ``rows_done`` may be read by others; ``most_bytes`` is how much of a file is kept.
    """

    database: Database
    clock: Clock
    actor: Actor
    job: ExportJob
    most_bytes: int = MOST_BYTES
    rows_done: int = 0
    is_lost: bool = False

    def run(self) -> None:
        """Write the file. Raises TakenOver, and whatever goes wrong, once that is noted."""
        try:
            is_whole = self._write()
        except TakenOver:
            raise
        except BaseException:
            self._note(ExportStatus.FAILED)
            raise
        if not self._note(ExportStatus.READY if is_whole else ExportStatus.TOO_LARGE):
            raise TakenOver

    def give_sign(self) -> bool:
        """Say how far it is; tell whether it is still to be gone on with."""
        self.is_lost = self.is_lost or not self._note()
        return not self.is_lost

    def _note(self, status: ExportStatus = ExportStatus.RUNNING) -> bool:
        with self.database.writing() as tx:
            return tx.export_jobs.note(
                self.job.token,
                self.job.tries,
                now=self.clock(),
                rows_done=self.rows_done,
                status=status,
            )

    def _write(self) -> bool:
        """Write piece by piece; tell whether it could be written to the end."""
        size = 0
        with self.database.reading() as tx:
            for number, piece in enumerate(_large(self._pieces(tx))):
                size += len(piece)
                if size > self.most_bytes:
                    return False
                self._keep(number, piece, size)
        return True

    def _pieces(self, tx: Transaction) -> Iterator[bytes]:
        return export(
            tx,
            self.actor,
            read_query(parse_qsl(self.job.query)),
            ExportFormat(self.job.ending),
            wording=WORDINGS[self.job.language],
            now=self.job.created_at,
            on_rows=self._count,
        )

    def _count(self, rows: int) -> None:
        self.rows_done += rows
        if self.is_lost:
            raise TakenOver

    def _keep(self, number: int, piece: bytes, size: int) -> None:
        with self.database.writing() as tx:
            goes_on = tx.export_jobs.note(
                self.job.token,
                self.job.tries,
                now=self.clock(),
                rows_done=self.rows_done,
                size=size,
            )
            if not goes_on:
                raise TakenOver
            tx.export_jobs.add_piece(self.job.token, number, piece)


def _large(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same in larger pieces."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
