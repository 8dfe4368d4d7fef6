"""calendar-query: the objects of a calendar that meet a condition (RFC 4791 §7.8)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from rdv_caldav.domain.personal import COMPONENTS
from rdv_caldav.ical.filters import ComponentFilter
from rdv_caldav.ical.matching import matches
from rdv_caldav.ical.timezones import known_zone
from rdv_radicale.answers import Answer, DavRefused, multistatus
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav
from rdv_radicale.reports.calendar_data import Wanted, read_wanted
from rdv_radicale.reports.filter_reading import read_filter
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Kind, Member, Resource
from rdv_radicale.resources.zones import zone_in

_DAY = timedelta(days=1)
_DAY_ONE, _DAY_LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A condition, what is wanted of what meets it, and the zone of floating times if said."""

    condition: ComponentFilter
    wanted: Wanted
    zone: str | None

    @property
    def index_condition(self) -> ComponentFilter | None:
        """The condition on an object's component that the index answers for, if there is one."""
        if len(self.condition.components) != 1 or self.condition.is_not_defined:
            return None
        inner = self.condition.components[0]
        return inner if inner.name in COMPONENTS and not inner.is_not_defined else None

    @property
    def index_decides(self) -> bool:
        """Whether the index alone decides, no text has to be looked into."""
        if self.condition.props or self.condition.is_not_defined:
            return False
        if not self.condition.components:
            return True
        inner = self.index_condition
        return inner is not None and not (inner.props or inner.components)

    def wants_listing_of(self, calendar: CalendarResource) -> bool:
        """Tell whether hrefs and ETags of everything are the answer."""
        everything = self.index_decides and not self.condition.components
        inner = self.index_condition
        if inner is not None and inner.time_range is None and calendar.components == (inner.name,):
            everything = self.index_decides
        return everything and self.wanted.is_swift(calendar)


def calendar_query(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer the objects that meet a filter. ``Depth: 0`` asks of the calendar only."""
    queries = _read(request, xml)
    if resource.kind is Kind.OBJECT:
        assert isinstance(resource, CalendarObject)
        calendar = resource.calendar
        met = (_responses(request, calendar, each, _at(resource, each)) for each in queries)
        return multistatus(chain.from_iterable(met))
    assert isinstance(resource, CalendarResource)
    calendar = resource
    # without a Depth header it is 0 (RFC 4791 §7.8), but nobody means that
    if request.depth(default=1) == 0:
        return multistatus(())
    if len(queries) == 1 and queries[0].wants_listing_of(calendar):
        listing = queries[0].wanted.selection.listed(calendar, request.base, calendar.listing())
        return multistatus(listing)
    found = (_responses(request, calendar, each, found_by(calendar, each)) for each in queries)
    return multistatus(chain.from_iterable(found))


def _read(request: Request, xml: ET.Element) -> list[Query]:
    """Return what is asked for; an object that meets one query meets no other."""
    filters = xml.findall(caldav("filter"))
    if len(filters) != 1:
        raise DavRefused(caldav("valid-filter"), "a calendar-query has one filter")
    wanted, zone = read_wanted(xml, minimal=request.prefers_minimal), _zone(xml)
    return [
        Query(condition=condition, wanted=wanted, zone=zone)
        for condition in read_filter(filters[0])
    ]


def _zone(xml: ET.Element) -> str | None:
    """C:timezone (RFC 4791 §9.8) or C:timezone-id (RFC 7809 §5.4)."""
    definition, name = xml.find(caldav("timezone")), xml.find(caldav("timezone-id"))
    if definition is not None and name is not None:
        raise BadRequest("timezone and timezone-id exclude each other")
    if definition is not None:
        found = zone_in((definition.text or "").strip(), "UTC")
        if found is None:
            raise DavRefused(caldav("valid-calendar-data"), "timezone is not one VTIMEZONE")
        return found
    if name is None:
        return None
    found = known_zone(name.text or "")
    if found is None:
        raise DavRefused(caldav("valid-timezone"), "this is no time zone of the tz database")
    return found


def found_by(calendar: CalendarResource, query: Query) -> Iterator[Member]:
    """Yield the objects that meet a query: by the index, and a look into the rest."""
    zone = query.zone or calendar.zone
    is_indexed = zone == calendar.index_zone
    index_decides = query.index_decides and is_indexed
    for member in _candidates(calendar, query, widened=not is_indexed):
        if (index_decides and member.is_certain) or matches(
            member.text, query.condition, floating_zone=zone
        ):
            yield member


def _at(resource: CalendarObject, query: Query) -> Iterator[Member]:
    zone = query.zone or resource.calendar.zone
    for member in resource.calendar.objects([resource.found.href]):
        if matches(member.text, query.condition, floating_zone=zone):
            yield member


def _candidates(calendar: CalendarResource, query: Query, *, widened: bool) -> Iterator[Member]:
    """Yield what the index cannot rule out; days begin elsewhere in other zones."""
    inner = query.index_condition
    if inner is None:
        return calendar.objects()
    if inner.name not in calendar.components:
        return iter(())
    uid = _uid(inner)
    place = calendar.place_of(uid) if uid else None
    if place is not None:
        return calendar.objects([place])
    span = inner.time_range
    if span is None:
        return calendar.of_component(inner.name)
    start, end = (_before(span.start), _after(span.end)) if widened else (span.start, span.end)
    return calendar.in_range(inner.name, start, end)


def _before(start: datetime | None) -> datetime | None:
    """Return a day earlier; None, which is open, where there is none."""
    return start - _DAY if start is not None and start - _DAY_ONE > _DAY else None


def _after(end: datetime | None) -> datetime | None:
    return end + _DAY if end is not None and _DAY_LAST - end > _DAY else None


def _uid(condition: ComponentFilter) -> str | None:
    """Return the UID that is asked for: it stands once in a calendar, whatever else is said."""
    for prop in condition.props:
        if prop.name == "UID" and prop.text_match is not None and not prop.text_match.negated:
            return prop.text_match.text
    return None


def _responses(
    request: Request, calendar: CalendarResource, query: Query, found: Iterator[Member]
) -> Iterator[str]:
    zone = query.zone or calendar.zone
    for member in found:
        data = query.wanted.data_element(member.text, zone)
        resource = CalendarObject(calendar, member)
        yield query.wanted.selection.response(resource, request.base, more=data)
