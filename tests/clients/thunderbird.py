"""Thunderbird without a window, driven from within: its own calendar code does the work."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clients.marionette import Marionette
from support.server import RunningServer, free_port
from support.smtp_sink import SmtpSink, smtp_sink

_PREFERENCES: dict[str, bool | int | str] = {
    "app.update.enabled": False,
    "calendar.timezone.local": "Europe/Paris",
    "calendar.timezone.useSystemTimezone": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.spotlight.firstRunDone": True,
    "network.proxy.type": 0,
}
_PRELUDE = """
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
const transactions = ChromeUtils.importESModule("resource:///modules/CalTransactionManager.sys.mjs");
const mailing = { responseMode: Ci.calIItipItem.AUTO };
const calendarNamed = name => cal.manager.getCalendars().find(one => one.name == name);
"""
_SUBSCRIBE = """
const [location, user, password, address, smtpPort] = args;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init(new URL(location).origin, null, "rdv-caldav", user, password, "", "");
await Services.logins.addLoginAsync(login);
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const identity = MailServices.accounts.createIdentity();
identity.email = address;
identity.doFcc = false;
const outgoing = MailServices.outgoingServer.createServer("smtp");
outgoing.QueryInterface(Ci.nsISmtpServer);
outgoing.hostname = "127.0.0.1";
outgoing.port = smtpPort;
outgoing.authMethod = Ci.nsMsgAuthMethod.none;
outgoing.socketType = Ci.nsMsgSocketType.plain;
identity.smtpServerKey = outgoing.key;
const account = MailServices.accounts.createAccount();
const nowhere = MailServices.accounts.createIncomingServer("nobody", "mail.invalid", "pop3");
nowhere.loginAtStartUp = nowhere.doBiff = false;
account.incomingServer = nowhere;
account.addIdentity(identity);
MailServices.accounts.defaultAccount = account;
const found = await cal.provider.detection.detect(user, password, location, false, [], {});
const calendars = [...found.values()].flat();
for (const calendar of calendars) {
  calendar.setProperty("username", user);
  calendar.setProperty("imip.identity.key", identity.key);
  cal.manager.registerCalendar(calendar);
}
const local = cal.manager.createCalendar("storage", Services.io.newURI("moz-storage-calendar://"));
local.name = "Local";
local.setProperty("imip.identity.key", identity.key);
cal.manager.registerCalendar(local);
return calendars.map(one => [one.name, one.readOnly]);
"""
_ITEMS = """
const all = Ci.calICalendar.ITEM_FILTER_ALL_ITEMS;
const items = await calendarNamed(args[0]).getItemsAsArray(all, 0, null, null);
return Object.fromEntries(items.map(item => [item.id, item.title]));
"""
_ADD = """
const item = new CalEvent(args[1]);
return (await calendarNamed(args[0]).addItem(item)).icalString;
"""
_PLAN = """
const [name, text] = args;
const calendar = calendarNamed(name);
const item = new CalEvent(text);
item.calendar = calendar;
item.setProperty("X-MOZ-SEND-INVITATIONS", "TRUE");
await new transactions.CalAddTransaction(item, calendar, null, mailing).doTransaction();
"""
_POSTPONE = """
const [name, uid, days] = args;
const calendar = calendarNamed(name);
const old = await calendar.getItem(uid);
const changed = old.clone();
const later = cal.createDuration(`P${days}D`);
for (const date of ["startDate", "endDate"]) {
  changed[date] = changed[date].clone();
  changed[date].addDuration(later);
}
changed.setProperty("X-MOZ-SEND-INVITATIONS", "TRUE");
await new transactions.CalModifyTransaction(changed, calendar, old, mailing).doTransaction();
"""
_RENAME = """
const [name, uid, title] = args;
const calendar = calendarNamed(name);
const old = await calendar.getItem(uid);
const changed = old.clone();
changed.title = title;
return (await calendar.modifyItem(changed, old)).icalString;
"""
_ANSWER = """
const [name, uid, presence, original] = args;
const calendar = calendarNamed(name);
const old = await calendar.getItem(uid);
const changed = old.clone();
const said = original
  ? changed.recurrenceInfo.getOccurrenceFor(cal.createDateTime(original)).clone()
  : changed;
