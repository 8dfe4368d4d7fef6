"""Bodies of CalDAV requests, and a collection as the program of a test sees it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from urllib.parse import unquote
from xml.sax.saxutils import escape, quoteattr

from support.dav import CALDAV, DAV, Answer, DavClient, resources

XMLNS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
NOT_DEFINED = "<C:is-not-defined/>"
EVERYTHING = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'


def comp(name: str, *inner: str) -> str:
    """Return a comp-filter."""
    return f"<C:comp-filter name={quoteattr(name)}>{''.join(inner)}</C:comp-filter>"


def prop(name: str, *inner: str) -> str:
    """Return a prop-filter."""
    return f"<C:prop-filter name={quoteattr(name)}>{''.join(inner)}</C:prop-filter>"


def param(name: str, *inner: str) -> str:
    """Return a param-filter."""
    return f"<C:param-filter name={quoteattr(name)}>{''.join(inner)}</C:param-filter>"


def text_match(text: str, **attributes: str) -> str:
    """Return a text-match; attributes are written with underscores."""
    written = "".join(
        f" {name.replace('_', '-')}={quoteattr(value)}" for name, value in attributes.items()
    )
    return f"<C:text-match{written}>{escape(text)}</C:text-match>"


def time_range(start: str = "", end: str = "") -> str:
    """Return a time-range, open where nothing is given."""
    return f"<C:time-range{_span(start, end)}/>"


def expand(start: str, end: str) -> str:
    """Return calendar-data that asks for the dates of series."""
    return f"<C:calendar-data><C:expand{_span(start, end)}/></C:calendar-data>"


def _span(start: str, end: str) -> str:
    times = (("start", start), ("end", end))
    return "".join(f" {name}={quoteattr(value)}" for name, value in times if value)


def query(*conditions: str, props: str = "<getetag/>", after: str = "") -> str:
    """Return a calendar-query; the conditions stand within the filter on VCALENDAR."""
    return (
        f"<C:calendar-query {XMLNS}><prop>{props}</prop>"
        f"<C:filter>{comp('VCALENDAR', *conditions)}</C:filter>{after}</C:calendar-query>"
    )


def multiget(*hrefs: str, props: str = "<getetag/>") -> str:
    """Return a calendar-multiget."""
    listed = "".join(f"<href>{escape(href)}</href>" for href in hrefs)
    return f"<C:calendar-multiget {XMLNS}><prop>{props}</prop>{listed}</C:calendar-multiget>"


def busy_query(start: str, end: str) -> str:
    """Return a free-busy-query."""
    return f"<C:free-busy-query {XMLNS}>{time_range(start, end)}</C:free-busy-query>"


def sync_collection(
    token: str = "", *, limit: int | None = None, props: str = "<getetag/>", level: str = "1"
) -> str:
    """Return a sync-collection."""
    limited = f"<limit><nresults>{limit}</nresults></limit>" if limit is not None else ""
    return (
        f"<sync-collection {XMLNS}><sync-token>{token}</sync-token>"
        f"<sync-level>{level}</sync-level>{limited}<prop>{props}</prop></sync-collection>"
    )


def propfind_body(props: str) -> str:
    """Return a PROPFIND for properties written as XML."""
    return f"<propfind {XMLNS}><prop>{props}</prop></propfind>"


def set_props(props: str) -> str:
    """Return the part of a PROPPATCH, MKCALENDAR or MKCOL that sets properties."""
    return f"<set><prop>{props}</prop></set>"


def remove_props(props: str) -> str:
    """Return the part of a PROPPATCH that removes properties."""
    return f"<remove><prop>{props}</prop></remove>"


def proppatch_body(*parts: str) -> str:
    """Return a PROPPATCH of parts in their order."""
    return f"<propertyupdate {XMLNS}>{''.join(parts)}</propertyupdate>"


def mkcalendar_body(props: str) -> str:
    """Return a MKCALENDAR that sets properties."""
    return f"<C:mkcalendar {XMLNS}>{set_props(props)}</C:mkcalendar>"


def mkcol_body(props: str) -> str:
    """Return an extended MKCOL that sets properties."""
    return f"<mkcol {XMLNS}>{set_props(props)}</mkcol>"


def component(kind: str, uid: str, lines: str) -> str:
    """Return a calendar object of one component; ``lines`` come with their CRLFs."""
    return calendar(f"BEGIN:{kind}\r\nUID:{uid}\r\nDTSTAMP:20261101T080000Z\r\n{lines}END:{kind}")


def calendar(*components: str) -> str:
    """Return a calendar object of components that lack their last CRLF."""
    inner = "".join(f"{text}\r\n" for text in components)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Essai//FR\r\n{inner}END:VCALENDAR\r\n"


def statuses(answer: Answer) -> dict[str, int]:
    """Return the status of each property of a one-resource answer by Clark name."""
    found: dict[str, int] = {}
    for propstat in answer.xml.iter(f"{DAV}propstat"):
        status = int((propstat.findtext(f"{DAV}status") or "").split()[1])
        found |= {element.tag: status for element in propstat.iterfind(f"{DAV}prop/*")}
    return found


def preconditions(answer: Answer) -> set[str]:
    """Return the Clark names of what failed, in whatever DAV:error of the answer."""
    return {failed.tag for error in answer.xml.iter(f"{DAV}error") for failed in error}


def assert_refused(answer: Answer, precondition: str, *statuses: int) -> None:
    """Hold that a request is refused with a precondition, by default with 403."""
    assert answer.status in (statuses or (403,)), (answer.status, answer.body)
    assert answer.xml.tag == f"{DAV}error", answer.body
    assert precondition in preconditions(answer), answer.body


def same(one: ET.Element, other: ET.Element) -> bool:
    """Whether two elements say the same, whatever their prefixes."""
    return (
        (one.tag, one.attrib, one.text or "") == (other.tag, other.attrib, other.text or "")
        and len(one) == len(other)
        and all(
            same(child, twin) and (child.tail or "") == (twin.tail or "")
            for child, twin in zip(one, other, strict=True)
        )
    )


@dataclass(frozen=True)
class Place:
    """A collection, with the program that works in it."""

    client: DavClient
    path: str

    @property
    def url(self) -> str:
        """The URL path of the collection."""
        return f"/dav{self.path}"

    def put(self, name: str, text: str, *, expect: int = 201) -> Answer:
        """PUT an object."""
        return self.client.put(f"{self.path}{name}", text, expect=expect)

    def report(self, body: str, *, expect: int = 207, depth: str = "1") -> Answer:
        """Send a REPORT to the collection."""
        return self.client.request("REPORT", self.path, body, expect=expect, depth=depth)

    def names(self, body: str) -> set[str]:
        """Return the names of the members that a report finds."""
        return {self.name(href) for href in resources(self.report(body))}

    def hits(self, *conditions: str, after: str = "") -> set[str]:
        """Return the names of the objects that meet the conditions within VCALENDAR."""
        return self.names(query(*conditions, after=after))

    def data(self, name: str, shape: str, *conditions: str, after: str = "") -> str:
        """Return the text of an object as a query with this calendar-data tells it."""
        body = query(*conditions, props=shape, after=after)
        return self.texts(self.report(body))[name]

    def texts(self, answer: Answer) -> dict[str, str]:
        """Return the calendar data of an answer by the members' names."""
        found = resources(answer).items()
        return {self.name(href): one.text(f"{CALDAV}calendar-data") for href, one in found}

    def name(self, href: str) -> str:
        """Return the name of a member, decoded; empty for the collection itself."""
        path = unquote(href)
        assert path.startswith(self.url), href
        return path.removeprefix(self.url)

    def listed(self) -> dict[str, str | None]:
        """Return the ETags of the members by name."""
        found = self.client.propfind(self.path, f"{DAV}getetag", depth=1)
        etags = {
            self.name(href): one.props[f"{DAV}getetag"].text if one.props else None
            for href, one in found.items()
        }
        etags.pop("", None)
        return etags
