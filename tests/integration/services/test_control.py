"""The control table: what is listed, for whom, page by page, counted."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction, TransactionDoomed
from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow, RowKey, Sort, Trash
from rdv_caldav.domain.errors import InvalidFilter, InvalidInput, ModuleOff, UnknownObject
from rdv_caldav.services import access, appointments, control
from rdv_caldav.services.access import Actor, Channel, actor_for
from support.busy_agency import busy_agency
from support.statements import counted


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def busy_book(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppointmentBook]:
    """The busy agency on each kind of database, filled once: tests leave it as it is."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("busy") / "rdv.sqlite"
        shutil.copy(sqlite_template, path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("cluster").new_database()
    with busy_agency(url) as book:
        yield book


@pytest.fixture
def tx(busy_book: AppointmentBook) -> Iterator[Transaction]:
    with suppress(TransactionDoomed), busy_book.database.writing() as tx:
        yield tx
        tx.doom()


def actor(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def listed(tx: Transaction, login: str, **wanted: object) -> list[ControlRow]:
    query = ControlQuery(filter=ControlFilter(**wanted))  # type: ignore[arg-type]
    return [row for rows in control.everything(tx, actor(tx, login), query) for row in rows]


def person(tx: Transaction, slug: str) -> int:
    found = tx.people.by_slug(slug)
    assert found is not None
    return found.id


# -- rows ---------------------------------------------------------------------------------


def test_a_series_has_a_row_for_each_date_and_single_ones_have_one(tx: Transaction) -> None:
    rows = listed(tx, "admin", trash=Trash.INCLUDED)
    by_appointment = Counter(row.key.appointment_id for row in rows)
    assert sorted(by_appointment.values()) == [1] * 24 + [4] * 6 + [5] * 6
    assert len({row.key for row in rows}) == len(rows)
    for row in rows:
        assert (row.key.original is not None) == row.is_series


def test_a_date_is_told_as_it_takes_place(tx: Transaction) -> None:
    series = [row for row in listed(tx, "admin") if row.key.appointment_id == 2]
    assert [row.subject for row in series].count("Déplacé") == 1
    assert [row.state for row in series].count(State.CANCELLED) == 1
    moved = next(row for row in series if row.subject == "Déplacé")
    # two dates of one series at the same time are two rows
    assert [row.starts_at for row in series].count(moved.starts_at) == 2
    assert moved.span.start != moved.key.original
    assert all(row.stops_at == row.span.ends_at for row in series)
    assert all(row.owner == "Ivan Intervenant" for row in series)


def test_rows_come_in_order_of_time(tx: Transaction) -> None:
    rows = listed(tx, "admin")
    times = [row.starts_at for row in rows]
    assert times == sorted(times)


# -- filters ------------------------------------------------------------------------------


def test_days_are_those_on_which_a_date_begins(tx: Transaction) -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    rows = listed(tx, "admin", first_day=first, last_day=last)
    expected = [row for row in listed(tx, "admin") if first <= row.span.start.date() <= last]
    assert rows == expected
    assert 0 < len(rows) < len(listed(tx, "admin"))


def test_every_filter_lists_exactly_what_it_says(tx: Transaction) -> None:
    everything = listed(tx, "admin")
    alice, sophie = person(tx, "alice"), person(tx, "sophie")
    north = next(sector.id for sector in tx.people.sectors() if sector.name == "Nord")
    of_north = {p.id for p in tx.people.everyone() if p.sector_id == north}

    def ids(row: ControlRow) -> set[int | None]:
        return {each.person_id for each in row.participants}

    expectations: dict[str, tuple[object, Callable[[ControlRow], bool]]] = {
        "types": ({"interne"}, lambda row: row.type_code == "interne"),
        "categories": ({TypeCategory.CLIENT}, lambda row: row.type_code == "client"),
        "states": ({State.CANCELLED}, lambda row: row.state is State.CANCELLED),
        "participants": ({alice, sophie}, lambda row: bool(ids(row) & {alice, sophie})),
        "owners": ({alice}, lambda row: row.owner == "Alice Gestion"),
        "sectors": ({north}, lambda row: bool(ids(row) & of_north)),
        "guests": (True, lambda row: None in ids(row)),
        "series": (True, lambda row: row.is_series),
        "text": ("OEUVRE", lambda row: row.subject == "Œuvre"),
        "location": ("eglise 1", lambda row: "1" in row.location and "Église" in row.location),
        "presences": (
            {Presence.DECLINED},
            lambda row: any(p.presence is Presence.DECLINED for p in row.participants),
        ),
    }
    for name, (value, is_wanted) in expectations.items():
        expected = [row for row in everything if is_wanted(row)]
        rows = listed(tx, "admin", **{name: value})
        assert rows == expected, name
        narrowed: dict[str, Any] = {name: value}
        counts = control.counts(tx, actor(tx, "admin"), ControlFilter(**narrowed))
        assert counts.by_state == Counter(row.state for row in rows), name
        assert counts.by_type == Counter(row.type_code for row in rows), name
        assert 0 < len(rows) < len(everything), name
    assert listed(tx, "admin", guests=False) == [r for r in everything if None not in ids(r)]
    assert listed(tx, "admin", series=False) == [r for r in everything if not r.is_series]


def test_presence_of_whom(tx: Transaction) -> None:
    alice = person(tx, "alice")
    answers = [
        row
        for row in listed(tx, "admin")
        if any(
            each.person_id == alice and each.presence is Presence.ACCEPTED
            for each in row.participants
        )
    ]
    accepted = frozenset({Presence.ACCEPTED})
    assert listed(tx, "admin", presences=accepted, presence_of=alice) == answers
    assert listed(tx, "admin", presences=accepted, participants=frozenset({alice})) == answers


def test_a_moved_date_is_found_by_its_own_words(tx: Transaction) -> None:
    assert {row.subject for row in listed(tx, "admin", text="deplace")} == {"Déplacé"}
    assert listed(tx, "admin", text="%") == listed(tx, "admin", text="_") == []


def test_types_and_categories_both_hold(tx: Transaction) -> None:
    types = frozenset({"client", "interne"})
    both = listed(tx, "admin", types=types, categories=frozenset({TypeCategory.INTERNE}))
    assert {row.type_code for row in both} == {"interne"}
    assert not listed(
        tx,
        "admin",
        types=frozenset({"client"}),
        categories=frozenset({TypeCategory.INTERNE}),
    )


def test_notes_are_searched_when_asked_for(tx: Transaction) -> None:
    assert listed(tx, "admin", text="note 12") == []
    assert {row.notes for row in listed(tx, "admin", text="note 12", in_notes=True)} == {"Note 12"}


def test_the_corbeille(tx: Transaction) -> None:
    live, trashed = listed(tx, "admin"), listed(tx, "admin", trash=Trash.ONLY)
    assert len(live) + len(trashed) == len(listed(tx, "admin", trash=Trash.INCLUDED))
    assert trashed
    assert all(row.trashed_at is not None for row in trashed)


# -- pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("expected", [None, control.DENSE])
def test_pages_forwards_and_backwards_show_each_row_once(
    tx: Transaction, sort: Sort, expected: int | None, *, descending: bool
) -> None:
    admin = actor(tx, "admin")
    query = ControlQuery(sort=sort, descending=descending)
    whole = [row for rows in control.everything(tx, admin, query) for row in rows]
    pages = [control.page(tx, admin, query, size=7, expected=expected)]
    assert pages[0].before is None
    while pages[-1].after is not None:
        there = replace(query, place=pages[-1].after)
        pages.append(control.page(tx, admin, there, size=7, expected=expected))
    assert [row for page in pages for row in page.rows] == whole
    back = [pages[-1]]
    while back[-1].before is not None:
        there = replace(query, place=back[-1].before)
        back.append(control.page(tx, admin, there, size=7, expected=expected))
        assert back[-1].after is not None
    assert [page.rows for page in reversed(back)] == [page.rows for page in pages]


def test_where_nothing_is_expected_nothing_is_looked_for(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(tx.control, "page", never)
    page = control.page(tx, actor(tx, "admin"), ControlQuery(), expected=0)
    assert page == control.ControlPage(rows=(), before=None, after=None)


def test_a_page_beyond_the_end_is_empty(tx: Transaction) -> None:
    admin = actor(tx, "admin")
    last = listed(tx, "admin")[-1]
    page = control.page(tx, admin, ControlQuery(place=last.place()))
    assert (page.rows, page.before, page.after) == ((), None, None)


def test_counts_are_those_of_the_rows(tx: Transaction) -> None:
    for login in ("admin", "nora", "ivan", "claire"):
        rows = listed(tx, login)
        counts = control.counts(tx, actor(tx, login), ControlFilter())
        assert counts.total == len(rows) > 0
        assert counts.by_state == Counter(row.state for row in rows)
        assert counts.by_type == Counter(row.type_code for row in rows)


def test_a_page_takes_few_statements(busy_book: AppointmentBook) -> None:
    for size in (20, 60):
        with busy_book.database.reading() as tx:
            admin = actor(tx, "admin")
            control.page(tx, admin, ControlQuery(), size=1)
            with counted(busy_book) as statements:
                control.page(tx, admin, ControlQuery(), size=size)
        # keys, rendez-vous, differing dates, participants; settings and types are known
        assert len(statements) == 4


# -- who sees what ------------------------------------------------------------------------


def test_the_scope_is_that_of_calendars(tx: Transaction) -> None:
    everything = listed(tx, "admin")
    settings = tx.agency.settings()
    for login in ("admin", "alice", "nora"):
        viewer = actor(tx, login)
        seen = {p.id for p in tx.people.everyone() if access.may_see_calendar(viewer, p)}
        visible = {
            row.key.appointment_id
            for row in everything
            if any(each.person_id in seen for each in row.participants)
        }
        assert (len(visible) < len({row.key.appointment_id for row in everything})) is (
            login == "nora"
        )
        for dense in (None, control.DENSE):
            page = control.page(tx, viewer, ControlQuery(), size=999, expected=dense)
            assert {row.key.appointment_id for row in page.rows} == visible
            for sees_most in (False, True):
                wanted = replace(control.listing(tx, viewer, ControlQuery()), sees_most=sees_most)
                assert tx.control.counts(wanted).total == len(page.rows)
        assert not access.notes_are_hidden(viewer, settings)


@pytest.mark.parametrize("login", ["ivan", "claire"])
def test_the_others_list_their_own_dates(tx: Transaction, login: str) -> None:
    own = person(tx, login)
    rows = listed(tx, login)
    everything = listed(tx, "admin")
    assert [row.key for row in rows] == [
        row.key for row in everything if any(each.person_id == own for each in row.participants)
    ]
    assert 0 < len(rows) < len(everything)
    assert listed(tx, login, trash=Trash.ONLY) == []
    assert listed(tx, login, trash=Trash.INCLUDED) == rows


def test_an_account_without_person_and_staff_role_lists_nothing(tx: Transaction) -> None:
    claire = actor(tx, "claire")
    nobody = replace(claire, person=None)
    assert list(control.everything(tx, nobody, ControlQuery())) == []


def test_clients_neither_read_nor_search_notes(tx: Transaction) -> None:
    assert any(row.notes for row in listed(tx, "admin"))
    assert all(row.notes == "" for row in listed(tx, "claire"))
    assert listed(tx, "claire", text="note", in_notes=True) == []


def test_rows_by_key_are_no_way_round(tx: Transaction) -> None:
    keys = [row.key for row in listed(tx, "admin", trash=Trash.INCLUDED)]
    claires = {row.key for row in listed(tx, "claire")}
    assert {row.key for row in control.rows_of(tx, actor(tx, "claire"), keys)} == claires
    assert control.rows_of(tx, actor(tx, "admin"), [RowKey(appointment_id=2)]) == []


def test_without_the_module_nothing_is_listed(tx: Transaction) -> None:
    tx.agency.save_setting("module_enabled", False)
    with pytest.raises(ModuleOff):
        control.page(tx, actor(tx, "admin"), ControlQuery())
    with pytest.raises(ModuleOff):
        control.everything(tx, actor(tx, "admin"), ControlQuery())


def test_changes_show_at_once(tx: Transaction) -> None:
    admin = actor(tx, "admin")
    row = next(row for row in listed(tx, "admin") if row.is_series and row.state is State.PLANNED)
    appointments.set_state(
        tx,
        admin,
        row.key.appointment_id,
        State.CANCELLED,
        now=row.starts_at,
        original=row.key.original,
    )
    after = {each.key: each.state for each in listed(tx, "admin")}
    assert after[row.key] is State.CANCELLED
    same_series = [k for k in after if k.appointment_id == row.key.appointment_id and k != row.key]
    assert any(after[key] is State.PLANNED for key in same_series)


# -- filters that are kept ----------------------------------------------------------------


def test_filters_are_kept_by_account_and_name(tx: Transaction) -> None:
    alice, admin = actor(tx, "alice"), actor(tx, "admin")
    control.save_filter(tx, alice, "  Tenus   de novembre ", [("etat", "TENU")], query="etat=TENU")
    control.save_filter(tx, alice, "Annulés", [("etat", "ANNULE")], query="etat=ANNULE")
    control.save_filter(tx, alice, "Tenus de novembre", [("etat", "TENU")], query="etat=TENU&x=")
    kept = control.saved_filters(tx, alice)
    assert [(each.name, each.query) for each in kept] == [
        ("Annulés", "etat=ANNULE"),
        ("Tenus de novembre", "etat=TENU&x="),
    ]
    assert control.saved_filters(tx, admin) == []
    with pytest.raises(UnknownObject):
        control.forget_filter(tx, admin, kept[0].id)
    control.forget_filter(tx, alice, kept[0].id)
    assert [each.name for each in control.saved_filters(tx, alice)] == ["Tenus de novembre"]


def test_filters_that_cannot_be_kept(tx: Transaction) -> None:
    alice = actor(tx, "alice")
    for name, query in ((" ", ""), ("x" * 101, ""), ("a\0b", ""), ("long", "x" * 8001)):
        with pytest.raises(InvalidInput):
            control.save_filter(tx, alice, name, [], query=query)
    with pytest.raises(InvalidFilter):
        control.save_filter(tx, alice, "faux", [("etat", "x")], query="etat=x")
    for number in range(control.MOST_SAVED):
        control.save_filter(tx, alice, f"Filtre {number}", [], query="")
    control.save_filter(tx, alice, "Filtre 1", [], query="a=b")
    with pytest.raises(InvalidInput, match="50 filters"):
        control.save_filter(tx, alice, "Un de trop", [], query="")
