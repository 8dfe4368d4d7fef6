"""Runs inside a desktop session with the system's Python: a calendar in Evolution's library.

It reads one JSON command a line and writes one JSON answer a line. Evolution's own processes do
the CalDAV work, as they do for Evolution, GNOME Calendar and the GNOME panel.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import gi  # type: ignore[import-not-found]

gi.require_version("EDataServer", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")

from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    ECal,
    EDataServer,
    GLib,
    ICalGLib,
)

SOURCE = "rdv-caldav"
LIFETIME = 120
"""Seconds after which it ends whatever it is waiting for."""


def connected(url: str, login: str) -> Any:
    """Set up a CalDAV calendar and open it, giving the password when asked for it."""
    registry = EDataServer.SourceRegistry.new_sync(None)  # keeps its sources up to date
    source = _source(registry, url, login)
    opened: list[Any] = []

    def open_it() -> None:
        try:
            opened.append(ECal.Client.connect_sync(source, ECal.ClientSourceType.EVENTS, 20, None))
        except GLib.Error as error:
            opened.append(error)

    threading.Thread(target=open_it, daemon=True).start()
    credentials = EDataServer.NamedParameters.new()
    credentials.set("username", login)
    credentials.set("password", "demo")
    asked = EDataServer.SourceConnectionStatus.AWAITING_CREDENTIALS
    while not opened:
        _turn()
        if source.get_connection_status() == asked:
            source.invoke_authenticate_sync(credentials, None)
        time.sleep(0.1)
    if isinstance(opened[0], GLib.Error):
        raise opened[0]
    return opened[0]


def _source(registry: Any, url: str, login: str) -> Any:
    source = EDataServer.Source.new_with_uid(SOURCE, None)
    source.set_display_name("Rendez-vous")
    source.set_parent("caldav-stub")
    source.get_extension(EDataServer.SOURCE_EXTENSION_CALENDAR).set_backend_name("caldav")
    source.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY).set_method("none")
    parts = urlsplit(url)
    login_as = source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
    login_as.set_host(parts.hostname)
    login_as.set_port(parts.port)
    login_as.set_user(login)
    login_as.set_method("plain/password")
    webdav = source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
    webdav.set_resource_path(parts.path)
    # "Server handles meeting invitations", which the user ticks: it does not ask the server
    webdav.set_calendar_auto_schedule(True)
    registry.commit_source_sync(source, None)
    while not (known := registry.ref_source(SOURCE)):
        _turn()
        time.sleep(0.05)
    return known


def _turn() -> None:
    """Let the library deliver what has happened."""
    context = GLib.MainContext.default()
    while context.pending():
        context.iteration(False)


class Agent:
    """The commands: each a method, its parameters those of the JSON object."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def titles(self) -> dict[str, str]:
        _, found = self._client.get_object_list_sync("#t", None)
        return {one.get_uid(): one.get_summary() for one in found}

    def refresh(self) -> None:
        self._client.refresh_sync(None)

    def text(self, uid: str) -> str:
        return str(self._object(uid).as_ical_string())

    def add(self, text: str) -> None:
        made = ICalGLib.Component.new_from_string(text)
        self._client.create_object_sync(made, ECal.OperationFlags.NONE, None)

    def rename(self, uid: str, title: str) -> None:
        changed = self._object(uid)
        changed.set_summary(title)
        self._modify(changed)

    def leaves_mailing_to_the_server(self) -> bool:
        return bool(self._client.check_save_schedules())

    def postpone(self, uid: str, days: int) -> None:
        changed = self._object(uid)
        for get, put in (("get_dtstart", "set_dtstart"), ("get_dtend", "set_dtend")):
            moment = getattr(changed, get)()
            moment.adjust(days, 0, 0, 0)
            getattr(changed, put)(moment)
        self._modify(changed)

    def answer(self, uid: str, address: str, presence: str, original: str = "") -> None:
        changed = self._object(uid)
        if original:
            changed.set_recurrenceid(ICalGLib.Time.new_from_string(original))
            self._only_once(changed, original)
        attendee = changed.get_first_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        while attendee.get_attendee() != f"mailto:{address}":
            attendee = changed.get_next_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        attendee.set_parameter_from_string("PARTSTAT", presence)
        kind = ECal.ObjModType.THIS if original else ECal.ObjModType.ALL
        self._modify(changed, kind)

    def remove(self, uid: str) -> None:
        flags = ECal.OperationFlags.NONE
        self._client.remove_object_sync(uid, None, ECal.ObjModType.ALL, flags, None)

    def _object(self, uid: str) -> Any:
        return self._client.get_object_sync(uid, None, None)[1]

    def _only_once(self, changed: Any, original: str) -> None:
        """Make a copy of a series the date that it says it is, an hour long."""
        rule = changed.get_first_property(ICalGLib.PropertyKind.RRULE_PROPERTY)
        changed.remove_property(rule)
        start = ICalGLib.Time.new_from_string(original)
        end = ICalGLib.Time.new_from_string(original)
        end.adjust(0, 1, 0, 0)
        changed.set_dtstart(start)
        changed.set_dtend(end)

    def _modify(self, changed: Any, kind: Any = ECal.ObjModType.ALL) -> None:
        self._client.modify_object_sync(changed, kind, ECal.OperationFlags.NONE, None)


def main(url: str, login: str) -> None:
    """Obey until there are no more commands."""
    signal.alarm(LIFETIME)
    agent = Agent(connected(url, login))
    _say("ready")
    for line in sys.stdin:
        name, parameters = json.loads(line)
        _turn()
        _say(getattr(agent, name)(**parameters))


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
