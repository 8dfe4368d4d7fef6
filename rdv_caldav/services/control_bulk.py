"""Changing many rendez-vous of the control table at once, after a look at what that touches.

Every change is that of :mod:`rdv_caldav.services.appointments`, each in a transaction of its
own: one that is refused takes nothing else along, and other writers have their turn between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, State
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow, RowKey, Trash
from rdv_caldav.domain.errors import (
    DomainError,
    EditRefused,
    InvalidInput,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.services import access, appointments
from rdv_caldav.services.access import Actor
from rdv_caldav.services.control import everything, rows_of

MOST_AT_ONCE = 500
"""Rows that one action takes."""

Change = Callable[[Transaction], None]


class BulkKind(StrEnum):
    """What can be done to many; the values are those of forms."""

    PLANNED = "planifie"
    HELD = "tenu"
    CANCELLED = "annule"
    REASSIGN = "attribuer"
    TRASH = "corbeille"
    RESTORE = "restaurer"


_STATES = {
    BulkKind.PLANNED: State.PLANNED,
    BulkKind.HELD: State.HELD,
    BulkKind.CANCELLED: State.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAction:
    """What is to be done; ``person_id`` is the new owner, for REASSIGN."""

    kind: BulkKind
    person_id: int | None = None

    @property
    def is_of_dates(self) -> bool:
        """Whether single dates of a series are meant; else it is always the whole of it."""
        return self.kind in _STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that an action leaves as it is, and why."""

    row: ControlRow
    reason: DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """What an action would do: ``touched`` rows, ``unchanged`` ones that are so already.

    ``whole_series`` are those of which all dates are touched, listed or not; ``missing`` keys
    are no rows that the account may list.
    """

    action: BulkAction
    touched: tuple[ControlRow, ...]
    unchanged: tuple[ControlRow, ...]
    refused: tuple[Refused, ...]
    missing: tuple[RowKey, ...]

    @property
    def whole_series(self) -> int:
        """How many series are touched as a whole."""
        if self.action.is_of_dates:
            return 0
        return len({row.key.appointment_id for row in self.touched if row.is_series})


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What an action did."""

    done: tuple[ControlRow, ...]
    unchanged: tuple[ControlRow, ...]
    refused: tuple[Refused, ...]


def listed_keys(tx: Transaction, actor: Actor, wanted: ControlFilter) -> list[RowKey]:
    """Return all rows of a filter, for an action on them. Raises InvalidInput for too many."""
    keys: list[RowKey] = []
    with closing(everything(tx, actor, ControlQuery(filter=wanted))) as parts:
        for rows in parts:
            keys += (row.key for row in rows)
            if len(keys) > MOST_AT_ONCE:
                raise InvalidInput(f"more than {MOST_AT_ONCE} rows at once")
    return keys


def preview(
    tx: Transaction, actor: Actor, keys: Sequence[RowKey], action: BulkAction, *, now: datetime
) -> BulkPreview:
    """Tell what an action would do, writing nothing. ``now`` is aware.

    Conflicts are not looked for. Raises InvalidInput for too many rows, UnknownCalendar for a
    new owner whom the actor does not know.
    """
    check_action(tx, actor, action)
    if len(set(keys)) > MOST_AT_ONCE:
        raise InvalidInput(f"more than {MOST_AT_ONCE} rows at once")
    rows = rows_of(tx, actor, keys)
    touched: list[ControlRow] = []
    unchanged: list[ControlRow] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            changes = _try(tx, actor, row.key, action, now=now)
        except DomainError as reason:
            refused.append(Refused(row=row, reason=reason))
        else:
            (touched if changes else unchanged).append(row)
    found = {row.key for row in rows}
    return BulkPreview(
        action=action,
        touched=tuple(touched),
        unchanged=tuple(unchanged),
        refused=tuple(refused),
        missing=tuple(key for key in dict.fromkeys(keys) if key not in found),
    )


def apply(
    write: Callable[[Change], None], actor: Actor, shown: BulkPreview, *, now: datetime
) -> BulkOutcome:
    """Do what was shown; ``write`` runs a change in a transaction of its own.

    What has become impossible meanwhile is refused, nothing else.
    """
    done, refused = [], list(shown.refused)
    finished: set[RowKey | int] = set()
    for row in shown.touched:
        key = row.key if shown.action.is_of_dates else row.key.appointment_id
        if key in finished:
            done.append(row)
            continue
        try:
            write(_change(actor, row.key, shown.action, now=now))
        except DomainError as reason:
            refused.append(Refused(row=row, reason=reason))
        else:
            finished.add(key)
            done.append(row)
    return BulkOutcome(done=tuple(done), unchanged=shown.unchanged, refused=tuple(refused))


def check_action(tx: Transaction, actor: Actor, action: BulkAction) -> None:
    """Refuse an action that nobody could do. Raises InvalidInput, UnknownCalendar."""
    if action.kind is not BulkKind.REASSIGN:
        return
    if action.person_id is None:
        raise InvalidInput("reassigning needs a new owner")
    person = tx.people.by_id(action.person_id)
    if person is None or not person.active or not access.may_see_calendar(actor, person):
        raise UnknownCalendar(f"no person {action.person_id}")


def _change(actor: Actor, key: RowKey, action: BulkAction, *, now: datetime) -> Change:
    def change(tx: Transaction) -> None:
        if not rows_of(tx, actor, [key]):
            raise UnknownObject(f"no rendez-vous {key}")
        check_action(tx, actor, action)
        if action.kind is BulkKind.TRASH:
            appointments.trash(tx, actor, key.appointment_id, now=now)
        elif action.kind is BulkKind.RESTORE:
            appointments.restore(tx, actor, key.appointment_id, now=now)
        elif action.kind is BulkKind.REASSIGN:
            new_owner = action.person_id or 0
            appointments.revise(
                tx, actor, key.appointment_id, lambda a: _given(a, new_owner), now=now
            )
        else:
            appointments.set_state(
                tx,
                actor,
                key.appointment_id,
                _STATES[action.kind],
                now=now,
                original=key.original,
            )

    return change


def _try(tx: Transaction, actor: Actor, key: RowKey, action: BulkAction, *, now: datetime) -> bool:
    """Tell whether an action changes a row. Raises what refuses it."""
    stored = tx.appointments.get(key.appointment_id)
    assert stored is not None, "the row was listed just now"
    participants = tx.people.by_ids(stored.appointment.all_person_ids).values()
    if not access.may_edit(actor, stored.appointment, participants, tx.agency.settings()):
        raise EditRefused("this account may not edit this appointment")
    if (stored.trashed_at is not None) != (action.kind is BulkKind.RESTORE):
        raise UnknownObject("it is in the corbeille, or not there")
    return _changes(stored, key, action, now=now)


def _changes(stored: Stored, key: RowKey, action: BulkAction, *, now: datetime) -> bool:
    appointment = stored.appointment
    if action.kind is BulkKind.REASSIGN:
        return _given(appointment, action.person_id or 0) != appointment
    if action.kind not in _STATES:
        return True
    state = _STATES[action.kind]
    rules.set_state(appointment, state, now=now, original=key.original)
    before = appointment if key.original is None else rules.occurrence_at(appointment, key.original)
    return before.state is not state


def _given(appointment: Appointment, person_id: int) -> Appointment:
    """Return the appointment with another owner, who takes part from now on."""
    appointment = rules.add_participant(appointment, Participant(person_id=person_id))
    return rules.give_ownership(appointment, person_id)


def kinds_for(trash: Trash) -> tuple[BulkKind, ...]:
    """Return what a filter's rows can be asked to become."""
    if trash is Trash.ONLY:
        return (BulkKind.RESTORE,)
    kinds = tuple(BulkKind)
    return (
        kinds if trash is Trash.INCLUDED else tuple(k for k in kinds if k is not BulkKind.RESTORE)
    )
