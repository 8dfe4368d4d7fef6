"""Mozilla's remote control: JSON commands over TCP, enough of it to run scripts inside."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

_WRAPPED = """
const args = [...arguments];
const done = args.pop();
(async () => { %s })().then(
  value => done({ value: value ?? null }),
  error => done({ error: `${error}\\n${error?.stack ?? ""}` }),
);
"""
PATIENCE = 60.0
"""Seconds that the program has to start, and a script to end."""


class ScriptFailed(Exception):
    """The script threw inside the program."""


class Marionette:
    """A session in a Mozilla program that was started with ``--marionette``."""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._socket.settimeout(PATIENCE + 10)
        self._incoming = self._socket.makefile("rb")
        self._number = 0
        self._message()  # its greeting
        self.command("WebDriver:NewSession", capabilities={})
        self.command("WebDriver:SetTimeouts", script=int(PATIENCE * 1000))
        self.command("Marionette:SetContext", value="chrome")

    def command(self, name: str, **parameters: Any) -> Any:
        """Give a command and return its result."""
        self._number += 1
        sent = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(sent), sent))
        _, _, error, result = self._message()
        if error:
            raise ScriptFailed(f"{name}: {error['message']}")
        return result

    def run(self, body: str, *arguments: Any) -> Any:
        """Run the body of an asynchronous function, which finds ``arguments`` in ``args``."""
        answer = self.command(
            "WebDriver:ExecuteAsyncScript", script=_WRAPPED % body, args=list(arguments)
        )["value"]
        if "error" in answer:
            raise ScriptFailed(answer["error"])
        return answer["value"]

    def quit(self) -> None:
        """End the program."""
        self.command("Marionette:Quit", flags=["eForceQuit"])
        self._incoming.close()
        self._socket.close()

    def _message(self) -> Any:
        length = b""
        while (byte := self._incoming.read(1)) != b":":
            if not byte:
                raise ConnectionResetError("the program has gone")
            length += byte
        return json.loads(self._incoming.read(int(length)))


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
