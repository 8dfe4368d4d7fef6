"""What goes into a feed, and what never does."""

from __future__ import annotations

from rdv_caldav.ical.published import published

PARIS = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0100\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
WHEN = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/Paris:20261125T100000\r\n"
PEOPLE = (
    "ORGANIZER;CN=Agence:mailto:rdv@agence.example\r\n"
    "ATTENDEE;CN=Claire;PARTSTAT=ACCEPTED;EMAIL=c@famille.example;X-RDV-ID=3:mailto:c@famille.example\r\n"
    'ATTENDEE;CN="x@exterieur.example";SENT-BY="mailto:y@exterieur.example":mailto:x@exterieur.example\r\n'
)


def event(uid: str = "a", more: str = "") -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n{PARIS}BEGIN:VEVENT\r\nUID:{uid}\r\n"
        f'{WHEN}SUMMARY;ALTREP="https://interne.example":Visite\r\nLOCATION:Lyon\r\n{PEOPLE}'
        f"X-MOZ-GENERATION:4\r\n{more}BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def feed(*texts: str, busy: str = "") -> list[str]:
    pieces = published(texts, name="Claire", placeholder_domain="rdv.invalid", busy=busy)
    return "".join(pieces).replace("\r\n ", "").split("\r\n")


def test_all_of_it_but_addresses_alarms_and_marks() -> None:
    lines = feed(event("a"), event("b"))
    assert lines.count("METHOD:PUBLISH") == lines.count("BEGIN:VTIMEZONE") == 1
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"} <= set(lines)
    assert {"NAME:Claire", "X-WR-CALNAME:Claire"} <= set(lines)
    assert lines.count("SUMMARY:Visite") == lines.count("LOCATION:Lyon") == 2
    assert "ATTENDEE;CN=Claire;PARTSTAT=ACCEPTED:mailto:participant-1@rdv.invalid" in lines
    assert "ATTENDEE:mailto:participant-2@rdv.invalid" in lines
    assert "ORGANIZER;CN=Agence:mailto:rdv@agence.example" in lines
    text = "\n".join(lines)
    for secret in ("famille.example", "exterieur", "interne", "VALARM", "X-MOZ", "METHOD:REQ"):
        assert secret not in text, secret
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_masked_it_is_no_more_than_when() -> None:
    lines = feed(event("a", "RRULE:FREQ=DAILY;COUNT=2\r\n"), busy="Occupé")
    assert {"SUMMARY:Occupé", "CLASS:PRIVATE", "RRULE:FREQ=DAILY;COUNT=2"} <= set(lines)
    text = "\n".join(lines)
    for secret in ("Visite", "Lyon", "Claire,", "ATTENDEE", "ORGANIZER", "interne"):
        assert secret not in text, secret


def test_what_keeps_nobody_busy() -> None:
    cancelled, refused = event("a", "STATUS:CANCELLED\r\n"), event("b", "TRANSP:TRANSPARENT\r\n")
    assert feed(cancelled).count("TRANSP:TRANSPARENT") == 1
    assert "BEGIN:VEVENT" not in feed(cancelled, refused, busy="Occupé")
    override = (
        f"BEGIN:VEVENT\r\nUID:c\r\nRECURRENCE-ID;TZID=Europe/Paris:20261126T090000\r\n{WHEN}"
        "STATUS:CANCELLED\r\nSUMMARY:Visite\r\nEND:VEVENT\r\n"
    )
    series = event("c").replace("END:VCALENDAR", f"{override}END:VCALENDAR")
    lines = feed(series, busy="Occupé")
    assert lines.count("BEGIN:VEVENT") == 2
    assert lines.count("SUMMARY:Occupé") == lines.count("TRANSP:TRANSPARENT") == 1
