"""The first page after login: what stands before somebody, and what waits to be dealt with.

However many rendez-vous there are, it takes the same number of statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.db.undelivered import Undelivered
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow
from rdv_caldav.services import (
    access,
    arrived_answers,
    conflicts,
    control,
    first_steps,
    own_account,
)
from rdv_caldav.services.access import Actor
from rdv_caldav.services.arrived_answers import Answer
from rdv_caldav.services.conflicts import ToldConflict
from rdv_caldav.services.first_steps import Step

DAYS = 7
"""How far the page looks ahead, today included."""

PAST_DAYS = 30
"""How far back a rendez-vous that is still Planifié is looked for."""

TOLD_DAYS = 14
"""How far ahead whoever has no e-mail is looked for, today included."""

_MOST = 12
_LOOKED_AT = 200
_STANDING = frozenset({State.PLANNED, State.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A date ahead, and the names of those of its participants who have no e-mail."""

    row: ControlRow
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the first page tells; days are those of the agency's zone.

    ``week`` are the dates of the account's own and followed calendars that begin from ``today``
    on and are not cancelled, the first ones where ``is_cut``; ``running`` began before.
    ``unanswered`` are those of the week that somebody has not answered. ``open_ones`` are over and
    still Planifié. ``clashes`` are conflicts ahead, with the ids of their appointments.
    ``answers`` arrived lately. ``undelivered`` are messages that came back or were given up.
    ``unreachable`` are dates ahead with those who have no e-mail.
    ``steps`` are what an agency that has only begun has to do. ``midnight`` ends today.
    """

    today: date
    midnight: datetime
    running: Sequence[ControlRow]
    week: Sequence[ControlRow]
    is_cut: bool
    answers: Sequence[Answer]
    undelivered: Sequence[Undelivered]
    unreachable: Sequence[Unreachable]
    steps: Mapping[Step, bool]
    unanswered: Sequence[ControlRow]
    open_ones: Sequence[ControlRow]
    clashes: Sequence[tuple[int, ToldConflict]]

    @property
    def of_today(self) -> Sequence[ControlRow]:
        """What takes place today: what still runs, then what begins."""
        return [*self.running, *(row for row in self.week if self._begins_today(row))]

    @property
    def later(self) -> Sequence[ControlRow]:
        """What begins on the days after today."""
        return [row for row in self.week if not self._begins_today(row)]

    def _begins_today(self, row: ControlRow) -> bool:
        return row.starts_at < self.midnight


def read(tx: Transaction, actor: Actor, *, now: datetime) -> Home:
    """Return the first page of an account. Raises ModuleOff."""
    zone = ZoneInfo(tx.agency.settings().time_zone)
    today = now.astimezone(zone).date()
    morning = datetime.combine(today, time(), zone)
    ids = _persons(tx, actor)
    last = today + timedelta(days=DAYS - 1)
    ahead = ControlFilter(first_day=today, last_day=last, states=_STANDING)
    week = _page(tx, actor, ids, ahead)
    waiting = replace(ahead, presences=frozenset({Presence.NEEDS_ACTION}))
    return Home(
        today=today,
        midnight=datetime.combine(today + timedelta(days=1), time(), zone),
        running=_running(tx, ids, morning, now),
        week=week.rows,
        is_cut=week.after is not None,
        unanswered=[
            row
            for row in _page(tx, actor, ids, waiting).rows
            if row.stops_at > now and row.state is State.PLANNED
        ],
        open_ones=_open_ones(tx, actor, ids, today),
        clashes=_clashes(tx, actor, ids, now),
        answers=arrived_answers.read(tx, actor, ids, now=now),
        undelivered=_undelivered(tx, actor, ids, now),
        unreachable=_unreachable(tx, actor, ids, today),
        steps=first_steps.read(tx, actor),
    )


def _persons(tx: Transaction, actor: Actor) -> frozenset[int]:
    followed = (each.person for each in own_account.followed(tx, actor))
    ids = {each.id for each in followed if access.may_see_calendar(actor, each)}
    return frozenset(ids if actor.person_id is None else {actor.person_id, *ids})


def _page(
    tx: Transaction,
    actor: Actor,
    ids: frozenset[int],
    wanted: ControlFilter,
    *,
    size: int = _MOST,
    newest_first: bool = False,
) -> control.ControlPage:
    if not ids:
        return control.ControlPage(rows=(), before=None, after=None)
    query = ControlQuery(filter=replace(wanted, participants=ids), descending=newest_first)
    return control.page(tx, actor, query, size=size)


def _running(
    tx: Transaction, ids: frozenset[int], morning: datetime, now: datetime
) -> Sequence[ControlRow]:
    """Return what began before today and is not over."""
    if not ids:
        return ()
    lines = tx.planning.lines(ids, start=now, end=now + timedelta(seconds=1))
    rows = {row.key: row for _, row in lines if row.starts_at < morning and row.state in _STANDING}
    return sorted(rows.values(), key=lambda row: row.starts_at)


def _unreachable(
    tx: Transaction, actor: Actor, ids: frozenset[int], today: date
) -> Sequence[Unreachable]:
    # who has an e-mail is the business of staff; of very many dates the nearest are looked at
    if not access.edits_by_role(actor):
        return ()
    last = today + timedelta(days=TOLD_DAYS - 1)
    ahead = ControlFilter(first_day=today, last_day=last, states=frozenset({State.PLANNED}))
    rows = _page(tx, actor, ids, ahead, size=_LOOKED_AT).rows
    wanted = {each.person_id for row in rows for each in row.participants} - {actor.person_id}
    persons = tx.people.by_ids(filter(None, wanted))
    names = {key: each.name for key, each in persons.items() if not each.addresses}
    found = [
        Unreachable(
            row=row,
            names=tuple(names[p.person_id] for p in row.participants if p.person_id in names),
        )
        for row in rows
    ]
    return [each for each in found if each.names][:_MOST]


def _undelivered(
    tx: Transaction, actor: Actor, ids: frozenset[int], now: datetime
) -> Sequence[Undelivered]:
    # only who may tell them otherwise is told
    if not ids or not access.edits_by_role(actor):
        return ()
    since = now - timedelta(days=TOLD_DAYS)
    return tx.undelivered.of_persons(ids, since=since, now=now, size=_MOST)


def _open_ones(
    tx: Transaction, actor: Actor, ids: frozenset[int], today: date
) -> Sequence[ControlRow]:
    # only who may say that it was held is told
    if not access.edits_by_role(actor):
        return ()
    wanted = ControlFilter(
        first_day=today - timedelta(days=PAST_DAYS),
        last_day=today - timedelta(days=1),
        states=frozenset({State.PLANNED}),
    )
    return _page(tx, actor, ids, wanted, newest_first=True).rows


def _clashes(
    tx: Transaction, actor: Actor, ids: frozenset[int], now: datetime
) -> Sequence[tuple[int, ToldConflict]]:
    until = now + timedelta(days=DAYS)
    return conflicts.between(tx, actor, now, until, person_ids=ids)[:_MOST] if ids else ()
