"""RFC 4791 (CalDAV): calendar-query (§7.8) and its filters (§9.7)."""

from __future__ import annotations

import pytest

from support.caldav import (
    EVERYTHING,
    NOT_DEFINED,
    XMLNS,
    Place,
    assert_refused,
    comp,
    component,
    param,
    prop,
    query,
    text_match,
    time_range,
)
from support.dav import CALDAV, DAV, Answer, resources

START = "DTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n"
ALARM = "BEGIN:VALARM\r\nACTION:{}\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
RICH = (
    f"{START}SUMMARY;LANGUAGE=fr:L'\u00c9t\u00e9\\, enfin\r\nLOCATION:Lyon\r\n"
    "CATEGORIES:Eins,Zwei\r\nCATEGORIES:Drei\r\nX-A;X-B=c:d\r\nPRIORITY:5\r\n"
    'ATTENDEE;PARTSTAT=NEEDS-ACTION;CN="Lisa, L":mailto:lisa@a.example\r\n'
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bernard@a.example\r\n"
)
OBJECTS = {
    "plain": ("VEVENT", f"{START}SUMMARY:Plain\r\n"),
    "rich": (
        "VEVENT",
        RICH,
    ),
    "alarmed": ("VEVENT", f"{START}SUMMARY:Alarmed\r\n{ALARM.format('DISPLAY')}"),
    "todo": ("VTODO", "SUMMARY:Todo\r\nDUE:20261125T090000Z\r\n"),
    "done": ("VTODO", "SUMMARY:Done\r\nSTATUS:COMPLETED\r\nCOMPLETED:20261125T090000Z\r\n"),
    "journal": ("VJOURNAL", "DTSTART;VALUE=DATE:20261125\r\nSUMMARY:Journal\r\n"),
}
EVENTS = {"plain", "rich", "alarmed"}


@pytest.fixture
def filled(perso: Place) -> Place:
    """A calendar with a few objects of each kind."""
    for name, (kind, lines) in OBJECTS.items():
        perso.put(name, component(kind, name, lines))
    return perso


def test_9_7_vcalendar_alone_is_everything(filled: Place) -> None:
    assert filled.hits() == set(OBJECTS)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (comp("VEVENT"), EVENTS),
        (comp("vevent"), EVENTS),
        (comp("VTODO"), {"todo", "done"}),
        (comp("VJOURNAL"), {"journal"}),
        (comp("VFREEBUSY"), set()),
        (comp("VEVENT", NOT_DEFINED), {"todo", "done", "journal"}),
        (comp("VEVENT", comp("VALARM")), {"alarmed"}),
        (comp("VEVENT", comp("VALARM", NOT_DEFINED)), {"plain", "rich"}),
        (comp("VEVENT", comp("VALARM", prop("ACTION", text_match("DISPLAY")))), {"alarmed"}),
        (comp("VEVENT", comp("VALARM", prop("ACTION", text_match("AUDIO")))), set()),
        (comp("VEVENT") + comp("VTODO"), set()),
    ],
)
def test_9_7_1_components(filled: Place, condition: str, expected: set[str]) -> None:
    assert filled.hits(condition) == expected


