"""RFC 4791 §9.7: conditions on components, properties and parameters."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.ical.filters import (
    ComponentFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    TimeRange,
)
from rdv_caldav.ical.matching import matches
from support.caldav import calendar, component
from support.lens import NOW

PARIS = "Europe/Paris"
START = "DTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n"
RICH = component(
    "VEVENT",
    "rich",
    f"{START}SUMMARY;LANGUAGE=fr:L'Été\\, enfin\\nà Lyon\r\nCATEGORIES:Un,Deux\r\n"
    "CATEGORIES:Trois\r\nX-A;X-B=c:d\r\ngroup:x\r\n"
    'ATTENDEE;PARTSTAT=NEEDS-ACTION;CN="Lisa, L":mailto:lisa@a.example\r\n'
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bernard@a.example\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
    "BEGIN:VALARM\r\nACTION:AUDIO\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n",
)
TEXT = TextMatch


def _comp(
    name: str, *inner: ComponentFilter | PropFilter, not_defined: bool = False
) -> ComponentFilter:
    return ComponentFilter(
        name=name,
        is_not_defined=not_defined,
        props=tuple(each for each in inner if isinstance(each, PropFilter)),
        components=tuple(each for each in inner if isinstance(each, ComponentFilter)),
    )


def _prop(name: str, text: str | None = None, *params: ParamFilter, **more: bool) -> PropFilter:
    match = None if text is None else TextMatch(text=text, negated=more.get("negated", False))
    is_not_defined = more.get("not_defined", False)
    return PropFilter(name=name, text_match=match, params=params, is_not_defined=is_not_defined)


def _param(name: str, text: str | None = None, **more: bool) -> ParamFilter:
    match = None if text is None else TextMatch(text=text, negated=more.get("negated", False))
    return ParamFilter(name=name, text_match=match, is_not_defined=more.get("not_defined", False))


def _hits(*inner: ComponentFilter | PropFilter, text: str = RICH) -> bool:
    return matches(text, _comp("VCALENDAR", *inner), floating_zone=PARIS)


@pytest.mark.parametrize(
    ("condition", "hit"),
    [
        (_comp("VEVENT"), True),
        (_comp("vevent"), True),
        (_comp("VTODO"), False),
        (_comp("VEVENT", not_defined=True), False),
        (_comp("VTODO", not_defined=True), True),
        (_comp("VEVENT", _comp("VALARM")), True),
        (_comp("VEVENT", _comp("VALARM", not_defined=True)), False),
        (_comp("VEVENT", _comp("VPOLL", not_defined=True)), True),
        (_comp("VEVENT", _comp("VALARM", _prop("ACTION", "audio"))), True),
        (_comp("VEVENT", _comp("VALARM", _prop("ACTION", "email"))), False),
        # of two alarms, none is both
        (_comp("VEVENT", _comp("VALARM", _prop("ACTION", "display"), _prop("DESCRIPTION"))), False),
        (_prop("PRODID", "essai"), True),
        (_prop("METHOD"), False),
        (_prop("METHOD", not_defined=True), True),
    ],
)
def test_components(condition: ComponentFilter | PropFilter, hit: bool) -> None:
    assert _hits(condition) == hit


@pytest.mark.parametrize(
    ("condition", "hit"),
    [
        (_prop("categories"), True),
        (_prop("LOCATION"), False),
        (_prop("LOCATION", not_defined=True), True),
        (_prop("CATEGORIES", not_defined=True), False),
        (_prop("LOCATION", "x", negated=True), False),
        (_prop("X-A", "d"), True),
        (_prop("CATEGORIES", "deux"), True),
        (_prop("CATEGORIES", "trois"), True),
        (_prop("CATEGORIES", "quatre"), False),
        (_prop("SUMMARY", ", enfin\nà"), True),
        (_prop("SUMMARY", "\\,"), False),
        (_prop("SUMMARY", ""), True),
        (_prop("SUMMARY", "enfin", negated=True), False),
        (_prop("SUMMARY", "paris", negated=True), True),
        (_prop("UID", "rich"), True),
        (_prop("ATTENDEE", None, _param("partstat")), True),
        (_prop("ATTENDEE", None, _param("PARTSTAT", not_defined=True)), False),
        (_prop("ATTENDEE", None, _param("CN", not_defined=True)), True),
        (_prop("ATTENDEE", None, _param("PARTSTAT", "declined")), False),
        (_prop("ATTENDEE", None, _param("CN", "lisa, l")), True),
        (_prop("X-A", None, _param("X-B", "c", negated=True)), False),
        (_prop("X-A", None, _param("X-B", "z", negated=True)), True),
        (_prop("ATTENDEE", "lisa", _param("PARTSTAT", "needs-action")), True),
        # of two participants, none is both
        (_prop("ATTENDEE", "lisa", _param("PARTSTAT", "accepted")), False),
    ],
)
def test_properties_and_parameters(condition: PropFilter, hit: bool) -> None:
    assert _hits(_comp("VEVENT", condition)) == hit


def test_conditions_meet_in_one_component() -> None:
    one = "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:one\r\nEND:VEVENT"
    other = "BEGIN:VEVENT\r\nUID:a\r\nLOCATION:x\r\nEND:VEVENT"
    text = calendar(one, other)
    both = (_prop("SUMMARY", "one"), _prop("LOCATION", "x"))
    assert not _hits(_comp("VEVENT", *both), text=text)
    assert _hits(*(_comp("VEVENT", each) for each in both), text=text)


def test_the_calendar_itself() -> None:
    assert not matches(RICH, _comp("VCALENDAR", not_defined=True), floating_zone=PARIS)
    for text in ("", "x", "BEGIN:VEVENT\r\nEND:VEVENT\r\n"):
        assert matches(text, _comp("VCALENDAR", not_defined=True), floating_zone=PARIS)
        assert not matches(text, _comp("VCALENDAR"), floating_zone=PARIS)
    assert _hits(_comp("VTODO"), text=RICH + component("VTODO", "b", ""))


@pytest.mark.parametrize(
    ("text", "collation", "hit"),
    [
        ("ENFIN", "i;ascii-casemap", True),
        ("l'ÉTé", "i;ascii-casemap", True),
        ("l'été", "i;ascii-casemap", False),
        ("enfin", "i;octet", True),
        ("ENFIN", "i;octet", False),
        ("Ét", "i;octet", True),
        ("l'éTÉ", "i;unicode-casemap", True),
        ("ETE", "i;unicode-casemap", False),
        ("E\u0301te\u0301", "i;unicode-casemap", True),  # decomposed
        ("ENFIN", "i;unicode-casemap", True),
    ],
)
def test_collations(text: str, collation: str, hit: bool) -> None:
    match = TextMatch(text=text, collation=collation)
    assert _hits(_comp("VEVENT", PropFilter(name="SUMMARY", text_match=match))) == hit


def test_letters_that_grow_in_capitals_stay() -> None:
    text = component("VEVENT", "a", f"{START}SUMMARY:Straße\r\nLOCATION:ﬁn\r\n")
    for name, wanted, hit in (
        ("SUMMARY", "STRASSE", False),
        ("SUMMARY", "STRAßE", True),
        ("LOCATION", "fin", False),
        ("LOCATION", "ﬁN", True),
    ):
        match = TextMatch(text=wanted, collation="i;unicode-casemap")
        condition = _comp("VEVENT", PropFilter(name=name, text_match=match))
        assert _hits(condition, text=text) == hit, wanted


def test_ways_to_match() -> None:
    found = {
        way: [
            value
            for value in ("d", "do", "od")
            if _hits(
                _comp("VEVENT", PropFilter(name="X-A", text_match=match)),
                text=component("VEVENT", "a", f"X-A:{value}\r\n"),
            )
        ]
        for way, match in {
            "contains": TextMatch(text="d"),
            "equals": TextMatch(text="d", match_type="equals"),
            "starts-with": TextMatch(text="d", match_type="starts-with"),
            "ends-with": TextMatch(text="d", match_type="ends-with"),
        }.items()
    }
    assert found == {
        "contains": ["d", "do", "od"],
        "equals": ["d"],
        "starts-with": ["d", "do"],
        "ends-with": ["d", "od"],
    }


QUERY = _comp(
    "VCALENDAR",
    ComponentFilter(
        name="VEVENT",
        time_range=TimeRange(NOW, NOW.replace(year=2027)),
        props=(_prop("SUMMARY", "essai"),),
        components=(ComponentFilter(name="VALARM", time_range=TimeRange(NOW, None)),),
    ),
)


def test_a_look_into_sixty_objects_takes_moments() -> None:
    lines = "".join(f"ATTENDEE;CN=Nom {n}:mailto:a{n}@agence.example\r\n" for n in range(10))
    times = (
        "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/Paris:20261125T100000\r\n"
    )
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
    texts = [
        component(
            "VEVENT",
            f"u{n}",
            f"{times}SUMMARY:Essai {n}\r\nDESCRIPTION:{'x' * 300}\r\n{lines}{alarm}",
        )
        for n in range(60)
    ]
    started = time.process_time()
    assert all(matches(text, QUERY, floating_zone=PARIS) for text in texts)
    assert time.process_time() - started < 0.2


_NAMES = st.sampled_from(
    ["DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "TRIGGER"]
)
_VALUES = st.sampled_from(
    [
        *("20261125T090000Z", "20261125", "20261126T090000", "00010101T000000", "99991231T235959"),
        *("PT1H", "-P9999999D", "FREQ=DAILY", "FREQ=DAILY;COUNT=9", "FREQ=YEARLY;BYMONTHDAY=30"),
        *("20261125T090000Z/PT1H", "20261125T090000Z,20261126", "x", ""),
    ]
) | st.text(max_size=20)
_PARAMS = st.sampled_from(
    ["", ";VALUE=DATE", ";TZID=Asia/Tokyo", ";TZID=?", ";RANGE=THISANDFUTURE", ";VALUE=PERIOD", ";"]
)
_BOUNDARIES = st.sampled_from(
    ["END:VEVENT", "BEGIN:VEVENT", "BEGIN:VALARM", "END:VALARM", "BEGIN:VTODO", "END:VTODO"]
)
_LINES = st.builds("{}{}:{}".format, _NAMES, _PARAMS, _VALUES) | _BOUNDARIES


@given(st.lists(_LINES, max_size=12))
def test_nothing_fails(lines: list[str]) -> None:
    text = component("VEVENT", "a", "".join(f"{line}\r\n" for line in lines))
    assert matches(text, QUERY, floating_zone=PARIS) in (True, False)
    for kind in ("VTODO", "VFREEBUSY"):
        inner = ComponentFilter(name=kind, time_range=TimeRange(None, NOW))
        assert matches(text, _comp("VCALENDAR", inner), floating_zone=PARIS) in (True, False)
