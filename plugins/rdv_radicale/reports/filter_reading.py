"""Reading C:filter and its kin into conditions (RFC 4791 §9.7 to §9.9)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from rdv_caldav.domain.personal import COMPONENTS
from rdv_caldav.ical.filters import (
    ComponentFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    TimeRange,
)
from rdv_radicale.answers import DavRefused
from rdv_radicale.names import caldav
from rdv_radicale.properties.calendaring import COLLATIONS

_DEEPEST = 5
"""How deep component filters nest: VCALENDAR, VEVENT and VALARM are three."""

_MOST = 200
"""Elements of one filter: each may be held against every object of a calendar."""

_LONGEST_TEXT = 4_000

_TIMED = frozenset({*COMPONENTS, "VFREEBUSY", "VALARM"})
_INSTANT = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_NOT_DEFINED = caldav("is-not-defined")
_TIME_RANGE = caldav("time-range")
_TEXT_MATCH = caldav("text-match")
_COMP_FILTER = caldav("comp-filter")
_PROP_FILTER = caldav("prop-filter")
_PARAM_FILTER = caldav("param-filter")


def read_filter(sent: ET.Element) -> tuple[ComponentFilter, ...]:
    """Return the conditions of a C:filter, each on VCALENDAR, one of which has to hold.

    It is one condition, save where a time-range stands right in that of VCALENDAR: RFC 4791
    §9.9 has no meaning for it, programs mean any component. Raises DavRefused:
    ``valid-filter``, ``supported-filter``, ``supported-collation``.
    """
    inner = sent.findall(_COMP_FILTER)
    if len(inner) != 1 or len(sent) != 1:
        _invalid("a filter has one comp-filter")
    if sum(1 for _ in sent.iter()) > _MOST:
        raise DavRefused(caldav("supported-filter"), f"a filter has at most {_MOST} conditions")
    condition = _component(inner[0], _DEEPEST)
    if condition.name != "VCALENDAR":
        _invalid("the outermost comp-filter is that of VCALENDAR")
    if condition.time_range is None:
        return (condition,)
    if condition.components:
        _invalid("a time-range stands in the comp-filter of what it is about")
    return tuple(
        replace(
            condition,
            time_range=None,
            components=(ComponentFilter(name=name, time_range=condition.time_range),),
        )
        for name in COMPONENTS
    )


def _component(sent: ET.Element, levels: int) -> ComponentFilter:
    name = _name_of(sent)
    _allow(sent, _NOT_DEFINED, _TIME_RANGE, _PROP_FILTER, _COMP_FILTER)
    if not levels:
        raise DavRefused(caldav("supported-filter"), "comp-filters nest too deeply")
    time_range = _only(sent, _TIME_RANGE)
    if time_range is not None and name not in _TIMED | {"VCALENDAR"}:
        raise DavRefused(caldav("supported-filter"), f"{name} has no time")
    return ComponentFilter(
        name=name,
        is_not_defined=_is_not_defined(sent),
        time_range=None if time_range is None else read_time_range(time_range),
        props=tuple(map(_prop, sent.findall(_PROP_FILTER))),
        components=tuple(_component(each, levels - 1) for each in sent.findall(_COMP_FILTER)),
    )


def _prop(sent: ET.Element) -> PropFilter:
    _allow(sent, _NOT_DEFINED, _TIME_RANGE, _TEXT_MATCH, _PARAM_FILTER)
    time_range, text_match = _only(sent, _TIME_RANGE), _only(sent, _TEXT_MATCH)
    if time_range is not None and text_match is not None:
        _invalid("a prop-filter has a time-range or a text-match")
    return PropFilter(
        name=_name_of(sent),
        is_not_defined=_is_not_defined(sent),
        time_range=None if time_range is None else read_time_range(time_range),
        text_match=None if text_match is None else _text_match(text_match),
        params=tuple(map(_param, sent.findall(_PARAM_FILTER))),
    )


def _param(sent: ET.Element) -> ParamFilter:
    _allow(sent, _NOT_DEFINED, _TEXT_MATCH)
    text_match = _only(sent, _TEXT_MATCH)
    return ParamFilter(
        name=_name_of(sent),
        is_not_defined=_is_not_defined(sent),
        text_match=None if text_match is None else _text_match(text_match),
    )


def _text_match(sent: ET.Element) -> TextMatch:
    collation = sent.get("collation", "i;ascii-casemap")
    if collation == "default":
        collation = "i;ascii-casemap"
    if collation not in COLLATIONS:
        raise DavRefused(caldav("supported-collation"), "this collation is not known here")
    negate = sent.get("negate-condition", "no")
    if negate not in ("yes", "no") or len(sent):
        _invalid("a text-match is a text, and negated or not")
    text = sent.text or ""
    if len(text) > _LONGEST_TEXT:
        raise DavRefused(caldav("supported-filter"), "this text is too long to look for")
    return TextMatch(text=text, collation=collation, negated=negate == "yes")


def read_time_range(sent: ET.Element) -> TimeRange:
    """Return a range of UTC instants, open where nothing is said. Raises DavRefused."""
    start, end = _instant(sent.get("start")), _instant(sent.get("end"))
    if start is None and end is None:
        _invalid("a time-range has a start or an end")
    if start is not None and end is not None and start >= end:
        _invalid("a time-range begins before it ends")
    return TimeRange(start=start, end=end)


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    if not _INSTANT.fullmatch(written):
        _invalid("times of a time-range are in UTC")
    try:
        return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        _invalid("a time-range names a day that there is not")


def _name_of(sent: ET.Element) -> str:
    name = sent.get("name", "")
    if not _NAME.fullmatch(name):
        _invalid("a filter names what it looks at")
    return name.upper()


def _only(sent: ET.Element, name: str) -> ET.Element | None:
    found = sent.findall(name)
    if len(found) > 1:
        _invalid("a filter has each condition once")
    return found[0] if found else None


def _is_not_defined(sent: ET.Element) -> bool:
    found = _only(sent, _NOT_DEFINED) is not None
    if found and len(sent) > 1:
        _invalid("is-not-defined stands alone")
    return found


def _allow(sent: ET.Element, *names: str) -> None:
    """RFC 4918 §17 wants unknown elements of others ignored, but not CalDAV's own ones."""
    prefix = caldav("")
    if any(child.tag.startswith(prefix) and child.tag not in names for child in sent):
        raise DavRefused(caldav("supported-filter"), "this condition is not known here")


def _invalid(sentence: str) -> NoReturn:
    raise DavRefused(caldav("valid-filter"), sentence)