def test_9_7_1_conditions_on_vcalendar_itself(filled: Place) -> None:
    assert filled.hits(prop("PRODID", text_match("essai"))) == set(OBJECTS)
    assert filled.hits(prop("METHOD")) == set()
    assert filled.hits(prop("METHOD", NOT_DEFINED)) == set(OBJECTS)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (prop("LOCATION"), {"rich"}),
        (prop("location"), {"rich"}),
        (prop("LOCATION", NOT_DEFINED), {"plain", "alarmed"}),
        (prop("X-A"), {"rich"}),
        (prop("X-NEVER"), set()),
        (prop("X-NEVER", NOT_DEFINED), EVENTS),
        (prop("SUMMARY", text_match("plain")), {"plain"}),
        (prop("SUMMARY", text_match("a")), {"plain", "alarmed"}),
        (prop("SUMMARY", text_match("")), EVENTS),
        (prop("SUMMARY", text_match("enfin")), {"rich"}),
        (prop("SUMMARY", text_match("t\u00e9, en")), {"rich"}),  # as it is read, unescaped
        (prop("SUMMARY", text_match("plain", negate_condition="yes")), {"rich", "alarmed"}),
        (prop("SUMMARY", text_match("plain", negate_condition="no")), {"plain"}),
        (prop("LOCATION", text_match("Paris", negate_condition="yes")), {"rich"}),
        (prop("CATEGORIES", text_match("zwei")), {"rich"}),
        (prop("CATEGORIES", text_match("drei")), {"rich"}),
        (prop("CATEGORIES", text_match("vier")), set()),
        (prop("ATTENDEE", text_match("mailto:lisa@a.example")), {"rich"}),
        (prop("UID", text_match("rich")), {"rich"}),
        (prop("PRIORITY", text_match("5")), {"rich"}),
        (prop("SUMMARY", text_match("a")) + prop("LOCATION", NOT_DEFINED), {"plain", "alarmed"}),
        (prop("SUMMARY", text_match("a")) + prop("LOCATION"), set()),
    ],
)
def test_9_7_2_properties(filled: Place, condition: str, expected: set[str]) -> None:
    assert filled.hits(comp("VEVENT", condition)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (prop("ATTENDEE", param("PARTSTAT")), {"rich"}),
        (prop("ATTENDEE", param("partstat", text_match("needs-action"))), {"rich"}),
        (prop("ATTENDEE", param("PARTSTAT", text_match("DECLINED"))), set()),
        (prop("ATTENDEE", param("CN", NOT_DEFINED)), {"rich"}),
        (prop("ATTENDEE", param("PARTSTAT", NOT_DEFINED)), set()),
        (prop("ATTENDEE", param("CN", text_match("Lisa, L"))), {"rich"}),
        (prop("X-A", param("X-B", text_match("c"))), {"rich"}),
        (prop("X-A", param("X-B", text_match("c", negate_condition="yes"))), set()),
        (prop("SUMMARY", param("LANGUAGE", text_match("fr"))), {"rich"}),
        (
            prop("ATTENDEE", text_match("lisa"), param("PARTSTAT", text_match("NEEDS-ACTION"))),
            {"rich"},
        ),
        (
            # of two participants, none is both
            prop("ATTENDEE", text_match("lisa"), param("PARTSTAT", text_match("ACCEPTED"))),
            set(),
        ),
    ],
)
def test_9_7_3_parameters(filled: Place, condition: str, expected: set[str]) -> None:
    assert filled.hits(comp("VEVENT", condition)) == expected


@pytest.mark.parametrize(
    ("text", "collation", "hit"),
    [
        ("ENFIN", "i;ascii-casemap", True),
        ("l'\u00c9T\u00e9", "i;ascii-casemap", True),
        ("l'\u00e9t\u00e9", "i;ascii-casemap", False),  # folds ASCII alone
        ("enfin", "i;octet", True),
        ("ENFIN", "i;octet", False),
        ("\u00c9t", "i;octet", True),
        ("l'\u00e9T\u00c9", "i;unicode-casemap", True),
        ("autre", "i;unicode-casemap", False),
    ],
)
def test_7_5_1_collations(filled: Place, text: str, collation: str, hit: bool) -> None:
    (found,) = filled.client.propfind(filled.path, f"{CALDAV}supported-collation-set").values()
    known = {one.text for one in found.props[f"{CALDAV}supported-collation-set"]}
    if collation not in known:
        pytest.skip(f"{collation} is not announced")
    condition = prop("SUMMARY", text_match(text, collation=collation))
    assert filled.hits(comp("VEVENT", condition)) == ({"rich"} if hit else set())


def test_9_7_5_the_default_collation_is_ascii_casemap(filled: Place) -> None:
    assert filled.hits(comp("VEVENT", prop("SUMMARY", text_match("ENFIN")))) == {"rich"}


@pytest.mark.parametrize("collation", ["i;nothing", "i;ascii-casemap*"])
def test_7_8_supported_collation(filled: Place, collation: str) -> None:
    condition = prop("SUMMARY", text_match("x", collation=collation))
    answer = _ask(filled, query(comp("VEVENT", condition)))
    assert_refused(answer, f"{CALDAV}supported-collation")


