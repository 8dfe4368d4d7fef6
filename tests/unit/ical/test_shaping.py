"""RFC 4791 §9.6: calendar-data in parts, expanded and limited."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.errors import CalendarDataRefused, TooManyInstances
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.shaping import ComponentShape, DataShape, PropShape, shaped
from support.caldav import component
from support.objects import event, override

PARIS = "Europe/Paris"
ALARM = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Ost\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
TOKYO = "DTSTART;TZID=Asia/Tokyo:20261125T170000\r\nDTEND;TZID=Asia/Tokyo:20261125T180000\r\n"


def _span(start: str, end: str) -> TimeRange:
    first, last = (datetime.strptime(each, "%Y%m%d").replace(tzinfo=UTC) for each in (start, end))
    return TimeRange(first, last)


WEEK = _span("20261123", "20261130")


def _expanded(text: str, span: TimeRange = WEEK) -> str:
    return shaped(text, DataShape(expand=span), floating_zone=PARIS)


def _of(text: str, *names: str, kind: str = "VEVENT") -> list[tuple[str, ...]]:
    """Return some lines of each component, without their names."""
    found = []
    for part in text.split(f"BEGIN:{kind}\r\n")[1:]:
        lines = part.split(f"END:{kind}\r\n")[0].split("\r\n")
        values = {line.partition(":")[0].partition(";")[0]: line for line in lines}
        found.append(tuple(values.get(name, "")[len(name) :] for name in names))
    return found


# -- expand -------------------------------------------------------------------------------


def test_each_date_in_utc() -> None:
    text = event(
        lines=f"RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20261127T080000Z\r\nRDATE:20261129T080000Z\r\n{ALARM}",
        after=override(26, on=29, lines="SUMMARY:Moved\r\n"),
        before=ZONE,
    )
    found = _expanded(text)
    assert _of(found, "DTSTART", "DTEND", "RECURRENCE-ID", "SUMMARY") == [
        (":20261125T080000Z", ":20261125T090000Z", ":20261125T080000Z", ":Essai"),
        (":20261128T080000Z", ":20261128T090000Z", ":20261128T080000Z", ":Essai"),
        (":20261129T080000Z", ":20261129T090000Z", ":20261126T080000Z", ":Moved"),
        (":20261129T080000Z", ":20261129T090000Z", ":20261129T080000Z", ":Essai"),
    ]
    for name in ("RRULE", "RDATE", "EXDATE", "TZID", "VTIMEZONE"):
        assert name not in found
    assert found.count(ALARM) == 3
    assert found.count("UID:essai\r\n") == 4
    icalendar.Calendar.from_ical(found)


def test_only_dates_that_overlap() -> None:
    text = event(lines="RRULE:FREQ=DAILY\r\n")
    assert len(_of(_expanded(text, _span("20261126", "20261128")))) == 2
    assert _of(_expanded(text, _span("20251126", "20251128"))) == []


def test_days_stay_days() -> None:
    times = "DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261126\r\n"
    found = _expanded(event(times=times, lines="RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\r\n"))
    assert _of(found, "DTSTART", "DTEND", "RECURRENCE-ID") == [
        tuple(f";VALUE=DATE:{day}" for day in days)
        for days in (("20261124", "20261126", "20261124"), ("20261126", "20261128", "20261126"))
    ]


def test_floating_times_have_a_zone() -> None:
    times = "DTSTART:20261125T090000\r\nDURATION:PT1H\r\n"
    for rule in ("", "RRULE:FREQ=DAILY;COUNT=1\r\n"):
        found = _expanded(event(times=times, lines=rule))
        assert _of(found, "DTSTART", "DURATION") == [(":20261125T080000Z", ":PT1H")]


def test_what_does_not_repeat_is_told_in_utc() -> None:
    lines = (
        "X-SEEN;TZID=Asia/Tokyo;X-A=b:20261125T170000\r\nX-ODD;TZID=Asia/Tokyo:x\r\n"
        "X-DAY;TZID=Asia/Tokyo:20261125\r\nCREATED:20261101T080000Z\r\n"
    )
    found = _expanded(
        event(times=TOKYO, lines=lines + ALARM, before=ZONE), _span("20000101", "20010101")
    )
    names = ("DTSTART", "DTEND", "RECURRENCE-ID", "X-SEEN", "X-ODD", "X-DAY", "CREATED")
    assert _of(found, *names) == [
        (
            *(":20261125T080000Z", ":20261125T090000Z", "", ";X-A=b:20261125T080000Z"),
            *(";TZID=Asia/Tokyo:x", ";TZID=Asia/Tokyo:20261125", ":20261101T080000Z"),
        )
    ]
    assert ALARM in found
    assert "VTIMEZONE" not in found


def test_an_override_alone() -> None:
    lines = f"RECURRENCE-ID;TZID=Europe/Paris:20261124T090000\r\n{TOKYO}"
    found = _expanded(component("VEVENT", "a", lines))
    assert _of(found, "DTSTART", "RECURRENCE-ID") == [(":20261125T080000Z", ":20261124T080000Z")]


def test_a_period_is_as_long_as_it_says() -> None:
    period = "RDATE;VALUE=PERIOD:20261126T080000Z/PT3H\r\n"
    hour = "DTSTART:20261125T080000Z\r\n{}"
    for end in ("DTEND:20261125T090000Z\r\n", "DURATION:PT1H\r\n", ""):
        found = _expanded(event(times=hour.format(end), lines=period))
        assert _of(found, "DTSTART", "DTEND", "DURATION")[1] == (
            *(":20261126T080000Z", ":20261126T110000Z", ""),
        )
    todo = component(
        "VTODO", "a", f"{hour.format('DUE:20261125T090000Z' + chr(13) + chr(10))}{period}"
    )
    assert _of(_expanded(todo), "DTSTART", "DUE", kind="VTODO") == [
        (":20261125T080000Z", ":20261125T090000Z"),
        (":20261126T080000Z", ":20261126T110000Z"),
    ]


def test_todos_and_journals() -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=2\r\n"
    found = _expanded(component("VTODO", "a", f"DUE;TZID=Asia/Tokyo:20261125T170000\r\n{rule}"))
    assert _of(found, "DUE", "RECURRENCE-ID", kind="VTODO") == [
        (":20261125T080000Z", ":20261125T080000Z"),
        (":20261126T080000Z", ":20261126T080000Z"),
    ]
    found = _expanded(component("VJOURNAL", "a", f"DTSTART;VALUE=DATE:20261125\r\n{rule}"))
    assert len(_of(found, kind="VJOURNAL")) == 2
    undated = component("VTODO", "a", "SUMMARY:x\r\n")
    assert _expanded(undated) == undated


def test_an_override_without_dates_of_its_own() -> None:
    times = "DTSTART:20261125T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
    own = "END:VTODO\r\nBEGIN:VTODO\r\nRECURRENCE-ID:20261126T080000Z\r\nSTATUS:COMPLETED\r\n"
    found = _expanded(component("VTODO", "a", times + own))
    assert _of(found, "RECURRENCE-ID", "STATUS", kind="VTODO") == [
        (":20261125T080000Z", ""),
        (":20261126T080000Z", ":COMPLETED"),
    ]


def test_all_later_dates_moved() -> None:
    lines = (
        "DTSTART:20261124T080000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\nSUMMARY:Old\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261126T080000Z\r\n"
        "DTSTART:20261126T100000Z\r\nSUMMARY:New\r\n"
    )
    found = _expanded(component("VEVENT", "a", lines))
    assert _of(found, "DTSTART", "RECURRENCE-ID", "SUMMARY")[1:] == [
        (":20261125T080000Z", ":20261125T080000Z", ":Old"),
        (":20261126T100000Z", ":20261126T080000Z", ":New"),
        (":20261127T100000Z", ":20261127T080000Z", ":New"),
    ]
    assert "RANGE" not in found


@pytest.mark.parametrize(
    "lines",
    [
        "RRULE:FREQ=DAILY\r\n",
        f"RRULE:FREQ=DAILY\r\nDESCRIPTION:{'x' * 900_000}\r\n",
    ],
)
def test_an_expansion_is_bounded(lines: str) -> None:
    started = time.process_time()
    with pytest.raises(TooManyInstances):
        _expanded(event(lines=lines), _span("20200101", "21990101"))
    assert time.process_time() - started < 2


# -- limits -------------------------------------------------------------------------------


SERIES = event(
    lines="RRULE:FREQ=DAILY;COUNT=10\r\n",
    before=ZONE,
    after=override(26, on=26, lines="SUMMARY:Same\r\n")
    + override(30, on=28, lines="SUMMARY:Moved\r\n"),
)


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        ("20261125", "20261126", []),
        ("20261126", "20261127", ["Same"]),
        ("20261128", "20261129", ["Moved"]),  # by its new time
        ("20261130", "20261201", ["Moved"]),  # by the one it had
        ("20261101", "20261231", ["Same", "Moved"]),
    ],
)
def test_overrides_that_touch_a_range(start: str, end: str, kept: list[str]) -> None:
    shape = DataShape(limit_recurrence=_span(start, end))
    found = shaped(SERIES, shape, floating_zone=PARIS)
    assert [each for (each,) in _of(found, "SUMMARY")] == [f":{name}" for name in ("Essai", *kept)]
    assert ZONE in found
    if len(kept) == 2:
        assert found == SERIES


def test_an_override_of_later_dates_touches_these() -> None:
    text = SERIES.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;", 1)
    for start, end, kept in (("20261202", "20261203", 2), ("20261120", "20261121", 1)):
        shape = DataShape(limit_recurrence=_span(start, end))
        assert len(_of(shaped(text, shape, floating_zone=PARIS))) == kept


@pytest.mark.parametrize(
    "text",
    [
        component("VEVENT", "a", f"RECURRENCE-ID:20261124T080000Z\r\n{TOKYO}"),
        component("VTODO", "a", "SUMMARY:x\r\n"),
        "",
        "odd\r\n",
    ],
)
def test_what_has_no_master_stays(text: str) -> None:
    shape = DataShape(limit_recurrence=_span("20001125", "20001126"), limit_freebusy=WEEK)
    assert shaped(text, shape, floating_zone=PARIS) == text


def test_periods_that_touch_a_range() -> None:
    lines = (
        "FREEBUSY;FBTYPE=BUSY:20261122T230000Z/PT1H,20261125T080000Z/PT1H,20261130T000000Z/PT1H\r\n"
        "FREEBUSY:20261101T080000Z/PT1H\r\nFREEBUSY:20261124T080000Z/PT1H\r\nFREEBUSY:x\r\n"
        f"COMMENT:x\r\n{ALARM}"
    )
    text = component("VFREEBUSY", "a", lines)
    found = shaped(text, DataShape(limit_freebusy=WEEK), floating_zone=PARIS)
    assert found == component(
        "VFREEBUSY",
        "a",
        "FREEBUSY;FBTYPE=BUSY:20261125T080000Z/PT1H\r\nFREEBUSY:20261124T080000Z/PT1H\r\n"
        f"FREEBUSY:x\r\nCOMMENT:x\r\n{ALARM}",
    )


# -- parts --------------------------------------------------------------------------------


def _part(
    *components: ComponentShape, all_props: bool = False, all_components: bool = False
) -> str:
    outer = ComponentShape(
        name="vcalendar", components=components, all_props=all_props, all_components=all_components
    )
    text = component("VEVENT", "a", f"{TOKYO}SUMMARY:x\r\n{ALARM}")
    text = text.replace("BEGIN:VEVENT", f"{ZONE}BEGIN:VEVENT", 1)
    return shaped(text, DataShape(shape=outer), floating_zone=PARIS)


@pytest.mark.parametrize(
    ("found", "has", "lacks"),
    [
        (
            _part(ComponentShape(name="VEVENT", all_props=True), all_props=True),
            "SUMMARY:x",
            "VALARM",
        ),
        (_part(ComponentShape(name="VEVENT", all_components=True)), "BEGIN:VALARM", "SUMMARY"),
        (_part(all_components=True), "SUMMARY:x", "PRODID"),
        (_part(all_props=True), "PRODID", "VEVENT"),
        (_part(ComponentShape(name="VTODO", all_props=True)), "BEGIN:VCALENDAR", "VEVENT"),
        (_part(ComponentShape(name="vtimezone")), ZONE, "VEVENT"),
        (_part(ComponentShape(name="vevent")), ALARM, "PRODID"),
        (
            _part(ComponentShape(name="VEVENT", props=(PropShape(name="uid"),))),
            "BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n",
            "SUMMARY",
        ),
        (
            _part(ComponentShape(name="VEVENT", props=(PropShape(name="DTSTART", no_value=True),))),
            "BEGIN:VEVENT\r\nDTSTART;TZID=Asia/Tokyo:\r\nEND:VEVENT\r\n",
            "2026",
        ),
    ],
)
def test_what_is_named_comes_and_nothing_else(found: str, has: str, lacks: str) -> None:
    assert has in found
    assert lacks not in found


def test_what_is_wanted_whole_stays_to_the_letter() -> None:
    text = SERIES.replace("\r\n", "\n") + "\nodd"
    for shape in (
        DataShape(),
        DataShape(shape=ComponentShape(name="VCALENDAR")),
        DataShape(shape=ComponentShape(name="VCALENDAR", all_props=True, all_components=True)),
        DataShape(shape=ComponentShape(name="VCARD")),
    ):
        assert shaped(text, shape, floating_zone=PARIS) == text


def test_a_part_of_each_date() -> None:
    shape = ComponentShape(
        name="VCALENDAR",
        components=(ComponentShape(name="VEVENT", props=(PropShape(name="DTSTART"),)),),
    )
    found = shaped(
        event(lines="RRULE:FREQ=DAILY;COUNT=2\r\n"),
        DataShape(expand=WEEK, shape=shape),
        floating_zone=PARIS,
    )
    assert found == (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261125T080000Z\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nDTSTART:20261126T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


_PIECES = st.sampled_from(
    [
        *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VFREEBUSY"),
        *("DTSTART:20261125T080000Z", "DTSTART;VALUE=DATE:20261125", "DTEND:x", "RRULE:FREQ=DAILY"),
        *(
            "RECURRENCE-ID:20261126T080000Z",
            "RDATE:20261125/PT1H",
            "FREEBUSY:20261125T080000Z/PT1H",
        ),
        *(
            "DURATION:P1D",
            "DTSTART;TZID=?:20261125T080000",
            "",
            " ",
            "TRIGGER;X=:",
            "EXDATE:20261125",
        ),
    ]
) | st.text(max_size=10)


@given(st.lists(_PIECES, max_size=15))
def test_nothing_fails(pieces: list[str]) -> None:
    text = "BEGIN:VCALENDAR\r\n" + "".join(f"{piece}\r\n" for piece in pieces)
    shape = DataShape(limit_recurrence=WEEK, limit_freebusy=WEEK)
    assert isinstance(shaped(text, shape, floating_zone=PARIS), str)
    try:
        _expanded(text)
    except CalendarDataRefused as refusal:
        pytest.fail(f"refused: {refusal}")
