"""The whole journal, the newest entries first: filtered, page by page, at a bounded cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, or_, select

from rdv_caldav.db.journal import JournalEntry
from rdv_caldav.db.journal_schema import AuditRow
from rdv_caldav.db.mapping import instant, seconds
from rdv_caldav.db.schema import AccountRow, AppointmentRow, PersonRow
from rdv_caldav.domain.searching import folded

MOST_SCANNED = 50_000
"""Entries that one page looks through; where few of them fit, the next page looks further."""

_MOST_SEARCHED = 100
_NEWEST_FIRST = (AuditRow.at.desc(), AuditRow.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """Which entries are wanted; what is empty asks for nothing.

    ``begin`` and ``end`` are aware, the end left out. ``who`` is looked for in logins and names,
    ``text`` in the objet of the rendez-vous, in devices and in what an entry keeps, there by its
    letters: persons stand in it by number, and are found by the rendez-vous that they are in.
    """

    begin: datetime | None = None
    end: datetime | None = None
    who: str = ""
    channel: str = ""
    events: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """An entry, the name of whoever did it (empty: no fiche), and its rendez-vous if any."""

    id: int
    entry: JournalEntry
    name: str
    appointment_id: int | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Some entries. ``after`` is the id of the entry that the next page is beyond, None at the end.

    A page can have fewer lines than it may, none even, and still not be the last.
    """

    lines: list[JournalLine]
    after: int | None


class JournalReading:
    """Reads entries of everything and everybody."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def page(self, wanted: JournalFilter, after: int | None, *, size: int) -> JournalPage:
        """Return at most ``size`` entries that are older than the one with the id ``after``."""
        conditions = list(_conditions(wanted))
        most = MOST_SCANNED if conditions else min(size, MOST_SCANNED)
        scanned = self._scanned(wanted, after, most)
        window = scanned.subquery()
        query = (
            select(
                AuditRow.__table__,
                AppointmentRow.subject,
                PersonRow.first_name,
                PersonRow.last_name,
            )
            .join(window, window.c.id == AuditRow.id)
            .outerjoin(AppointmentRow, AppointmentRow.id == AuditRow.appointment_id)
            .outerjoin(AccountRow, AccountRow.id == AuditRow.account_id)
            .outerjoin(PersonRow, PersonRow.id == AccountRow.person_id)
            .where(*conditions)
            .order_by(*_NEWEST_FIRST)
            .limit(size)
        )
        lines = [_line(row) for row in self._connection.execute(query)]
        if len(lines) == size:
            return JournalPage(lines=lines, after=lines[-1].id)
        last = scanned.offset(most - 1).limit(1).with_only_columns(AuditRow.id)
        return JournalPage(lines=lines, after=self._connection.scalar(last))

    def _scanned(self, wanted: JournalFilter, after: int | None, most: int) -> Select[Any]:
        query = select(AuditRow.id).order_by(*_NEWEST_FIRST).limit(most)
        if wanted.begin is not None:
            query = query.where(AuditRow.at >= seconds(wanted.begin))
        if wanted.end is not None:
            query = query.where(AuditRow.at < seconds(wanted.end))
        if after is not None:
            at = self._connection.scalar(select(AuditRow.at).where(AuditRow.id == after))
            if at is None:
                return query
            # the first condition alone is what the index serves
            is_older = or_(AuditRow.at < at, AuditRow.id < after)
            query = query.where(AuditRow.at <= at, is_older)
        return query


def _conditions(wanted: JournalFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.channel:
        yield AuditRow.channel == wanted.channel
    if wanted.events:
        yield AuditRow.event.in_(sorted(wanted.events))
    name = func.coalesce(PersonRow.search_key, "")
    for word in _words(wanted.who):
        yield or_(
            AuditRow.login.icontains(word, autoescape=True),
            name.contains(folded(word), autoescape=True),
        )
    objet = func.coalesce(AppointmentRow.search_key, "")
    for word in _words(wanted.text):
        kept = func.lower(cast(AuditRow.details, Text))
        yield or_(
            *(kept.contains(each, autoescape=True) for each in _spelled(word)),
            AuditRow.device.icontains(word, autoescape=True),
            objet.contains(folded(word), autoescape=True),
        )


def _words(text: str) -> list[str]:
    # PostgreSQL refuses texts with a NUL
    return text[:_MOST_SEARCHED].replace("\0", "").split()


def _spelled(word: str) -> list[str]:
    """Return a word as it may stand in JSON, where lower case leaves accented letters alone."""
    cases = (word, word.lower(), word.upper(), word.capitalize())
    return sorted({json.dumps(each)[1:-1].lower() for each in cases})


def _line(row: Any) -> JournalLine:  # noqa: ANN401 - columns of four tables
    return JournalLine(
        id=row.id,
        entry=JournalEntry(
            at=instant(row.at),
            login=row.login,
            channel=row.channel,
            device=row.device,
            event=row.event,
            details=row.details if isinstance(row.details, dict) else {},
        ),
        name=" ".join(filter(None, (row.first_name, row.last_name))),
        appointment_id=row.appointment_id,
        subject=row.subject or "",
    )
