"""The first page after login: what stands before somebody, and what waits to be dealt with.

However many rendez-vous there are, it takes the same number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow
from rdv_caldav.services import access, conflicts, control, own_account
from rdv_caldav.services.access import Actor
from rdv_caldav.services.conflicts import ToldConflict

DAYS = 7
"""How far the page looks ahead, today included."""

PAST_DAYS = 30
"""How far back a rendez-vous that is still Planifié is looked for."""

_MOST = 12
_STANDING = frozenset({State.PLANNED, State.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the first page tells; days are those of the agency's zone.

    ``week`` are the dates of the account's own and followed calendars from ``today`` on
    that are not cancelled, the first ones where ``is_cut``.
    ``unanswered`` are those of them that somebody has not answered. ``open_ones`` are over and
    still Planifié. ``clashes`` are conflicts ahead, with the ids of their appointments.
    """

    today: date
    week: Sequence[ControlRow]
    is_cut: bool
    unanswered: Sequence[ControlRow]
    open_ones: Sequence[ControlRow]
    clashes: Sequence[tuple[int, ToldConflict]]


def read(tx: Transaction, actor: Actor, *, now: datetime) -> Home:
    """Return the first page of an account. Raises ModuleOff."""
    today = now.astimezone(ZoneInfo(tx.agency.settings().time_zone)).date()
    ids = _persons(tx, actor)
    last = today + timedelta(days=DAYS - 1)
    ahead = ControlFilter(first_day=today, last_day=last, states=_STANDING)
    week = _page(tx, actor, ids, ahead)
    waiting = replace(ahead, presences=frozenset({Presence.NEEDS_ACTION}))
    return Home(
        today=today,
        week=week.rows,
        is_cut=week.after is not None,
        unanswered=[
            row
            for row in _page(tx, actor, ids, waiting).rows
            if row.stops_at > now and row.state is State.PLANNED
        ],
        open_ones=_open_ones(tx, actor, ids, today),
        clashes=_clashes(tx, actor, ids, now),
    )


def _persons(tx: Transaction, actor: Actor) -> frozenset[int]:
    followed = (each.person for each in own_account.followed(tx, actor))
    ids = {each.id for each in followed if access.may_see_calendar(actor, each)}
    return frozenset(ids if actor.person_id is None else {actor.person_id, *ids})


def _page(
    tx: Transaction, actor: Actor, ids: frozenset[int], wanted: ControlFilter
) -> control.ControlPage:
    if not ids:
        return control.ControlPage(rows=(), before=None, after=None)
    return control.page(
        tx, actor, ControlQuery(filter=replace(wanted, participants=ids)), size=_MOST
    )


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
    return _page(tx, actor, ids, wanted).rows


def _clashes(
    tx: Transaction, actor: Actor, ids: frozenset[int], now: datetime
) -> Sequence[tuple[int, ToldConflict]]:
    until = now + timedelta(days=DAYS)
    return conflicts.between(tx, actor, now, until, person_ids=ids)[:_MOST] if ids else ()
