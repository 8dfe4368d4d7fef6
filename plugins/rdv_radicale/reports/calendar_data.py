"""The C:calendar-data element of a request: which part of an object is wanted, and how.

RFC 4791 §9.6, and §5.2.4 on media types.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from rdv_caldav.ical.shaping import ComponentShape, DataShape, PropShape, shaped
from rdv_radicale.answers import DavRefused
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, dav, text_element
from rdv_radicale.properties.selection import Selection
from rdv_radicale.reports.filter_reading import read_time_range
from rdv_radicale.resources.base import CalendarResource

CALENDAR_DATA = caldav("calendar-data")
_DEEPEST = 5
_MOST = 500
"""Elements that say what is wanted of an object: each is held against every object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report wants of each object: properties, and its data in some shape.

    ``shape`` is None for objects as they are; ``has_data`` false where none are wanted.
    """

    selection: Selection
    has_data: bool = False
    shape: DataShape | None = None

    def is_swift(self, calendar: CalendarResource) -> bool:
        """Tell whether hrefs and ETags of a calendar's objects are all that is wanted."""
        return not self.has_data and self.selection.is_swift(calendar)

    def data_element(self, text: str, zone: str) -> str:
        """Return the calendar-data of an object; floating times are in ``zone``."""
        if not self.has_data:
            return ""
        if self.shape is not None:
            text = shaped(text, self.shape, floating_zone=zone)
        return text_element(CALENDAR_DATA, text)


def read_wanted(report: ET.Element, *, minimal: bool) -> Wanted:
    """Read what a report wants: prop, allprop, propname, or nothing but hrefs.

    Raises BadRequest, DavRefused.
    """
    if not any(child.tag in _ASKING for child in report):
        return Wanted(selection=Selection(minimal=minimal))
    selection = Selection.read(report, minimal=minimal)
    prop = report.find(dav("prop"))
    data = prop.find(CALENDAR_DATA) if prop is not None else None
    if data is None:
        return Wanted(selection=selection)
    return Wanted(
        selection=selection.without(CALENDAR_DATA), has_data=True, shape=_read_shape(data)
    )


_ASKING = frozenset({dav("prop"), dav("allprop"), dav("propname")})


def _read_shape(data: ET.Element) -> DataShape | None:
    media_type = data.get("content-type", "text/calendar").strip().lower()
    if media_type != "text/calendar" or data.get("version", "2.0").strip() != "2.0":
        raise DavRefused(caldav("supported-calendar-data"), "only text/calendar 2.0 is given")
    if not len(data):
        return None
    if sum(1 for _ in data.iter()) > _MOST:
        raise BadRequest(f"calendar-data has at most {_MOST} elements")
    expand = data.find(caldav("expand"))
    recurrence = data.find(caldav("limit-recurrence-set"))
    freebusy = data.find(caldav("limit-freebusy-set"))
    if expand is not None and recurrence is not None:
        raise BadRequest("expand and limit-recurrence-set exclude each other")
    for limited in (expand, recurrence, freebusy):
        if limited is not None and not {"start", "end"} <= set(limited.keys()):
            raise BadRequest("a start and an end are expected")
    component = data.find(caldav("comp"))
    return DataShape(
        expand=None if expand is None else read_time_range(expand),
        limit_recurrence=None if recurrence is None else read_time_range(recurrence),
        limit_freebusy=None if freebusy is None else read_time_range(freebusy),
        shape=None if component is None else _component(component, _DEEPEST),
    )


def _component(sent: ET.Element, levels: int) -> ComponentShape:
    if not levels or not sent.get("name"):
        raise BadRequest("a comp has a name and does not nest deeply")
    return ComponentShape(
        name=sent.get("name", "").upper(),
        all_props=sent.find(caldav("allprop")) is not None,
        props=tuple(
            PropShape(name=each.get("name", "").upper(), no_value=each.get("novalue") == "yes")
            for each in sent.findall(caldav("prop"))
        ),
        all_components=sent.find(caldav("allcomp")) is not None,
        components=tuple(_component(each, levels - 1) for each in sent.findall(caldav("comp"))),
    )
