"""An in-process CalDAV client: each verb checks the status and takes the answer apart."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"

SYNC = """<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token>
<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"""
MULTIGET = """<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<prop><getetag/><C:calendar-data/></prop>{hrefs}</C:calendar-multiget>"""
QUERY = """<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR">
<C:comp-filter name="VEVENT"><C:time-range {span}/></C:comp-filter></C:comp-filter>
</C:filter></C:calendar-query>"""


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def etag(self) -> str | None:
        """The ETag, if one was given."""
        return self.headers.get("etag")

    @property
    def xml(self) -> ET.Element:
        """The body as XML."""
        return ET.fromstring(self.body)

    @property
    def precondition(self) -> str:
        """The local name of the precondition in a DAV:error."""
        return self.xml[0].tag.partition("}")[2]


@dataclass
class Resource:
    """One response of a multistatus."""

    href: str
    status: int
    props: dict[str, ET.Element] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The text of a property."""
        return self.props[name].text or ""


@dataclass
class DavClient:
    """One account's program. ``app`` is a WSGI application mounted at ``/dav``."""

    app: Any
    login: str | None = None
    password: str = "demo"

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        *,
        expect: int | None = None,
        environ: dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request; ``headers`` are written with underscores."""
        content = body.encode() if isinstance(body, str) else body
        request: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "/dav",
            "PATH_INFO": path.encode().decode("latin-1"),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "CONTENT_LENGTH": str(len(content)) if content else "",
            "wsgi.input": BytesIO(content),
            "wsgi.errors": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        if self.login is not None:
            credentials = f"{self.login}:{self.password}".encode()
            request["HTTP_AUTHORIZATION"] = f"Basic {base64.b64encode(credentials).decode()}"
        for name, value in headers.items():
            upper = name.upper()
            request[upper if upper.startswith("CONTENT") else f"HTTP_{upper}"] = value
        request |= environ or {}
        seen: dict[str, Any] = {}

        def start_response(status: str, fields: list[tuple[str, str]], *_: object) -> None:
            seen["status"] = int(status[:3])
            seen["headers"] = {name.lower(): value for name, value in fields}

        answer_body = b"".join(self.app(request, start_response))
        answer = Answer(seen["status"], seen["headers"], answer_body)
        if expect is not None:
            assert answer.status == expect, f"{answer.status} instead of {expect}: {answer.body!r}"
        return answer

    def put(self, path: str, text: str, *, expect: int | None = None, **headers: str) -> Answer:
        """PUT an object."""
        headers.setdefault("content_type", "text/calendar; charset=utf-8")
        return self.request("PUT", path, text, expect=expect, environ=None, **headers)

    def get(self, path: str, *, expect: int = 200, **headers: str) -> Answer:
        """GET an object."""
        return self.request("GET", path, expect=expect, environ=None, **headers)

    def delete(self, path: str, *, expect: int = 204, **headers: str) -> Answer:
        """DELETE an object."""
        return self.request("DELETE", path, expect=expect, environ=None, **headers)

    def move(self, path: str, to: str, *, expect: int = 201, **headers: str) -> Answer:
        """MOVE an object."""
        headers["destination"] = f"http://localhost/dav{to}"
        return self.request("MOVE", path, expect=expect, environ=None, **headers)

    def propfind(
        self, path: str, *names: str, depth: int = 0, expect: int = 207
    ) -> dict[str, Resource]:
        """PROPFIND properties by Clark name; all of them without any."""
        props = "".join(
            f'<x:{name.partition("}")[2]} xmlns:x="{name.partition("}")[0][1:]}"/>'
            for name in names
        )
        asked = f"<prop>{props}</prop>" if names else "<allprop/>"
        body = f'<propfind xmlns="DAV:">{asked}</propfind>'
        answer = self.request("PROPFIND", path, body, expect=expect, depth=str(depth))
        return resources(answer) if answer.status == 207 else {}

    def report(self, path: str, body: str, *, expect: int = 207) -> dict[str, Resource]:
        """REPORT."""
        answer = self.request("REPORT", path, body, expect=expect, depth="1")
        return resources(answer) if answer.status == 207 else {}

    def multiget(self, path: str, *hrefs: str) -> dict[str, Resource]:
        """Read several objects by their URLs."""
        listed = "".join(f"<href>{href}</href>" for href in hrefs)
        return self.report(path, MULTIGET.format(hrefs=listed))

    def query(self, path: str, start: str, end: str) -> dict[str, Resource]:
        """Ask for what lies between two UTC times like 20261124T080000Z."""
        return self.report(path, QUERY.format(span=f'start="{start}" end="{end}"'))

    def sync(self, path: str, token: str = "") -> tuple[str, set[str], set[str]]:
        """Return the new token, the hrefs that changed and those that are gone."""
        answer = self.request("REPORT", path, SYNC.format(token=token), expect=207, depth="1")
        found = resources(answer)
        new_token = answer.xml.findtext(f"{DAV}sync-token") or ""
        changed = {href for href, resource in found.items() if resource.status == 200}
        return new_token, changed, set(found) - changed


def resources(answer: Answer) -> dict[str, Resource]:
    """Take a multistatus apart: only properties that were found are listed."""
    found: dict[str, Resource] = {}
    for response in answer.xml.iterfind(f"{DAV}response"):
        href = response.findtext(f"{DAV}href") or ""
        status = response.findtext(f"{DAV}status") or "HTTP/1.1 200 OK"
        resource = Resource(href, int(status.split()[1]))
        for propstat in response.iterfind(f"{DAV}propstat"):
            if " 200 " in (propstat.findtext(f"{DAV}status") or ""):
                for prop in propstat.iterfind(f"{DAV}prop/*"):
                    resource.props[prop.tag] = prop
        found[href] = resource
    return found
