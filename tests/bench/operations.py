"""What calendar programs do all day, as requests whose answers can be judged."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.connection import Connection, Request, Response
from bench.events import WEEK, Hits, mark_of, marked, weeks
from bench.targets import Target

MULTIGET, CHANGES = 50, 10
_XML = "Content-Type: application/xml; charset=utf-8\r\n"
CALENDAR = "Content-Type: text/calendar; charset=utf-8\r\n"
_NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:CS="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/"'
)
_TOKEN = re.compile(rb"<(?:\w+:)?sync-token[^>]*>\s*([^<]+?)\s*</")
_RESPONSE = re.compile(rb"</(?:\w+:)?response>")
_TOKEN_PROPERTY = "<D:sync-token/><CS:getctag/>"


@dataclass(frozen=True, slots=True)
class Trial:
    """Requests that are timed as one; of the last answer it is known what it must be.

    ``responses`` is how many elements of that name a multistatus has, None where it does not
    matter; one more, for the collection itself, is none too many.
    """

    requests: tuple[Request, ...]
    status: int = 207
    responses: int | None = None

    def complaint(self, answers: Sequence[Response]) -> str:
        """Say what is wrong with the answers, if anything."""
        if answers[-1].status != self.status:
            return f"status {answers[-1].status}"
        if self.responses is None:
            return ""
        found = len(_RESPONSE.findall(answers[-1].body))
        if found - self.responses in (0, 1):
            return ""
        return f"{found} responses instead of {self.responses}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of trial.

    ``prepare`` makes a number of them, outside of what is measured, in a round of a number.
    """

    name: str
    title: str
    prepare: Callable[[Target, Connection, int, int], list[Trial]]


