"""python-caldav's scheduling with three principals: invitations, answers, inboxes, free/busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import caldav
import pytest
from caldav.lib.error import NotFoundError, ScheduleTagMismatchError

from support.objects import TIMES, event
from support.server import RunningServer, rdv_caldav

ALICE, IVAN, CLAIRE = (
    "mailto:alice@agence.example",
    "mailto:ivan@agence.example",
    "mailto:claire@famille.example",
)
TIME = (datetime(2026, 11, 25, 0, tzinfo=UTC), datetime(2026, 11, 26, 0, tzinfo=UTC))


@pytest.fixture
def principals(server: RunningServer) -> Iterator[dict[str, caldav.Principal]]:
    """A gestionnaire, an intervenant and a client."""
    with ExitStack() as opened:
        yield {
            login: opened.enter_context(
                caldav.DAVClient(server.dav, username=login, password="demo")
            ).principal()
            for login in ("alice", "ivan", "claire")
        }


@pytest.fixture
def inboxes(sqlite_url: str, server: RunningServer) -> None:
    """Have the inboxes of Alice and Ivan filled."""
    for login in ("alice", "ivan"):
        done = rdv_caldav("account", "inbox", login, "on", environ={"RDV_DATABASE_URL": sqlite_url})
        assert done.returncode == 0, done.stderr


def _own(principal: caldav.Principal) -> caldav.Calendar:
    name = principal.get_vcal_address().removeprefix("mailto:").partition("@")[0]
    return next(c for c in principal.calendars() if str(c.url).endswith(f"/{name}/{name}/"))


def _invite(principals: dict[str, caldav.Principal], *, text: str = "") -> Any:
    """Let Alice invite the others."""
    attendees = [principals["alice"], IVAN, CLAIRE]
    return _own(principals["alice"]).save_with_invites(text or event("reunion"), attendees)


def _answers(found: Any) -> dict[str, str]:
    lines = found.icalendar_component["ATTENDEE"]
    return {str(line): line.params["PARTSTAT"] for line in lines}


def test_everybody_has_boxes_and_an_address(principals: dict[str, caldav.Principal]) -> None:
    found = {}
    for login, principal in principals.items():
        assert list(principal.schedule_inbox().get_items()) == []
        assert str(principal.schedule_outbox().url).endswith(f"/{login}/outbox/")
        found[login] = str(principal.get_vcal_address())
    assert list(found.values()) == [ALICE, IVAN, CLAIRE]


@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_invitation_is_in_the_calendar_and_answered_there(
    principals: dict[str, caldav.Principal], answer: str
) -> None:
    _invite(principals)
    for login, mine in (("ivan", answer), ("claire", "ACCEPTED")):
        invited = _own(principals[login]).event_by_uid("reunion")
        invited.change_attendee_status(partstat=mine)
        invited.save()
    expected = {ALICE: "ACCEPTED", IVAN: answer, CLAIRE: "ACCEPTED"}
    for principal in principals.values():
        assert _answers(_own(principal).event_by_uid("reunion")) == expected


def test_what_the_organizer_deletes_is_gone(principals: dict[str, caldav.Principal]) -> None:
    _invite(principals).delete()
    for principal in principals.values():
        with pytest.raises(NotFoundError):
            _own(principal).event_by_uid("reunion")


def test_an_answer_keeps_the_schedule_tag_and_a_change_makes_copies_stale(
    principals: dict[str, caldav.Principal],
) -> None:
    _invite(principals)
    ivans = _own(principals["ivan"]).event_by_uid("reunion")
    ivans.load()
    tag = ivans.schedule_tag
    ivans.change_attendee_status(partstat="ACCEPTED")
    ivans.save()
    ivans.load()
    assert ivans.schedule_tag == tag

    moved = TIMES.replace("T09", "T08")
    _invite(principals, text=event("reunion", times=moved, summary="Plus tôt"))
    ivans.icalendar_component["SUMMARY"] = "Autrement"
    ivans.change_attendee_status(partstat="DECLINED")
    with pytest.raises(ScheduleTagMismatchError):
        ivans.save()


def test_who_is_busy(principals: dict[str, caldav.Principal]) -> None:
    _invite(principals)
    found = principals["alice"].freebusy_request(*TIME, [IVAN, CLAIRE])
    assert not found.pop("errors")
    assert set(found) == {IVAN, CLAIRE}
    for answered in found.values():
        (busy,) = answered.icalendar_instance.walk("VFREEBUSY")
        start, end = busy["FREEBUSY"].dt
        assert (start, end) == tuple(datetime(2026, 11, 25, at, tzinfo=UTC) for at in (8, 9))


@pytest.mark.parametrize(
    ("reply", "presence"),
    [
        ("accept_invite", "ACCEPTED"),
        ("tentatively_accept_invite", "TENTATIVE"),
        ("decline_invite", "DECLINED"),
    ],
)
def test_an_inbox_that_is_filled_tells_of_invitations_and_answers(
    principals: dict[str, caldav.Principal], inboxes: None, reply: str, presence: str
) -> None:
    _invite(principals)
    (request,) = principals["ivan"].schedule_inbox().get_items()
    assert request.is_invite_request()
    assert request.id == "reunion"
    getattr(request, reply)(calendar=_own(principals["ivan"]))
    assert _answers(_own(principals["alice"]).event_by_uid("reunion"))[IVAN] == presence

    (told,) = principals["alice"].schedule_inbox().get_items()
    assert told.is_invite_reply()
    told.delete()
    assert list(principals["alice"].schedule_inbox().get_items()) == []
    # whoever asked for nothing has nothing
    assert list(principals["claire"].schedule_inbox().get_items()) == []
