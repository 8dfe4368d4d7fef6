"""python-caldav as a real client: create, edit, search, sync, delete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import caldav
import pytest
from caldav.lib.error import NotFoundError

from support.objects import event
from support.server import RunningServer


@pytest.fixture
def principal(server: RunningServer) -> Iterator[caldav.Principal]:
    with caldav.DAVClient(server.dav, username="alice", password="demo") as client:
        yield client.principal()


def _named(principal: caldav.Principal, name: str) -> caldav.Calendar:
    return next(c for c in principal.calendars() if c.get_display_name() == name)


def test_a_life_of_an_appointment(server: RunningServer, principal: caldav.Principal) -> None:
    claire = _named(principal, "Client : Claire Cliente")
    ivan = _named(principal, "Intervenant : Ivan Intervenant")
    line = "ATTENDEE:mailto:ivan@agence.example\r\n"
    made = claire.add_event(event(lines=line))
    token = ivan.objects_by_sync_token().sync_token

    theirs = ivan.search(
        event=True,
        start=datetime(2026, 11, 25, tzinfo=UTC),
        end=datetime(2026, 11, 26, tzinfo=UTC),
    )
    assert [str(found.icalendar_component["SUMMARY"]) for found in theirs] == ["Essai"]

    made.load()
    component = made.icalendar_component
    component["SUMMARY"] = "Renommé"
    made.save()
    changed = list(ivan.objects_by_sync_token(sync_token=token, load_objects=True))
    assert [str(found.icalendar_component["SUMMARY"]) for found in changed] == ["Renommé"]

    assert str(ivan.event_by_uid("essai").icalendar_component["SUMMARY"]) == "Renommé"
    made.delete()
    with pytest.raises(NotFoundError):
        ivan.event_by_uid("essai")


def test_a_series_is_expanded(principal: caldav.Principal) -> None:
    claire = _named(principal, "Client : Claire Cliente")
    claire.add_event(event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n"))
    found = claire.search(
        event=True,
        expand=True,
        start=datetime(2026, 11, 26, tzinfo=UTC),
        end=datetime(2026, 11, 28, tzinfo=UTC),
    )
    assert len(found) == 2


def test_an_attendee_answers(server: RunningServer, principal: caldav.Principal) -> None:
    own = _named(principal, "Alice Gestion")
    own.add_event(event(lines="ATTENDEE;RSVP=TRUE:mailto:claire@famille.example\r\n"))
    with caldav.DAVClient(server.dav, username="claire", password="demo") as client:
        (calendar,) = client.principal().calendars()
        (invited,) = calendar.events()
        invited.change_attendee_status("mailto:claire@famille.example", partstat="TENTATIVE")
        invited.save()
    seen = own.event_by_uid("essai")
    lines = seen.icalendar_component["ATTENDEE"]
    answers = {str(line): line.params["PARTSTAT"] for line in lines}
    assert answers["mailto:claire@famille.example"] == "TENTATIVE"
