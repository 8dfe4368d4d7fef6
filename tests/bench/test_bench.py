"""The driver itself: it knows right answers, and finds what a server loses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.connection import Request, Response
from bench.events import (
    FILLED,
    FREE,
    SLOT,
    TAKEN,
    WEEK,
    ZONE,
    Event,
    Hits,
    mark_of,
    marked,
    weeks,
)
from bench.holding import memory_use
from bench.load import mixed
from bench.measuring import measure, measure_new
from bench.operations import Trial, operations, propfind
from bench.others import read_description
from bench.report import tables
from bench.soak import Account, lost_updates, members, soak
from bench.targets import Target, our_own

pytestmark = pytest.mark.slow
SIZE = 120


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    url = f"sqlite:///{tmp_path / 'rdv.sqlite'}"
    with our_own("ours", url, size=SIZE, workers=2) as found:
        with found.connect() as connection:
            found.look(connection)
        yield found


def test_a_filled_calendar_is_like_a_written_one(target: Target) -> None:
    assert len(target.hrefs) == SIZE
    with target.connect() as connection:
        texts = {href: connection.send(Request("GET", href)).body for href in target.hrefs}
    for number in (0, SIZE - 1):
        text = texts[target.calendar + Event(number).href].decode()
        for line in Event(number).text.split("\r\n"):
            if line.startswith(("UID", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION")):
                assert f"\r\n{line}\r\n" in text


def test_every_operation_gets_right_answers(target: Target) -> None:
    rows = [
        {
            "name": operation.name,
            "title": operation.title,
            "results": measure(operation, [target], rounds=1, cap=1),
        }
        for operation in operations(SIZE, 1)
    ]
    new = measure_new([target], connections=8, rounds=1, cap=1)
    load = mixed([target], clients=4, seconds=0.5, rounds=1)
    rows.append({"name": "new_8", "title": "new", "results": new})
    rows.append({"name": "mixed", "title": "mixed", "results": load})
    assert not target.complaints
    assert not load["ours"]["failures"]
    found = {
        "servers": ["ours"],
        "operations": rows,
        "memory": {"ours": memory_use(target)},
        "complaints": target.complaints,
    }
    table = tables({"sizes": {SIZE: found}})
    assert "–" not in table
    assert table.count("\n| ours | 3 |") == 1


def test_a_soak_finds_no_fault(target: Target) -> None:
    found = soak(target, clients=6, seconds=1.5)
    assert found["faults"] == []
    assert found["acknowledged_writes"] > 0


def test_a_lost_update_breaks_the_chain(target: Target) -> None:
    href = target.hrefs[0]
    with target.connect() as connection:
        mark = mark_of(connection.send(Request("GET", href)).body)
        links = [(mark - 2, mark - 1), (mark - 1, mark)]
        complete = Account(writes=[(href, *link) for link in links])
        assert lost_updates(complete, {href: mark - 2}, connection) == []
        twice = Account(writes=[(href, *links[1]), (href, *links[1])])
        assert len(lost_updates(twice, {href: mark - 1}, connection)) == 2


def test_wrong_answers_are_named() -> None:
    trial = Trial((propfind("/", "", depth=1),), responses=2)
    two = b"<D:response></D:response>" * 2
    assert trial.complaint([Response(207, {}, two)]) == ""
    assert trial.complaint([Response(207, {}, two * 2)]) == "4 responses instead of 2"
    assert trial.complaint([Response(500, {}, two)]) == "status 500"


def test_gone_members_have_no_etag() -> None:
    body = (
        b'<m xmlns="DAV:"><response><href>/a/</href></response>'
        b"<response><href>/a/1.ics</href><propstat><prop><getetag>&quot;1&quot;</getetag>"
        b"</prop></propstat></response><response><href>/a/2.ics</href></response></m>"
    )
    assert members(Response(207, {}, body)) == [("/a/1.ics", "&quot;1&quot;"), ("/a/2.ics", "")]


def test_hits_of_a_week_are_those_that_overlap_it() -> None:
    hits = Hits(SIZE)
    for start in weeks(5):
        overlapping = [
            event
            for event in map(Event, range(SIZE))
            if event.start.replace(tzinfo=ZONE) < start + WEEK
            and event.end.replace(tzinfo=ZONE) > start
        ]
        assert hits.in_week(start) == len(overlapping)
        assert (start + timedelta(hours=2)).weekday() == 0


def test_events_meet_each_other_where_that_is_measured_only() -> None:
    def times(series: str, count: int) -> set[datetime]:
        return {Event(number, series).start for number in range(count)}

    filled, free = times(FILLED, 10_000), times(FREE, 500)
    assert len(filled) == 10_000
    assert max(event.end - event.start for event in map(Event, range(4))) <= SLOT
    assert len(free) == 500
    assert not free & filled
    assert times(TAKEN, 500) <= filled


def test_a_mark_keeps_the_length() -> None:
    text = Event(7).text.encode()
    assert mark_of(text) == 0
    assert mark_of(marked(text, 123_456)) == 123_456
    assert len(marked(text, 99)) == len(text)


def test_servers_are_described_by_known_keys() -> None:
    said = read_description("name=a,url=http://127.0.0.1:1,calendar=/c=d/,pid=1+2")
    assert said["calendar"] == "/c=d/"
    with pytest.raises(ValueError, match=r"unknown \['colour'\], missing \['calendar'\]"):
        read_description("name=a,url=b,colour=c")
