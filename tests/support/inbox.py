"""What lies in accounts' scheduling inboxes, and changes that put something there."""

from __future__ import annotations

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import inbox
from support.caldav import Place
from support.dav import DavClient
from support.objects import TIMES, event
from support.scheduling import CLAIRE, IVAN, attendee, lines_of

INBOX = "/ivan/inbox/"
MINE, IVANS, CLAIRES = "/alice/alice/a.ics", "/ivan/ivan/a.ics", "/claire/claire/a.ics"
LATER = TIMES.replace("T09", "T14").replace("T10", "T15")
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=4\r\n"


def switch(book: AppointmentBook, *logins: str, on: bool = True) -> None:
    """Have the inboxes of accounts filled, or no longer."""
    with book.database.writing() as tx:
        for login in logins:
            inbox.switch(tx, login, on=on, now=book.clock())


def place(client: DavClient) -> Place:
    """Return an account's inbox."""
    return Place(client, f"/{client.login}/inbox/")


def number(name: str) -> int:
    """Return the change number that names a message."""
    return int(name.removesuffix(".ics"))


def texts(client: DavClient) -> list[str]:
    """Return the messages, oldest first."""
    box = place(client)
    return [client.get(box.path + name).text for name in sorted(box.listed(), key=number)]


def methods(client: DavClient) -> list[str]:
    """Return what the messages say, oldest first."""
    return [line for text in texts(client) for line in lines_of(text, "METHOD")]


def only(client: DavClient) -> str:
    """Return the one message that there is."""
    (text,) = texts(client)
    return text


def empty(*clients: DavClient) -> None:
    """Take all messages away, as programs do."""
    for client in clients:
        for name in place(client).listed():
            client.delete(place(client).path + name)


def meet(alice: DavClient, *addresses: str, lines: str = "", times: str = TIMES) -> None:
    """Have Alice plan a meeting in her own calendar, with Ivan and Claire unless said."""
    invited = "".join(map(attendee, addresses or (IVAN, CLAIRE)))
    alice.put(MINE, event("a", lines=lines + invited, times=times), expect=201)


def edit(client: DavClient, path: str, old: str, new: str) -> None:
    """Read an object, change a part of its text, and write it back."""
    text = client.get(path).text
    assert old in text
    client.put(path, text.replace(old, new), expect=204)


def postpone(client: DavClient, path: str) -> None:
    """Move a meeting from nine to two o'clock."""
    text = client.get(path).text
    later = text.replace("1125T090000", "1125T140000").replace("1125T100000", "1125T150000")
    assert later != text
    client.put(path, later, expect=204)