def operations(size: int, rounds: int) -> list[Operation]:
    """Return all that is measured of a calendar of ``size`` events."""
    asked = weeks(rounds)
    hits = Hits(size)

    def week(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
        start = asked[round_ % rounds]
        return [Trial((week_query(target, start),), responses=hits.in_week(start))] * count

    def busy(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
        inner = _time_range(asked[round_ % rounds])
        request = _report(target, "C:free-busy-query", inner, depth=1)
        return [Trial((request,), status=200)] * count

    return [
        Operation("week", "week query, data", week),
        Operation("sync_none", "sync, nothing new", _sync_after(0)),
        Operation("sync_10", f"sync, {CHANGES} changes", _sync_after(CHANGES)),
        Operation("propfind", "PROPFIND depth 1 getetag", _propfind),
        Operation("sync_all", "sync, initial", _sync_all),
        Operation("discovery", "discovery with ctags (3 requests)", _discovery),
        Operation("multiget", f"multiget {MULTIGET}", _multiget),
        Operation("get", "GET 200", _get),
        Operation("get_304", "GET 304", _get_unchanged),
        Operation("put", "PUT update", _put),
        Operation("free_busy", "free-busy, a week", busy),
    ]


# -- requests -----------------------------------------------------------------------------


def propfind(path: str, properties: str, depth: int) -> Request:
    """Return a PROPFIND for some properties."""
    body = f"<D:propfind {_NAMESPACES}><D:prop>{properties}</D:prop></D:propfind>"
    return Request("PROPFIND", path, body.encode(), f"Depth: {depth}\r\n{_XML}")


def _report(target: Target, kind: str, inner: str, depth: int) -> Request:
    body = f"<{kind} {_NAMESPACES}>{inner}</{kind}>"
    return Request("REPORT", target.calendar, body.encode(), f"Depth: {depth}\r\n{_XML}")


def _time_range(start: datetime) -> str:
    end = start + WEEK
    return f'<C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>'


def week_query(target: Target, start: datetime | None) -> Request:
    """Return a calendar-query for all of a week's objects, or of all weeks."""
    times = _time_range(start) if start else ""
    inner = (
        "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"{times}</C:comp-filter></C:comp-filter></C:filter>"
    )
    return _report(target, "C:calendar-query", inner, depth=1)


def sync(target: Target, token: str) -> Request:
    """Return a sync-collection since a token, empty for everything."""
    inner = (
        f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop>"
    )
    return _report(target, "D:sync-collection", inner, depth=0)


def token_in(answer: Response) -> str:
    """Return the sync token that an answer gives."""
    found = _TOKEN.search(answer.body)
    assert found is not None, answer.body[:500]
    return found[1].decode()


def multiget(target: Target, hrefs: Sequence[str]) -> Request:
    """Return a calendar-multiget with data."""
    places = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    inner = f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{places}"
    return _report(target, "C:calendar-multiget", inner, depth=1)


# -- trials -------------------------------------------------------------------------------


def some(target: Target, name: str, round_: int, count: int) -> list[str]:
    """Return some of the events, the same ones for every server."""
    chance = random.Random(f"{name} {round_}")
    return chance.sample(target.hrefs, min(count, len(target.hrefs)))


def _sync_after(changes: int) -> Callable[[Target, Connection, int, int], list[Trial]]:
    def prepare(target: Target, connection: Connection, round_: int, count: int) -> list[Trial]:
        ask = propfind(target.calendar, _TOKEN_PROPERTY, depth=0)
        token = token_in(connection.send(ask))
        for trial in _updates(target, connection, f"sync {changes}", round_, changes):
            assert connection.send(trial.requests[0]).status in (200, 201, 204)
        return [Trial((sync(target, token),), responses=changes)] * count

    return prepare


def _propfind(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
    request = propfind(target.calendar, "<D:getetag/>", depth=1)
    return [Trial((request,), responses=len(target.hrefs))] * count


def _sync_all(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
    return [Trial((sync(target, ""),), responses=len(target.hrefs))] * count


def _discovery(target: Target, connection: Connection, round_: int, count: int) -> list[Trial]:
    first = propfind(target.start, "<D:current-user-principal/><D:resourcetype/>", depth=0)
    principal = _path_in(connection.send(first), "current-user-principal")
    second = propfind(principal, "<C:calendar-home-set/><C:calendar-user-address-set/>", depth=0)
    home = _path_in(connection.send(second), "calendar-home-set")
    properties = (
        "<D:resourcetype/><D:displayname/><D:current-user-privilege-set/><A:calendar-color/>"
        f"<C:supported-calendar-component-set/>{_TOKEN_PROPERTY}"
    )
    return [Trial((first, second, propfind(home, properties, depth=1)))] * count


def _path_in(answer: Response, name: str) -> str:
    pattern = rf"<(?:\w+:)?{name}[^>]*>\s*<(?:\w+:)?href[^>]*>\s*([^<]+?)\s*</"
    found = re.search(pattern, answer.body.decode())
    assert found is not None, f"no {name}: {answer.status} {answer.body[:500]!r}"
    return found[1]


def _multiget(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
    hrefs = some(target, "multiget", round_, MULTIGET)
    return [Trial((multiget(target, hrefs),), responses=len(hrefs))] * count


def _get(target: Target, _: Connection, round_: int, count: int) -> list[Trial]:
    return [Trial((Request("GET", href),), 200) for href in some(target, "get", round_, count)]


def _get_unchanged(target: Target, connection: Connection, round_: int, count: int) -> list[Trial]:
    found = []
    for href in some(target, "304", round_, count):
        etag = connection.send(Request("GET", href)).headers["etag"]
        request = Request("GET", href, headers=f"If-None-Match: {etag}\r\n")
        found.append(Trial((request,), 304))
    return found


def _put(target: Target, connection: Connection, round_: int, count: int) -> list[Trial]:
    return _updates(target, connection, "put", round_, count)


def _updates(
    target: Target, connection: Connection, name: str, round_: int, count: int
) -> list[Trial]:
    found = []
    for href in some(target, name, round_, count):
        standing = connection.send(Request("GET", href))
        condition = f"If-Match: {standing.headers['etag']}\r\n{CALENDAR}"
        body = marked(standing.body, mark_of(standing.body) + 1)
        found.append(Trial((Request("PUT", href, body, condition),), 204))
    return found
