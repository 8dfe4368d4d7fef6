"""Many rendez-vous at once: what it would touch is what it touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import State
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow, RowKey, Trash
from rdv_caldav.domain.errors import (
    DomainError,
    EditRefused,
    InvalidInput,
    NotBegun,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.services import appointments, control, control_bulk
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.control_bulk import BulkAction, BulkKind, BulkOutcome, BulkPreview
from support.busy_agency import fill

NOW = datetime.fromisoformat("2026-11-24T08:00:00+00:00")


@pytest.fixture
def busy(book: AppointmentBook) -> AppointmentBook:
    fill(book, 18)
    return book


def everything(book: AppointmentBook, login: str = "admin", **wanted: object) -> list[ControlRow]:
    query = ControlQuery(filter=ControlFilter(**wanted))  # type: ignore[arg-type]
    with book.database.reading() as tx:
        return [row for rows in control.everything(tx, actor(tx, login), query) for row in rows]


def actor(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def shown(
    book: AppointmentBook, keys: list[RowKey], action: BulkAction, login: str = "admin"
) -> BulkPreview:
    with book.database.reading() as tx:
        return control_bulk.preview(tx, actor(tx, login), keys, action, now=NOW)


def done(book: AppointmentBook, preview: BulkPreview, login: str = "admin") -> BulkOutcome:
    with book.database.reading() as tx:
        who = actor(tx, login)

    def write(change: Callable[[Transaction], None]) -> None:
        with book.database.writing() as tx:
            change(tx)

    return control_bulk.apply(write, who, preview, now=NOW)


def reasons(refused: tuple[control_bulk.Refused, ...]) -> set[type[DomainError]]:
    return {type(each.reason) for each in refused}


def test_single_dates_change_their_state(busy: AppointmentBook) -> None:
    rows = everything(busy)
    action = BulkAction(kind=BulkKind.HELD)
    preview = shown(busy, [row.key for row in rows], action)
    begun = [row for row in rows if row.starts_at <= NOW]
    assert list(preview.touched) == begun
    assert reasons(preview.refused) == {NotBegun}
    assert (preview.unchanged, preview.missing, preview.whole_series) == ((), (), 0)
    before = {row.key: row.state for row in rows}
    outcome = done(busy, preview)
    assert outcome.done == preview.touched
    after = {row.key: row.state for row in everything(busy)}
    held = {row.key for row in begun}
    assert after == {k: State.HELD if k in held else s for k, s in before.items()}
    again = shown(busy, [row.key for row in rows], action)
    assert list(again.unchanged) == [row for row in everything(busy) if row.key in held]


@pytest.mark.parametrize("kind", [BulkKind.PLANNED, BulkKind.CANCELLED])
def test_states_back_and_forth(busy: AppointmentBook, kind: BulkKind) -> None:
    rows = everything(busy)
    preview = shown(busy, [row.key for row in rows], BulkAction(kind=kind))
    assert len(preview.touched) + len(preview.unchanged) == len(rows)
    done(busy, preview)
    state = State.PLANNED if kind is BulkKind.PLANNED else State.CANCELLED
    assert {row.state for row in everything(busy)} == {state}


def test_a_new_owner_takes_part_in_all_dates(busy: AppointmentBook) -> None:
    with busy.database.reading() as tx:
        paul = tx.people.by_slug("paul")
    assert paul is not None
    rows = everything(busy, series=True)[:3] + everything(busy, series=False)[:3]
    action = BulkAction(kind=BulkKind.REASSIGN, person_id=paul.id)
    preview = shown(busy, [row.key for row in rows], action)
    touched = {row.key.appointment_id for row in preview.touched}
    assert preview.whole_series == len({r.key.appointment_id for r in rows if r.is_series})
    done(busy, preview)
    for row in everything(busy):
        if row.key.appointment_id in touched:
            assert row.owner == "Paul Sansmail"
    assert not shown(busy, [row.key for row in rows], action).touched


def test_into_the_corbeille_and_back(busy: AppointmentBook) -> None:
    rows = everything(busy)[:12]
    ids = {row.key.appointment_id for row in rows}
    preview = shown(busy, [row.key for row in rows], BulkAction(kind=BulkKind.TRASH))
    assert len(done(busy, preview).done) == len(rows)
    assert not ids & {row.key.appointment_id for row in everything(busy)}
    trashed = [r for r in everything(busy, trash=Trash.ONLY) if r.key.appointment_id in ids]
    assert {row.key.appointment_id for row in trashed} == ids
    keys = [row.key for row in trashed]
    assert reasons(shown(busy, keys, BulkAction(kind=BulkKind.HELD)).refused) == {UnknownObject}
    restored = shown(busy, keys, BulkAction(kind=BulkKind.RESTORE))
    done(busy, restored)
    assert ids <= {row.key.appointment_id for row in everything(busy)}
    live = shown(busy, keys, BulkAction(kind=BulkKind.RESTORE))
    assert reasons(live.refused) == {UnknownObject}


def test_what_is_refused_takes_nothing_else_along(busy: AppointmentBook) -> None:
    rows = everything(busy, "ivan")
    preview = shown(busy, [row.key for row in rows], BulkAction(kind=BulkKind.CANCELLED), "ivan")
    owned = [row for row in rows if row.owner == "Ivan Intervenant"]
    assert {*preview.touched, *preview.unchanged} == {*owned}
    assert reasons(preview.refused) == {EditRefused}
    done(busy, preview, "ivan")
    after = {row.key: row.state for row in everything(busy)}
    assert all(after[row.key] is State.CANCELLED for row in owned)


def test_what_changed_meanwhile_is_refused(busy: AppointmentBook) -> None:
    rows = everything(busy, series=False)[:2]
    preview = shown(busy, [row.key for row in rows], BulkAction(kind=BulkKind.TRASH))
    with busy.database.writing() as tx:
        appointments.trash(tx, actor(tx, "admin"), rows[0].key.appointment_id, now=NOW)
    outcome = done(busy, preview)
    assert outcome.done == (rows[1],)
    assert [each.row for each in outcome.refused] == [rows[0]]


def test_rows_that_the_account_does_not_list_are_missing(busy: AppointmentBook) -> None:
    claires = {row.key for row in everything(busy, "claire")}
    keys = [row.key for row in everything(busy)]
    preview = shown(busy, keys, BulkAction(kind=BulkKind.HELD), "claire")
    assert set(preview.missing) == set(keys) - claires
    assert preview.touched == ()
    invented = RowKey(appointment_id=2, original=NOW.replace(tzinfo=None))
    assert shown(busy, [invented], BulkAction(kind=BulkKind.HELD)).missing == (invented,)
    hidden = replace(
        shown(busy, keys[:1], BulkAction(kind=BulkKind.CANCELLED)),
        touched=tuple(row for row in everything(busy) if row.key not in claires)[:1],
    )
    assert reasons(done(busy, hidden, "claire").refused) == {UnknownObject}


def test_actions_that_nobody_can_do(busy: AppointmentBook) -> None:
    keys = [row.key for row in everything(busy)][:1]
    with pytest.raises(InvalidInput):
        shown(busy, keys, BulkAction(kind=BulkKind.REASSIGN))
    with pytest.raises(UnknownCalendar):
        shown(busy, keys, BulkAction(kind=BulkKind.REASSIGN, person_id=999))
    with busy.database.reading() as tx:
        sophie = tx.people.by_slug("sophie")
    assert sophie is not None
    with pytest.raises(UnknownCalendar):
        shown(busy, keys, BulkAction(kind=BulkKind.REASSIGN, person_id=sophie.id), "nora")


def test_no_more_than_can_be_looked_at(
    busy: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_bulk, "MOST_AT_ONCE", 3)
    with busy.database.reading() as tx:
        admin = actor(tx, "admin")
        with pytest.raises(InvalidInput, match="more than 3"):
            control_bulk.listed_keys(tx, admin, ControlFilter())
        few = ControlFilter(text="deplace")
        assert len(control_bulk.listed_keys(tx, admin, few)) == 2
        keys = [RowKey(appointment_id=n) for n in range(5)]
        with pytest.raises(InvalidInput, match="more than 3"):
            control_bulk.preview(tx, admin, keys, BulkAction(kind=BulkKind.HELD), now=NOW)


def test_what_can_be_done_where() -> None:
    assert control_bulk.kinds_for(Trash.ONLY) == (BulkKind.RESTORE,)
    assert BulkKind.RESTORE not in control_bulk.kinds_for(Trash.LEFT_OUT)
    assert control_bulk.kinds_for(Trash.INCLUDED) == tuple(BulkKind)
