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


def override(day: int, *, on: int, uid: str = "essai", lines: str = "") -> str:
    """The date of ``day`` November 2026, nine o'clock in Paris, moved to another day."""
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261124T080000Z\r\n"
        f"RECURRENCE-ID;TZID=Europe/Paris:202611{day:02}T090000\r\n"
        f"DTSTART;TZID=Europe/Paris:202611{on:02}T090000\r\n"
        f"DTEND;TZID=Europe/Paris:202611{on:02}T100000\r\n{lines}END:VEVENT\r\n"
    )
