"""Other CalDAV servers that run on this machine already, filled with the same events."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.connection import Request
from bench.events import Event
from bench.operations import CALENDAR, propfind
from bench.targets import Target

_KEYS = frozenset(
    {"name", "url", "start", "user", "password", "calendar", "folder", "bulk", "pid", "skip"}
)
_CONNECTIONS = 8
_IS_CALENDAR = re.compile(rb"<(?:\w+:)?calendar\b")


def read_description(description: str) -> dict[str, str]:
    """Read ``key=value,…``; raises ValueError for what is not understood."""
    found = dict(part.partition("=")[::2] for part in description.split(","))
    unknown = sorted(found.keys() - _KEYS)
    missing = sorted({"name", "url", "calendar"} - found.keys())
    if unknown or missing:
        raise ValueError(f"of a server: unknown {unknown}, missing {missing}")
    return found


def prepared(description: dict[str, str], size: int) -> Target:
    """Return the server with a calendar of ``size`` events, made and filled if need be.

    Raises AssertionError where it does not hold them in the end.
    """
    said = {key: value.replace("{size}", str(size)) for key, value in description.items()}
    target = Target(
        name=said["name"],
        url=said["url"],
        start=said.get("start", "/"),
        user=said.get("user", ""),
        password=said.get("password", ""),
        calendar=said["calendar"],
        pids=tuple(_pid(part) for part in said.get("pid", "").split("+") if part),
        skip=frozenset(said.get("skip", "").split("+")),
    )
    with target.connect() as connection:
        answer = connection.send(propfind(target.calendar, "<D:resourcetype/>", depth=0))
        if not _IS_CALENDAR.search(answer.body):
            made = connection.send(Request("MKCALENDAR", target.calendar))
            assert made.status == 201, f"{target.name}: MKCALENDAR {made.status}"
        target.look(connection)
        if len(target.hrefs) < size:
            _fill(target, said, [Event(number) for number in range(size)])
            target.look(connection)
    assert len(target.hrefs) == size, f"{target.name} holds {len(target.hrefs)} of {size} events"
    return target


def _pid(text: str) -> int:
    return int(Path(text).read_text() if "/" in text else text)


def _fill(target: Target, said: dict[str, str], events: list[Event]) -> None:
    if said.get("folder"):
        _copy_into(Path(said["folder"]), events)
    elif said.get("bulk"):
        body = _together(events)
        with target.connect() as connection:
            answer = connection.send(Request("PUT", target.calendar, body, CALENDAR))
        assert answer.status in (200, 201, 204), f"{target.name}: PUT of all {answer.status}"
    else:
        parts = [events[part::_CONNECTIONS] for part in range(_CONNECTIONS)]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(lambda part: _put(target, part), parts))


def _put(target: Target, events: list[Event]) -> None:
    standing = set(target.hrefs)
    with target.connect() as connection:
        for event in events:
            path = target.calendar + event.href
            if path in standing:
                continue
            answer = connection.send(Request("PUT", path, event.text.encode(), CALENDAR))
            assert answer.status in (201, 204), f"{target.name}: PUT {answer.status}"


def _copy_into(folder: Path, events: list[Event]) -> None:
    """Write files where the server keeps them; some keep them in a git repository."""
    for event in events:
        (folder / event.href).write_bytes(event.text.encode())
    if (folder / ".git").exists():
        git = ["git", "-C", str(folder), "-c", "user.name=b", "-c", "user.email=b@example.com"]
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "events"], check=True)


def _together(events: list[Event]) -> bytes:
    """Return all events in one object, with their time zone once."""
    head, _, _ = events[0].text.partition("BEGIN:VEVENT")
    parts = [event.text.partition("BEGIN:VEVENT") for event in events]
    inner = "".join(begin + rest.removesuffix("END:VCALENDAR\r\n") for _, begin, rest in parts)
    return f"{head}{inner}END:VCALENDAR\r\n".encode()