INVALID = {
    "none": "",
    "empty": "<C:filter/>",
    "two": f"<C:filter>{comp('VCALENDAR')}{comp('VCALENDAR')}</C:filter>",
    "not VCALENDAR": f"<C:filter>{comp('VEVENT')}</C:filter>",
    "no name": "<C:filter><C:comp-filter/></C:filter>",
    "nested VCALENDAR": f"<C:filter>{comp('VCALENDAR', comp('VCALENDAR'))}</C:filter>",
    "unnamed property": (
        f"<C:filter>{comp('VCALENDAR', comp('VEVENT', '<C:prop-filter/>'))}</C:filter>"
    ),
    "range and not defined": (
        "<C:filter>"
        + comp("VCALENDAR", comp("VEVENT", NOT_DEFINED, time_range("20261101T000000Z")))
        + "</C:filter>"
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_7_8_valid_filter(filled: Place, case: str) -> None:
    body = f"<C:calendar-query {XMLNS}><prop><getetag/></prop>{INVALID[case]}</C:calendar-query>"
    answer = _ask(filled, body)
    if case == "nested VCALENDAR" and answer.status == 207:
        assert not resources(answer)
        return
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert answer.xml[0].tag in (f"{CALDAV}valid-filter", f"{CALDAV}supported-filter")


def _ask(place: Place, body: str) -> Answer:
    return place.client.request("REPORT", place.path, body, depth="1")


def test_7_8_filters_nest_no_deeper_than_is_sensible(filled: Place) -> None:
    condition = ""
    for _ in range(50):
        condition = comp("VEVENT", condition)
    assert _ask(filled, query(condition)).status in (207, 400, 403)


def test_9_7_conditions_meet_in_one_component(filled: Place) -> None:
    text = component(
        "VEVENT",
        "two",
        f"{START}SUMMARY:Erster\r\n{ALARM.format('AUDIO')}"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nDESCRIPTION:Zweiter\r\nEND:VALARM\r\n",
    )
    filled.put("two", text)
    for action, description, hit in (
        ("AUDIO", "x", True),
        ("DISPLAY", "Zweiter", True),
        ("AUDIO", "Zweiter", False),
    ):
        conditions = (
            prop("ACTION", text_match(action)),
            prop("DESCRIPTION", text_match(description)),
        )
        found = filled.hits(comp("VEVENT", comp("VALARM", *conditions)))
        assert ("two" in found) == hit, (action, description)


def test_9_7_conditions_meet_in_one_date_of_a_series(any_calendar: Place) -> None:
    lines = (
        "DTSTART:20261123T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
        "SUMMARY:Alle\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\n"
        "RECURRENCE-ID:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nDURATION:PT1H\r\n"
        "SUMMARY:Einer\r\n"
    )
    any_calendar.put("a", component("VEVENT", "a", lines))
    for day, word, hit in (
        (23, "alle", True),
        (24, "einer", True),
        (24, "alle", False),
        (25, "einer", False),
    ):
        span = time_range(f"202611{day}T000000Z", f"202611{day + 1}T000000Z")
        found = any_calendar.hits(comp("VEVENT", span, prop("SUMMARY", text_match(word))))
        assert bool(found) == hit, (day, word)


def test_7_8_an_object_itself_can_be_asked(filled: Place) -> None:
    path = f"{filled.path}plain"
    for condition, hit in ((comp("VEVENT"), True), (comp("VTODO"), False)):
        answer = filled.client.request("REPORT", path, query(condition), expect=207, depth="0")
        assert set(resources(answer)) == ({f"{filled.url}plain"} if hit else set())


def test_7_8_depth_0_is_the_calendar_itself(filled: Place) -> None:
    assert resources(filled.report(query(), depth="0")) == {}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("<prop><getetag/></prop>", {f"{DAV}getetag"}),
        ("<allprop/>", {f"{DAV}getetag", f"{DAV}resourcetype", f"{DAV}getcontenttype"}),
        ("<propname/>", {f"{DAV}getetag", f"{DAV}resourcetype", f"{DAV}getcontenttype"}),
        ("", set()),
    ],
    ids=["prop", "allprop", "propname", "none"],
)
def test_9_5_what_is_told(filled: Place, asked: str, names: set[str]) -> None:
    body = f"<C:calendar-query {XMLNS}>{asked}{EVERYTHING}</C:calendar-query>"
    found = resources(filled.report(body))
    assert set(found) == {f"{filled.url}{name}" for name in OBJECTS}
    for one in found.values():
        assert names <= set(one.props)
        if "getetag/" in asked:
            assert one.text(f"{DAV}getetag") == filled.listed()[filled.name(one.href)]


def test_7_8_a_missing_property_is_told_for_each(filled: Place) -> None:
    answer = filled.report(query(comp("VJOURNAL"), props='<getetag/><x xmlns="urn:y"/>'))
    stats = {
        one.findtext(f"{DAV}status"): [child.tag for child in one.iterfind(f"{DAV}prop/*")]
        for one in answer.xml.iter(f"{DAV}propstat")
    }
    assert stats == {"HTTP/1.1 200 OK": [f"{DAV}getetag"], "HTTP/1.1 404 Not Found": ["{urn:y}x"]}
