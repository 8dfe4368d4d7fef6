"""A CalDAV client over a real connection, for several writers at once."""

from __future__ import annotations

import base64
import http.client
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

from support.dav import DAV, SYNC


class HttpDav:
    """One program of one account, with a connection of its own."""

    def __init__(self, dav_url: str, login: str) -> None:
        parts = urlsplit(dav_url)
        self._host, self._root = parts.netloc, parts.path.rstrip("/")
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(f"{login}:demo".encode()).decode()
        }
        self._connection = http.client.HTTPConnection(self._host, timeout=60)

    def request(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and text; ``path`` is below the root of CalDAV."""
        sent = {**self._headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if method == "PUT":
            sent["Content-Type"] = "text/calendar; charset=utf-8"
        try:
            self._connection.request(method, self._root + path, body.encode(), sent)
            response = self._connection.getresponse()
            text = response.read().decode()
        except (http.client.HTTPException, ConnectionError, OSError):
            self._connection.close()
            raise
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, text

    def sync(self, calendar: str, token: str) -> tuple[str, dict[str, str], set[str]]:
        """Return the new token, ETags by href of what changed, and what is gone."""
        status, _, text = self.request("REPORT", calendar, SYNC.format(token=token), Depth="1")
        assert status == 207, text
        root = ET.fromstring(text)
        changed, gone = {}, set()
        for response in root.iterfind(f"{DAV}response"):
            href = response.findtext(f"{DAV}href") or ""
            etag = response.findtext(f".//{DAV}getetag")
            if etag:
                changed[href] = etag
            else:
                gone.add(href)
        return root.findtext(f"{DAV}sync-token") or "", changed, gone

    def __enter__(self) -> HttpDav:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class SyncedCopy:
    """What a program holds of a calendar, kept by sync-collection alone."""

    def __init__(self, client: HttpDav, calendar: str) -> None:
        self.client, self._calendar = client, calendar
        self._token = ""
        self.etags: dict[str, str] = {}

    def update(self) -> None:
        """Take over what changed since the last time."""
        self._token, changed, gone = self.client.sync(self._calendar, self._token)
        self.etags.update(changed)
        for href in gone:
            self.etags.pop(href, None)
