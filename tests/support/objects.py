"""Plain calendar objects for tests, with whatever a test adds to them."""

from __future__ import annotations

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Essai//FR\r\n{before}BEGIN:VEVENT\r\n"
    "UID:{uid}\r\nDTSTAMP:20261124T080000Z\r\n{times}SUMMARY:{summary}\r\n{lines}"
    "END:VEVENT\r\n{after}END:VCALENDAR\r\n"
)
TIMES = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/Paris:20261125T100000\r\n"


def event(
    uid: str = "essai",
    *,
    summary: str = "Essai",
    times: str = TIMES,
    lines: str = "",
    before: str = "",
    after: str = "",
) -> str:
    """A plain object, with whatever a test adds to it."""
    return EVENT.format(
        uid=uid, summary=summary, times=times, lines=lines, before=before, after=after
    )
