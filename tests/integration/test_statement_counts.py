"""How many statements a request takes: few, and the same however full the calendar is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mapping import appointment_values, seconds
from rdv_caldav.db.schema import AppointmentRow, Base, CalendarRow, MemberRow
from rdv_caldav.domain.appointment import Span
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.ical.views import find_slots
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.lens import NOW, settled
from support.objects import event
from support.statements import counted


def fill(book: AppointmentBook, count: int) -> None:
    """Put appointments into Claire's calendar, one every three hours, by bulk inserts."""
    with book.database.writing() as tx:
        claire = tx.people.by_slug("claire")
    assert claire is not None
    text = event("n")
    model = settled(text)
    slots = find_slots(text, zone="Europe/Paris")
    rows: dict[type[Base], list[dict[str, Any]]] = {AppointmentRow: [], MemberRow: []}
    for number in range(1, count + 1):
        start = model.span.start + timedelta(hours=3 * number)
        span = Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris")
        values = appointment_values(
            replace(model, span=span), time_index(replace(model, span=span), now=NOW)
        )
        uid, stamp = f"n{number}", seconds(NOW)
        common = {"uid": uid, "href": f"{uid}.ics", "text": text, "slots": slots, "version": 1}
        stamps = {"created_at": stamp, "updated_at": stamp, "trashed_at": None}
        rows[AppointmentRow].append(
            {"id": number, **common, **stamps, **values, "owner_id": claire.id}
        )
        bounds = {name: values[name] for name in ("starts_at", "stops_at")}
        place = {"person_id": claire.id, "appointment_id": number, "href": f"{uid}.ics"}
        rows[MemberRow].append({**place, **bounds, "changed": number, "is_long": False})
    with book.database.engine.begin() as connection:
        for table, values_of_table in rows.items():
            connection.execute(insert(table), values_of_table)
        connection.execute(
            update(CalendarRow).where(CalendarRow.person_id == claire.id).values(counter=count)
        )


def requests(claire: DavClient) -> dict[str, Callable[[], object]]:
    """Run what programs do all the time."""
    token = claire.sync("/claire/claire/")[0]
    return {
        "poll": lambda: claire.sync("/claire/claire/", token),
        "week": lambda: claire.query("/claire/claire/", "20261125T000000Z", "20261202T000000Z"),
        "get": lambda: claire.get("/claire/claire/n5.ics"),
        "ctag": lambda: claire.propfind(
            "/claire/claire/", "{http://calendarserver.org/ns/}getctag"
        ),
    }


PINNED = {"poll": 2, "week": 4, "get": 3, "ctag": 2}


@pytest.mark.parametrize("count", [1_000, 50_000])
def test_requests_take_the_same_few_statements(book: AppointmentBook, count: int) -> None:
    fill(book, count)
    claire = DavClient(create_app(book), "claire")
    taken = {}
    for name, request in requests(claire).items():
        request()
        with counted(book) as statements:
            request()
        taken[name] = len([s for s in statements if not s.startswith(("BEGIN", "COMMIT"))])
    assert taken == PINNED


PINNED_WRITES = {"new": 11, "update": 8, "conflict": 13}


@pytest.mark.parametrize("count", [10, 1_000])
def test_writes_take_the_same_few_statements(book: AppointmentBook, count: int) -> None:
    fill(book, count)
    alice = DavClient(create_app(book), "alice")
    taken: dict[str, int] = {}
    writes = (("new", "a", 201), ("update", "a", 204), ("conflict", "b", 201))
    for day in ("01", "02"):
        for name, uid, expected in writes:
            # when nobody has anything else
            times = f"DTSTART:203501{day}T100000Z\r\nDURATION:PT1H\r\n"
            text = event(f"{uid}{day}", summary=name, times=times)
            with counted(book) as statements:
                alice.put(f"/alice/claire/{uid}{day}.ics", text, expect=expected)
            # what is asked but once was asked on the first day
            taken[name] = len([s for s in statements if not s.startswith(("BEGIN", "COMMIT"))])
    assert taken == PINNED_WRITES


def test_a_week_is_found_by_index(any_book: AppointmentBook) -> None:
    fill(any_book, 500)
    with any_book.database.reading() as tx:
        account = tx.accounts.by_login("claire")
        assert account is not None
        assert account.person_id is not None
        found = tx.members.in_range(
            account, account.person_id, start=NOW, end=NOW + timedelta(days=7)
        )
        assert sum(1 for _ in found) == 47