const me = cal.itip.getInvitedAttendee(said, calendar);
if (!me) {
  throw new Error("not recognised as an attendee");
}
const mine = me.clone();
said.removeAttendee(me);
mine.participationStatus = presence;
said.addAttendee(mine);
if (original) {
  changed.recurrenceInfo.modifyException(said, true);
}
await new transactions.CalModifyTransaction(changed, calendar, old, mailing).doTransaction();
"""
_DELETE = """
const calendar = calendarNamed(args[0]);
const item = await calendar.getItem(args[1]);
await new transactions.CalDeleteTransaction(item, calendar, item, mailing).doTransaction();
"""
_SYNCHRONISE = "cal.manager.getCalendars().forEach(one => one.refresh());"


class Thunderbird:
    """A running Thunderbird and the calendars that it has found."""

    def __init__(self, marionette: Marionette, sink: SmtpSink) -> None:
        self._marionette = marionette
        self.sink = sink
        """What its mail account sends by."""

    def subscribe(self, server: RunningServer, login: str) -> dict[str, bool]:
        """Find an account's calendars as the assistant does; name to "read only".

        The mail identity is what the program knows its user by without scheduling on the server.
        """
        address = f"{login}@agence.example"
        return dict(self._run(_SUBSCRIBE, server.dav, login, "demo", address, self.sink.port))

    def titles(self, calendar: str) -> dict[str, str]:
        """Return UID to title."""
        found: dict[str, str] = self._run(_ITEMS, calendar)
        return found

    def add(self, calendar: str, text: str) -> str:
        """Create an event and return what the calendar holds then."""
        return str(self._run(_ADD, calendar, text))

    def plan(self, calendar: str, text: str) -> None:
        """Create an event as its dialog does, with "Send invitations" ticked."""
        self._run(_PLAN, calendar, text)

    def postpone(self, calendar: str, uid: str, *, days: int) -> None:
        """Move an event as its dialog does, with "Send invitations" ticked."""
        self._run(_POSTPONE, calendar, uid, days)

    def rename(self, calendar: str, uid: str, title: str) -> str:
        """Change an event's title and return what the calendar holds then."""
        return str(self._run(_RENAME, calendar, uid, title))

    def answer(self, calendar: str, uid: str, presence: str, original: str = "") -> None:
        """Answer as the summary dialog's buttons do.

        ``original`` is one date of a series, as UTC like 20261124T080000Z.
        """
        self._run(_ANSWER, calendar, uid, presence, original)

    def delete(self, calendar: str, uid: str) -> None:
        """Delete an event, and send what is to be sent of that."""
        self._run(_DELETE, calendar, uid)

    def synchronise(self, until: Callable[[], bool]) -> None:
        """Ask the server for news, and wait until something holds."""
        self._run(_SYNCHRONISE)
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end, "Thunderbird never saw it"
            time.sleep(0.1)

    def _run(self, body: str, *arguments: Any) -> Any:
        return self._marionette.run(_PRELUDE + body, *arguments)


@contextmanager
def running_thunderbird(folder: Path) -> Iterator[Thunderbird]:
    """Start Thunderbird with a new profile in a folder and end it with the block."""
    port = free_port()
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(_user_js({**_PREFERENCES, "marionette.port": port}))
    command = ["thunderbird", "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--marionette", "--remote-allow-system-access"]
    with (folder / "thunderbird.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "HOME": str(folder)}, stdout=log, stderr=log
        )
        try:
            with smtp_sink() as sink:
                marionette = Marionette(port)
                yield Thunderbird(marionette, sink)
                marionette.quit()
                process.wait(timeout=30)
        finally:
            process.kill()
            process.wait(timeout=30)


def _user_js(preferences: dict[str, bool | int | str]) -> str:
    def written(value: bool | int | str) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int) else f'"{value}"'

    return "".join(f'user_pref("{name}", {written(v)});\n' for name, v in preferences.items())
