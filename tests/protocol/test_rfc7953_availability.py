"""RFC 7953: working hours in free/busy, and as a property of the inbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.ical.availability import weekly_availability
from support.caldav import (
    Place,
    busy_query,
    preconditions,
    proppatch_body,
    remove_props,
    set_props,
    statuses,
)
from support.dav import CALDAV, Answer, DavClient
from support.objects import event
from support.scheduling import BUSY_AT_NINE, DAY, IVAN, busy_times, periods

Login = Callable[[str], DavClient]
NAME = f"{CALDAV}calendar-availability"
HOURS = weekly_availability({"WE": [("08:00", "12:00")]}, zone="Europe/Paris")
"""Of the day that tests are about, 07:00 to 11:00 in UTC."""

OFF = {"BUSY-UNAVAILABLE": ["0000-0700", "1100-0000"]}


def _set(client: DavClient, text: str, *, path: str = "", more: str = "") -> Answer:
    written = f"<C:calendar-availability>{text}</C:calendar-availability>{more}"
    body = proppatch_body(set_props(written))
    return client.request("PROPPATCH", path or f"/{client.login}/inbox/", body)


def _kept(client: DavClient) -> str | None:
    (found,) = client.propfind(f"/{client.login}/inbox/", NAME).values()
    return found.props[NAME].text if NAME in found.props else None


def test_is_announced(alice: DavClient) -> None:
    features = alice.request("OPTIONS", "/alice/inbox/").headers["dav"]
    assert "calendar-availability" in [each.strip() for each in features.split(",")]


def test_is_set_read_and_removed(ivan: DavClient) -> None:
    assert _kept(ivan) is None
    assert statuses(_set(ivan, HOURS)) == {NAME: 200}
    assert (_kept(ivan) or "").splitlines() == HOURS.splitlines()
    body = proppatch_body(remove_props("<C:calendar-availability/>"))
    for _ in range(2):
        answer = ivan.request("PROPPATCH", "/ivan/inbox/", body, expect=207)
        assert statuses(answer) == {NAME: 200}
        assert _kept(ivan) is None


def test_is_not_among_all_properties(ivan: DavClient) -> None:
    _set(ivan, HOURS)
    (found,) = ivan.propfind("/ivan/inbox/").values()
    assert NAME not in found.props


@pytest.mark.parametrize("text", ["", "odd", event("a"), "<C:calendar-data/>"])
def test_odd_data_is_refused(ivan: DavClient, text: str) -> None:
    _set(ivan, HOURS)
    answer = _set(ivan, text)
    assert statuses(answer) == {NAME: 403}
    if not text.startswith("<"):
        assert preconditions(answer) == {f"{CALDAV}valid-calendar-data"}
    assert _kept(ivan) is not None


def test_all_or_nothing(ivan: DavClient) -> None:
    assert _set(ivan, HOURS, more="<displayname>Mine</displayname>").status == 403
    assert _kept(ivan) is None


def test_is_nobody_elses(ivan: DavClient, alice: DavClient) -> None:
    assert _set(ivan, HOURS, path="/alice/inbox/").status in (403, 404)
    _set(ivan, HOURS)
    assert _kept(alice) is None


def test_an_account_that_is_nobodys_keeps_none(login: Login) -> None:
    nobody = login("héloïse@agence.example")
    assert _set(nobody, HOURS).status == 403
    assert _kept(nobody) is None


def test_the_outbox_tells(ivan: DavClient, alice: DavClient) -> None:
    alice.put("/alice/ivan/a.ics", event("a"), expect=201)
    assert busy_times(alice, IVAN) == BUSY_AT_NINE
    _set(ivan, HOURS)
    assert busy_times(alice, IVAN) == BUSY_AT_NINE | OFF


def test_a_report_on_the_home_tells(book: AppointmentBook, ivan: DavClient) -> None:
    with book.database.writing() as tx:
        person = tx.people.by_slug("ivan")
        assert person is not None
        tx.people.save_availability(person.id, HOURS)
    found = Place(ivan, "/ivan/").report(busy_query(*DAY), expect=200)
    assert periods(found.text) == OFF


def test_a_report_on_a_calendar_tells_what_is_in_it(ivan: DavClient) -> None:
    _set(ivan, HOURS)
    found = Place(ivan, "/ivan/ivan/").report(busy_query(*DAY), expect=200)
    assert periods(found.text) == {}
