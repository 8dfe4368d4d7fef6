"""Who takes part in objects, scheduling messages, and what is answered to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import icalendar

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind, Role
from rdv_caldav.domain.directory import placeholder_address
from support.caldav import XMLNS, calendar
from support.dav import CALDAV, DAV, Answer, DavClient, Resource, resources
from support.small_agency import _FAST_HASH

DAY = ("20261125T000000Z", "20261126T000000Z")
ALICE, IVAN = "alice@agence.example", "ivan@agence.example"
CLAIRE, SOPHIE = "claire@famille.example", "sophie@famille.example"
AGENCY, GUEST = "rdv@agence.example", "medecin@cabinet.example"
NINE = "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n"
BUSY_AT_NINE = {"BUSY": ["0800-0900"]}
_PERIOD = re.compile(r"^FREEBUSY(?:;FBTYPE=([A-Z-]+))?:(.*)$", re.MULTILINE)
_PARTSTAT = re.compile(r";PARTSTAT=[A-Z-]+")


# -- objects ------------------------------------------------------------------------------


def attendee(address: str, **params: str) -> str:
    """Return an ATTENDEE line; parameters are written with underscores."""
    return _user("ATTENDEE", address, params)


def organizer(address: str, **params: str) -> str:
    """Return an ORGANIZER line; parameters are written with underscores."""
    return _user("ORGANIZER", address, params)


def _user(name: str, address: str, params: dict[str, str]) -> str:
    written = "".join(f";{key.replace('_', '-')}={value}" for key, value in params.items())
    return f"{name}{written}:mailto:{address}\r\n"


def lines_of(text: str, name: str) -> list[str]:
    """Return the unfolded lines of a property, without their CRLFs."""
    lines = text.replace("\r\n", "\n").replace("\n ", "").split("\n")
    return [line for line in lines if re.match(rf"{name}[;:]", line)]


def presence(text: str, address: str) -> str:
    """Return the PARTSTAT of the first ATTENDEE with an address."""
    (line, *_) = [
        each for each in lines_of(text, "ATTENDEE") if each.endswith(f":mailto:{address}")
    ]
    found = _PARTSTAT.search(line)
    return found[0].partition("=")[2] if found else "NEEDS-ACTION"


def answered(text: str, address: str, answer: str) -> str:
    """Return the object as a program writes it that answers for an address, on all dates."""

    def line(match: re.Match[str]) -> str:
        params = _PARTSTAT.sub("", match[1]).replace(";RSVP=TRUE", "")
        return f"ATTENDEE{params};PARTSTAT={answer}:mailto:{address}"

    found, times = re.subn(
        rf"ATTENDEE((?:;[^\r\n]*?)?):mailto:{re.escape(address)}", line, text.replace("\r\n ", "")
    )
    assert times, f"{address} takes no part"
    return found


def answer_at(client: DavClient, path: str, address: str, answer: str) -> Answer:
    """Read an object, answer, and write it back."""
    text = answered(client.get(path).text, address, answer)
    return client.put(path, text, expect=204)


# -- people -------------------------------------------------------------------------------


def hire(book: AppointmentBook, slug: str, kind: PersonKind, *, sector: str = "Sud") -> None:
    """Add a person of a secteur, whose address is his slug's at the agency."""
    with book.database.writing() as tx:
        (place,) = [each for each in tx.people.sectors() if each.name == sector]
        tx.people.add(
            slug=slug,
            kind=kind,
            last_name=slug.capitalize(),
            addresses=[f"{slug}@agence.example"],
            sector_id=place.id,
        )


def retire(book: AppointmentBook, slug: str) -> None:
    """Make a person inactive."""
    with book.database.writing() as tx:
        person = tx.people.by_slug(slug)
        assert person is not None
        tx.people.update(replace(person, active=False))


def admit(book: AppointmentBook, slug: str, role: Role) -> None:
    """Give a person an account, with the slug as its login."""
    with book.database.writing() as tx:
        person = tx.people.by_slug(slug)
        assert person is not None
        tx.accounts.add(login=slug, role=role, password_hash=_FAST_HASH, person_id=person.id)


def placeholder(book: AppointmentBook, slug: str) -> str:
    """Return the address that stands for a person who has none of his own."""
    with book.database.reading() as tx:
        person = tx.people.by_slug(slug)
        assert person is not None
        return placeholder_address(person, tx.agency.settings())


def queued(book: AppointmentBook) -> list[tuple[str, str]]:
    """Return method and recipient of what waits to be mailed, oldest first."""
    with book.database.reading() as tx:
        return [(message.method, message.recipient) for message in tx.outbox.pending()]


