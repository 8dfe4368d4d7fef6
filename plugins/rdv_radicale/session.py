"""The transaction that a request works in, and who is acting in it.

Our own verbs hand it on. Under the plain ``radicale`` command the storage lock *is* the unit
of work: what opens it opens a transaction, and what is called under it finds it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from rdv_caldav.bootstrap import AppointmentBook, open_book
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.clock import Clock
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.settings import load_settings
from rdv_radicale.proof import Proof, ProofVoid

_current: ContextVar[Session | None] = ContextVar("rdv_session", default=None)


@dataclass(kw_only=True)
class Session:
    """One transaction, and the account that acts in it; ``login`` empty for nobody."""

    tx: Transaction
    login: str
    clock: Clock
    device: str = ""
    writes: bool = False

    @property
    def now(self) -> datetime:
        """The present instant, in UTC."""
        return self.clock()

    @cached_property
    def actor(self) -> Actor:
        """The acting account with its person. Raises AccessRefused when there is none."""
        return actor_for(self.tx, self.login, channel=Channel.CALDAV, device=self.device)


def current() -> Session:
    """Return the session of this request. LookupError outside of the storage lock."""
    session = _current.get()
    if session is None:
        raise LookupError("no storage lock is held")
    return session


@contextmanager
def opened(
    book: AppointmentBook,
    login: str,
    *,
    device: str = "",
    writes: bool = False,
    proof: Proof | None = None,
) -> Iterator[Session]:
    """Work in a transaction of one's own. Raises ProofVoid for a ``proof`` that holds no more."""
    transaction = book.database.writing() if writes else book.database.reading()
    with transaction as tx:
        now = Session(tx=tx, login=login, clock=book.clock, device=device, writes=writes)
        if proof is not None:
            _check(now, proof)
        try:
            yield now
        except BaseException:
            tx.doom()
            raise


def _check(now: Session, proof: Proof) -> None:
    """Compare with the account, which every request reads anyway."""
    try:
        mark = now.actor.account.credentials_mark
    except AccessRefused as error:
        raise ProofVoid from error
    if mark != proof.mark:
        raise ProofVoid


@contextmanager
def session(
    book: AppointmentBook, login: str, *, device: str = "", writes: bool = False
) -> Iterator[Session]:
    """Work in the transaction that is open already, or else in one that is found as current."""
    standing = _current.get()
    if standing is not None and (standing.writes or not writes):
        yield standing
        return
    with opened(book, login, device=device, writes=writes) as new:
        token = _current.set(new)
        try:
            yield new
        finally:
            _current.reset(token)


@lru_cache(maxsize=1)
def default_book() -> AppointmentBook:
    """Return the book that the environment names, for the plain ``radicale`` command."""
    return open_book(load_settings())
