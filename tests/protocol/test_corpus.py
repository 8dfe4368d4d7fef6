"""Objects of real calendars: each is refused with a reason, or kept, and no query breaks.

The files lie beside the project, not in it; without them there is nothing to test. With
``-s`` a table of what became of them is printed.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import create_app
from support.caldav import (
    Place,
    busy_query,
    comp,
    expand,
    multiget,
    prop,
    query,
    sync_collection,
    text_match,
    time_range,
)
from support.dav import DAV, Answer, DavClient, resources
from support.splitting import split

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "ics"
SLOWEST = 2.0
"""Seconds of processor time that a request may take."""

_UID = re.compile(rb"^UID[^:\n]*:([^\n]*)", re.MULTILINE | re.IGNORECASE)
YEARS = [("20000101T000000Z", "20000201T000000Z"), ("20260101T000000Z", "20270101T000000Z")]
RANGES = (
    ("VEVENT", "20000101T000000Z", "20400101T000000Z"),
    ("VEVENT", "20180101T000000Z", "20180201T000000Z"),
    ("VTODO", "20000101T000000Z", "20400101T000000Z"),
    ("VJOURNAL", "20000101T000000Z", "20400101T000000Z"),
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the collection of files is not here")


@dataclass
class Trial:
    """What became of the objects in one calendar."""

    place: Place
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def send(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send a request that may neither fail nor take long."""
        started = time.process_time()
        answer = self.place.client.request(method, path, body, expect=None, environ=None, **headers)
        taken = time.process_time() - started
        self.slowest = max(self.slowest, taken)
        assert answer.status < 500, f"{method} {path}: {answer.status} {answer.body!r}"
        assert taken < SLOWEST, f"{method} {path} took {taken:.1f} s"
        return answer

    def report(self, body: str, path: str = "") -> Answer:
        """Send a REPORT to the calendar, or an object in it."""
        return self.send("REPORT", path or self.place.path, body, depth="0" if path else "1")

    def put(self, name: str, content: bytes) -> Answer:
        """PUT an object and count what became of it."""
        kind = "text/calendar; charset=utf-8"
        answer = self.send("PUT", f"{self.place.path}{name}", content, content_type=kind)
        if answer.status in (201, 204):
            self.outcomes["accepted"] += 1
        else:
            assert 400 <= answer.status < 500
            self.outcomes[_reason(answer)] += 1
        return answer


def _reason(answer: Answer) -> str:
    """Return the precondition that failed, told with a sentence."""
    assert answer.xml.tag == f"{DAV}error", answer.body
    assert answer.xml[1].text, answer.body
    return f"{answer.status} {answer.precondition}"


def _objects() -> Iterator[tuple[str, bytes]]:
    for path in sorted(FOLDER.rglob("*.ics")):
        for number, text in enumerate(split(path.read_bytes())):
            yield f"{path.relative_to(FOLDER)}#{number}", text


def _rounds(objects: list[tuple[str, bytes]]) -> list[list[tuple[str, bytes]]]:
    """Return the objects in lists within which no UID stands twice."""
    seen: Counter[bytes] = Counter()
    found: list[list[tuple[str, bytes]]] = []
    for origin, content in objects:
        uid = _UID.search(content)
        key = uid[1].strip() if uid else b""
        if len(found) <= seen[key]:
            found.append([])
        found[seen[key]].append((origin, content))
        seen[key] += 1
    return found


def _fill(trial: Trial, objects: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """PUT all; return what was accepted by the names in the calendar."""
    accepted: dict[str, bytes] = {}
    for number, (origin, content) in enumerate(objects):
        name = f"{number}.ics"
        answer = trial.put(name, content)
        if answer.status == 201:
            accepted[name] = content
        got = trial.send("GET", f"{trial.place.path}{name}")
        assert got.status == (200 if answer.status == 201 else 404), origin
        if answer.etag is not None:
            assert got.etag == answer.etag, origin
            assert got.body == content.removeprefix(b"\xef\xbb\xbf"), origin
    return accepted


def _look_at_each(trial: Trial, accepted: dict[str, bytes]) -> None:
    """Ask each object in the ways that take it apart."""
    for name in accepted:
        path = f"{trial.place.path}{name}"
        for kind in ("VEVENT", "VTODO"):
            narrow = comp(kind, time_range("20180101T000000Z", "20190101T000000Z"))
            trial.report(query(narrow, props="<getetag/>"), path)
        span = ("20170101T000000Z", "20270101T000000Z")
        answer = trial.report(multiget(f"/dav{path}", props=expand(*span)), trial.place.path)
        assert answer.status in (207, 403), name


def _look_at_all(trial: Trial, accepted: dict[str, bytes]) -> None:
    """Ask the whole calendar: every object is told, and none spoils a report."""
    names = set(accepted)
    assert set(trial.place.listed()) == names
    assert trial.place.hits() == names
    data = trial.report(query(props="<getetag/><C:calendar-data/>"))
    assert set(trial.place.texts(data)) == names
    for kind, start, end in RANGES:
        answer = trial.report(query(comp(kind, time_range(start, end))))
        assert answer.status == 207
        assert {trial.place.name(href) for href in resources(answer)} <= names
    for start, end in YEARS:
        busy = trial.report(busy_query(start, end))
        assert busy.status == 200
        assert b"BEGIN:VFREEBUSY" in busy.body
        shape = expand(start, end)
        expanded = trial.report(query(comp("VEVENT", time_range(start, end)), props=shape))
        assert expanded.status == 207
        assert not re.search(rb"^RRULE", expanded.body, re.MULTILINE)
    words = trial.report(query(comp("VEVENT", prop("SUMMARY", text_match("a")))))
    assert words.status == 207


def _sync_and_delete(trial: Trial, accepted: dict[str, bytes]) -> None:
    answer = trial.report(sync_collection())
    assert {trial.place.name(href) for href in resources(answer)} == set(accepted)
    token = answer.xml.findtext(f"{DAV}sync-token") or ""
    for name in accepted:
        assert trial.send("DELETE", f"{trial.place.path}{name}").status == 204
    told = resources(trial.report(sync_collection(token)))
    assert {trial.place.name(href): one.status for href, one in told.items()} == dict.fromkeys(
        accepted, 404
    )
    assert trial.place.listed() == {}


def _tell(title: str, trial: Trial) -> None:
    print(f"\n{title}: {sum(trial.outcomes.values())} objects, slowest {trial.slowest:.2f} s")  # noqa: T201
    for outcome, count in trial.outcomes.most_common():
        print(f"  {count:5} {outcome}")  # noqa: T201


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["personal", "person"])
def test_every_object(book: AppointmentBook, kind: str) -> None:
    alice = DavClient(create_app(book), "alice")
    path = "/alice/perso/" if kind == "personal" else "/alice/claire/"
    if kind == "personal":
        alice.request("MKCALENDAR", path, expect=201)
    trial = Trial(Place(alice, path))
    objects = list(_objects())
    if kind == "person":
        objects = [(origin, text) for origin, text in objects if b"BEGIN:VEVENT" in text]
    for some in _rounds(objects):
        accepted = _fill(trial, some)
        _look_at_each(trial, accepted)
        _look_at_all(trial, accepted)
        _sync_and_delete(trial, accepted)
    _tell(kind, trial)
    assert trial.outcomes["accepted"] > len(objects) // 2
