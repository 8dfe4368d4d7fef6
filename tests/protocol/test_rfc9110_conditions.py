"""RFC 9110 (HTTP): conditions, HEAD, Content-Range, and methods that are not there."""

from __future__ import annotations

import pytest

from support.caldav import Place
from support.objects import event


@pytest.fixture
def etag(any_calendar: Place) -> str:
    """The ETag of an object in the calendar."""
    any_calendar.put("a.ics", event())
    return any_calendar.client.get(f"{any_calendar.path}a.ics").etag or ""


def _path(place: Place, name: str = "a.ics") -> str:
    return f"{place.path}{name}"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("{etag}", 204),
        ('"x", {etag}', 204),
        ('{etag},"x"', 204),
        ("*", 204),
        ('"x"', 412),
        ("W/{etag}", 412),  # compared strongly
        ('"a, b"', 412),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_13_1_1_if_match(
    any_calendar: Place, etag: str, method: str, written: str, status: int
) -> None:
    body = event(summary="Anders") if method == "PUT" else ""
    any_calendar.client.request(
        method,
        _path(any_calendar),
        body,
        expect=status,
        if_match=written.format(etag=etag),
        content_type="text/calendar",
    )
    changed = any_calendar.listed() != {"a.ics": etag}
    assert changed == (status == 204)


@pytest.mark.parametrize("written", ["*", '"x"'])
def test_13_1_1_if_match_where_nothing_is(any_calendar: Place, written: str) -> None:
    path = _path(any_calendar, "b.ics")
    any_calendar.client.put(path, event("b"), expect=412, if_match=written)
    assert any_calendar.listed() == {}
    answer = any_calendar.client.request("DELETE", path, if_match=written)
    assert answer.status in (404, 412)


@pytest.mark.parametrize(
    ("written", "status"),
    [("*", 412), ("{etag}", 412), ('"x", W/{etag}', 412), ('"x"', 204)],
)
def test_13_1_2_if_none_match_on_put(
    any_calendar: Place, etag: str, written: str, status: int
) -> None:
    any_calendar.client.put(
        _path(any_calendar),
        event(summary="Anders"),
        expect=status,
        if_none_match=written.format(etag=etag),
    )


def test_13_1_2_if_none_match_where_nothing_is(any_calendar: Place) -> None:
    path = _path(any_calendar)
    any_calendar.client.put(path, event(), expect=201, if_none_match="*")


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("{etag}", 304),
        ("W/{etag}", 304),  # compared weakly
        ('"x", {etag}', 304),
        ("*", 304),
        ('"x"', 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_13_1_2_not_modified(
    any_calendar: Place, etag: str, method: str, written: str, status: int
) -> None:
    answer = any_calendar.client.request(
        method, _path(any_calendar), expect=status, if_none_match=written.format(etag=etag)
    )
    assert answer.etag == etag
    if status == 304 or method == "HEAD":
        assert answer.body == b""


def test_13_1_1_if_match_on_get(any_calendar: Place, etag: str) -> None:
    any_calendar.client.get(_path(any_calendar), if_match=etag)
    any_calendar.client.get(_path(any_calendar), expect=412, if_match='"x"')


def test_13_1_3_an_etag_outranks_a_date(any_calendar: Place, etag: str) -> None:
    any_calendar.client.get(
        _path(any_calendar),
        expect=200,
        if_none_match='"x"',
        if_modified_since="Fri, 31 Dec 2100 23:59:59 GMT",
    )


@pytest.mark.parametrize("header", ["if_modified_since", "if_unmodified_since"])
def test_13_1_3_a_date_that_is_none_is_ignored(any_calendar: Place, etag: str, header: str) -> None:
    any_calendar.client.request(
        "GET", _path(any_calendar), expect=200, environ=None, **{header: "yesterday"}
    )


def test_13_2_1_refusals_come_before_conditions(any_calendar: Place) -> None:
    any_calendar.client.get(_path(any_calendar, "missing.ics"), expect=404, if_none_match="*")


def test_9_3_2_head_is_get_without_the_body(any_calendar: Place, etag: str) -> None:
    got = any_calendar.client.get(_path(any_calendar))
    head = any_calendar.client.request("HEAD", _path(any_calendar), expect=200)
    assert head.body == b""
    differing = {
        name
        for name in got.headers.keys() | head.headers.keys()
        if got.headers.get(name) != head.headers.get(name)
    }
    assert differing <= {"date"}
    assert int(got.headers["content-length"]) == len(got.body)


def test_14_5_a_part_is_no_whole(any_calendar: Place, etag: str) -> None:
    any_calendar.client.request(
        "PUT",
        _path(any_calendar),
        event(summary="Anders"),
        expect=400,
        content_type="text/calendar",
        environ={"HTTP_CONTENT_RANGE": "bytes 0-9/100"},
    )
    assert any_calendar.listed() == {"a.ics": etag}


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "LOCK", "BREW", "get"])
def test_15_5_6_methods_that_are_not_there(any_calendar: Place, method: str) -> None:
    answer = any_calendar.client.request(method, any_calendar.path)
    assert answer.status in (405, 501)
    if answer.status == 405:
        assert "GET" in answer.headers["allow"]


def test_8_8_1_last_modified_is_a_date(any_calendar: Place, etag: str) -> None:
    got = any_calendar.client.get(_path(any_calendar))
    assert got.headers["last-modified"].endswith(" GMT")


def test_a_whole_calendar_can_be_read(any_calendar: Place) -> None:
    for uid in ("a", "b"):
        any_calendar.put(f"{uid}.ics", event(uid))
    got = any_calendar.client.get(any_calendar.path)
    assert got.headers["content-type"].startswith("text/calendar")
    assert got.text.count("BEGIN:VCALENDAR") == 1
    assert got.text.count("BEGIN:VEVENT") == 2