def addresses(client: DavClient) -> list[str]:
    """Return an account's calendar-user-address-set, in its order."""
    name = f"{CALDAV}calendar-user-address-set"
    (found,) = client.propfind(f"/{client.login}/", name).values()
    return [href.text or "" for href in found.props[name].iterfind(f"{DAV}href")]


# -- asking when somebody is busy ---------------------------------------------------------


def busy_message(
    *asked: str,
    organizer: str = f"ORGANIZER:mailto:{ALICE}\r\n",
    method: str = "METHOD:REQUEST\r\n",
    times: str = f"DTSTART:{DAY[0]}\r\nDTEND:{DAY[1]}\r\n",
) -> str:
    """Return the scheduling message that asks when these addresses are busy."""
    lines = "".join(f"ATTENDEE:{_uri(address)}\r\n" for address in asked)
    text = calendar(
        f"BEGIN:VFREEBUSY\r\nUID:question\r\nDTSTAMP:20261124T080000Z\r\n{times}{organizer}"
        f"{lines}END:VFREEBUSY"
    )
    return text.replace("BEGIN:VFREEBUSY", f"{method}BEGIN:VFREEBUSY", 1)


def _uri(address: str) -> str:
    return address if ":" in address or address.startswith("/") else f"mailto:{address}"


def post(client: DavClient, text: str, *, path: str = "", expect: int | None = None) -> Answer:
    """POST a message to the account's outbox, or elsewhere."""
    return client.request(
        "POST",
        path or f"/{client.login}/outbox/",
        text,
        expect=expect,
        content_type="text/calendar; charset=utf-8",
    )


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered about one recipient."""

    recipient: str
    request_status: str
    data: str | None

    @property
    def busy(self) -> dict[str, list[str]]:
        """The periods by their type."""
        assert self.data is not None, self.request_status
        return periods(self.data)


def responses(answer: Answer) -> list[Response]:
    """Take a schedule-response apart (RFC 6638 §10)."""
    assert answer.status == 200, (answer.status, answer.body)
    assert answer.headers["content-type"].partition(";")[0] in ("application/xml", "text/xml")
    assert answer.xml.tag == f"{CALDAV}schedule-response"
    return [
        Response(
            recipient=each.findtext(f"{CALDAV}recipient/{DAV}href") or "",
            request_status=each.findtext(f"{CALDAV}request-status") or "",
            data=each.findtext(f"{CALDAV}calendar-data"),
        )
        for each in answer.xml.iterfind(f"{CALDAV}response")
    ]


def ask(client: DavClient, *asked: str, **message: str) -> list[Response]:
    """Ask when addresses are busy, with the account's own first address as ORGANIZER."""
    message.setdefault("organizer", f"ORGANIZER:{addresses(client)[0]}\r\n")
    return responses(post(client, busy_message(*asked, **message)))


def busy_times(client: DavClient, address: str) -> dict[str, list[str]]:
    """Ask when one address is busy on the day that tests are about."""
    (found,) = ask(client, address)
    return found.busy


def periods(text: str) -> dict[str, list[str]]:
    """Return the periods of a VFREEBUSY by their type, as start-end in hours and minutes."""
    unfolded = text.replace("\r\n", "\n").replace("\n ", "")
    kinds: dict[str, list[str]] = {}
    for kind, listed in _PERIOD.findall(unfolded):
        kinds.setdefault(kind or "BUSY", []).extend(map(_hours, listed.split(",")))
    return {kind: sorted(found) for kind, found in kinds.items()}


def _hours(period: str) -> str:
    start, _, end = period.partition("/")
    first = icalendar.vDDDTypes.from_ical(start)
    if end.startswith("P"):
        return f"{first:%H%M}-{first + icalendar.vDuration.from_ical(end):%H%M}"
    return f"{first:%H%M}-{icalendar.vDDDTypes.from_ical(end):%H%M}"


# -- principals ---------------------------------------------------------------------------


def search_body(*conditions: tuple[str, str], attributes: str = "") -> str:
    """Return a principal-property-search of properties, written as XML, and what they match."""
    searches = "".join(
        f"<property-search><prop>{prop}</prop><match>{text}</match></property-search>"
        for prop, text in conditions
    )
    return (
        f"<principal-property-search {XMLNS}{attributes}>{searches}<prop><displayname/>"
        "<resourcetype/><C:calendar-user-address-set/><C:calendar-user-type/></prop>"
        "</principal-property-search>"
    )


def search(client: DavClient, text: str, *, prop: str = "<displayname/>") -> dict[str, Resource]:
    """Return the principals that a property finds, by their URLs."""
    return resources(
        client.request("REPORT", "/", search_body((prop, text)), expect=207, depth="0")
    )
