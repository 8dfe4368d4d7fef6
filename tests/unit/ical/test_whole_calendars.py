"""Objects in other forms: many as one stream, one as JSON."""

from __future__ import annotations

import json

from rdv_caldav.ical.jcal import to_jcal
from rdv_caldav.ical.merging import merged
from support.objects import event

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0100\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def test_each_zone_stands_once_and_each_event() -> None:
    paris, other = ZONE.format(name="Europe/Paris"), ZONE.format(name="Autre")
    nameless = ZONE.replace("TZID:{name}\r\n", "")
    texts = [
        event("a", before=paris),
        event("b", before=paris + other),
        event("c", before=nameless),
    ]
    text = "".join(merged(texts, name="Agenda, de Claire"))
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "NAME:Agenda\\, de Claire\r\n" in text
    assert text.count("BEGIN:VCALENDAR") == 1
    assert text.count("BEGIN:VTIMEZONE") == 3
    assert [text.count(f"UID:{uid}\r\n") for uid in "abc"] == [1, 1, 1]


def test_a_stream_of_nothing_is_a_calendar() -> None:
    assert "VEVENT" not in "".join(merged([], name="x"))


def test_an_object_as_json() -> None:
    name, _, components = json.loads(to_jcal(event(summary="Été")))
    assert name == "vcalendar"
    (vevent,) = [each for each in components if each[0] == "vevent"]
    assert ["summary", {}, "text", "Été"] in vevent[1]
