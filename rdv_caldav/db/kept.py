"""What hardly ever changes and every request asks for, kept by each process.

Settings, types and persons stand under a *revision*: a word beside the settings, which becomes
another one in every transaction that writes into one of their tables. A request reads it with
its account; what was kept under it still holds. It is a word by chance, not a number: one that
was counted on from a restored backup would stand for something else than before.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    UpdateBase,
    bindparam,
    event,
    select,
    text,
)

from rdv_caldav.db.schema import AppointmentTypeRow, PersonAddressRow, PersonRow, SettingRow

_T = TypeVar("_T")

MOST_KEPT = 4_096
"""Answers that are kept under one revision; then it starts anew."""

OPTION = "rdv_kept"
"""The execution option by which a connection knows what its transaction may keep."""

_NAME = "revision"
_TABLES = frozenset(
    row.__tablename__ for row in (AppointmentTypeRow, PersonAddressRow, PersonRow, SettingRow)
)
REVISION: ColumnElement[str | None] = (
    select(SettingRow.value).where(SettingRow.name == _NAME).scalar_subquery().label("revision")
)
"""A column of whatever is read first in a transaction."""

# as text, so that it is no reason to renew the revision itself
_RENEW = text(
    "INSERT INTO agency_setting (name, value) VALUES (:name, :value) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
).bindparams(bindparam("value", type_=JSON))


class Keeping:
    """What one process keeps of one database."""

    def __init__(self) -> None:
        """Know nothing."""
        self._current: tuple[str, dict[Hashable, Any]] = ("", {})

    def under(self, revision: str) -> dict[Hashable, Any]:
        """Return what is kept under a revision; what was under another one is forgotten."""
        known, answers = self._current
        if known != revision:
            answers = {}
            self._current = (revision, answers)
        return answers


class Kept:
    """What one transaction finds kept, and keeps for others.

    Nothing, before it has read the revision, and from its own first change of one of these
    tables on: it sees what others do not, and may roll back.
    """

    def __init__(self, keeping: Keeping) -> None:
        """Begin a transaction."""
        self._keeping = keeping
        self._answers: dict[Hashable, Any] | None = None
        self._is_stale = False
        self.is_renewed = False

    def open(self, revision: str | None) -> None:
        """Use what is kept under the revision that was read in this transaction."""
        if revision and not self._is_stale:
            self._answers = self._keeping.under(revision)

    def close(self) -> None:
        """Use nothing of it any more: this transaction changes it."""
        self._is_stale = True
        self._answers = None

    def get(self, key: Hashable, load: Callable[[], _T]) -> _T:
        """Return the kept answer to a question, or find it out; it must not be changed."""
        answers = self._answers
        if answers is None:
            return load()
        if key not in answers:
            found = load()
            if len(answers) >= MOST_KEPT:
                answers.clear()
            answers[key] = found
            return found
        known: _T = answers[key]
        return known


def renew(connection: Connection) -> None:
    """Give the agency another revision, as part of a transaction."""
    connection.execute(_RENEW, {"name": _NAME, "value": secrets.token_hex(16)})


def watch(engine: Engine) -> None:
    """Let every transaction that writes into one of the tables renew the revision."""
    event.listen(engine, "before_execute", _renew_once)


def _renew_once(connection: Connection, statement: Executable, *_: object) -> None:
    if not isinstance(statement, UpdateBase):
        return
    if getattr(statement.table, "name", None) not in _TABLES:
        return
    kept = connection.get_execution_options().get(OPTION)
    if kept is None:
        renew(connection)
        return
    kept.close()
    if not kept.is_renewed:
        renew(connection)
        # what is done within a savepoint may be undone alone
        kept.is_renewed = not connection.in_nested_transaction()
