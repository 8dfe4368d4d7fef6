"""RFC 4791 (CalDAV) §7.9: calendar-multiget."""

from __future__ import annotations

import pytest

from support.caldav import XMLNS, Place, multiget
from support.dav import CALDAV, DAV, Resource, resources
from support.objects import event


def _multiget(
    place: Place, *hrefs: str, asked: str = "<prop><getetag/><C:calendar-data/></prop>"
) -> list[Resource]:
    listed = "".join(f"<href>{href}</href>" for href in hrefs)
    body = f"<C:calendar-multiget {XMLNS}>{asked}{listed}</C:calendar-multiget>"
    answer = place.report(body)
    count = len(answer.xml.findall(f"{DAV}response"))
    found = list(resources(answer).values())
    assert len(found) == count, "a resource is told twice"
    return found


@pytest.fixture
def filled(any_calendar: Place) -> Place:
    """A calendar with three objects."""
    for name in ("a", "b", "c"):
        any_calendar.put(f"{name}.ics", event(name))
    return any_calendar


def test_7_9_what_is_asked_for_is_told(filled: Place) -> None:
    found = _multiget(filled, f"{filled.url}a.ics", f"{filled.url}c.ics")
    assert {one.href for one in found} == {f"{filled.url}a.ics", f"{filled.url}c.ics"}
    for one in found:
        got = filled.client.get(one.href.removeprefix("/dav"))
        assert one.text(f"{DAV}getetag") == got.etag
        data = one.text(f"{CALDAV}calendar-data")
        assert data.splitlines() == got.text.splitlines()


def test_7_9_what_is_missing_has_404_of_its_own(filled: Place) -> None:
    missing = f"{filled.url}missing.ics"
    found = {one.href: one.status for one in _multiget(filled, missing, f"{filled.url}a.ics")}
    assert found == {missing: 404, f"{filled.url}a.ics": 200}


@pytest.mark.parametrize(
    "href",
    [
        "/dav/alice/ivan/a.ics",
        "/dav/ivan/ivan/a.ics",
        "/dav/alice/",
        "/dav/",
        "/",
        "/elsewhere/a.ics",
        "http://elsewhere.example/dav/alice/claire/a.ics",
        "/dav/alice/claire/in/a.ics",
        "/dav/alice/claire/../claire/a.ics",
        "a.ics",
        "",
        "%",
        "/dav/alice/claire/%zz.ics",
        "/dav/alice/claire/%00.ics",
        "/dav/alice/claire/%E9.ics",
        "http://[",
        "mailto:x@y.example",
    ],
)
def test_7_9_an_odd_href_spoils_nothing(filled: Place, href: str) -> None:
    found = {one.href: one for one in _multiget(filled, href, f"{filled.url}a.ics")}
    assert found[f"{filled.url}a.ics"].status == 200
    others = [one for url, one in found.items() if url != f"{filled.url}a.ics"]
    assert all(not one.props or one.status >= 400 for one in others)


@pytest.mark.parametrize("prefix", ["http://localhost", "http://localhost:80", ""])
def test_7_9_absolute_urls_and_paths(filled: Place, prefix: str) -> None:
    (found,) = _multiget(filled, f"{prefix}{filled.url}a.ics")
    assert found.status == 200
    assert found.href.endswith(f"{filled.url}a.ics")


@pytest.mark.parametrize("written", ["%61.ics", "a%2Eics", "a%2eics"])
def test_rfc3986_6_2_2_however_it_is_encoded(filled: Place, written: str) -> None:
    (found,) = _multiget(filled, f"{filled.url}{written}")
    assert found.status == 200
    assert "UID:a" in found.text(f"{CALDAV}calendar-data")


@pytest.mark.parametrize("name", ["é à.ics", "a+b.ics", "a&b.ics", "100%.ics", "a@b;c=d.ics"])
def test_7_9_the_hrefs_of_a_listing_lead_back(filled: Place, name: str) -> None:
    filled.put(name, event("odd"))
    listed = filled.client.propfind(filled.path, f"{DAV}getetag", depth=1)
    href = next(href for href in listed if filled.name(href) == name)
    (found,) = _multiget(filled, href.replace("&", "&amp;"))
    assert "UID:odd" in found.text(f"{CALDAV}calendar-data")


def test_7_9_twice_is_told_once(filled: Place) -> None:
    href = f"{filled.url}a.ics"
    assert [one.href for one in _multiget(filled, href, href)] == [href]


def test_7_9_nothing_asked_for(filled: Place) -> None:
    answer = filled.client.request("REPORT", filled.path, multiget(), depth="1")
    assert answer.status in (207, 400)
    if answer.status == 207:
        assert resources(answer) == {}


def test_7_9_depth_is_no_matter(filled: Place) -> None:
    body = multiget(f"{filled.url}a.ics")
    for depth in ("0", "1", "infinity"):
        assert set(resources(filled.report(body, depth=depth))) == {f"{filled.url}a.ics"}


@pytest.mark.parametrize("asked", ["<allprop/>", "<propname/>", ""])
def test_7_9_allprop_propname_and_none(filled: Place, asked: str) -> None:
    (found,) = _multiget(filled, f"{filled.url}a.ics", asked=asked)
    assert found.status == 200
    if asked:
        assert {f"{DAV}getetag", f"{DAV}resourcetype"} <= set(found.props)


def test_7_9_hundreds_at_once(filled: Place) -> None:
    hrefs = [f"{filled.url}{n}.ics" for n in range(700)]
    found = _multiget(filled, *hrefs, f"{filled.url}b.ics")
    assert [one.href for one in found if one.status == 200] == [f"{filled.url}b.ics"]
    assert len(found) == 701
