"""What becomes of a message that was given to a server and not taken, for mails and text messages.

These are outcomes for whoever sends, not refusals: no page ever shows them. What servers say is
kept short and without addresses, since it is stored and logged.
"""

from __future__ import annotations

import re

LONGEST_REPLY = 200
_ADDRESS = re.compile(r"\S*@\S*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\uffff]+")


class DeliveryFailed(Exception):
    """Root of what can happen. ``code`` is what the server answered, 0 where it did not."""

    def __init__(self, text: str, *, code: int = 0) -> None:
        """Remember the code, and a short text without addresses."""
        self.code = code
        self.text = clean(text)
        super().__init__(f"{code} {self.text}" if code else self.text)


class Deferred(DeliveryFailed):
    """Not taken now, and certainly not sent: to be tried again later."""


class Refused(DeliveryFailed):
    """Never to be taken: this message, or this recipient. Others may be."""


class Unsure(DeliveryFailed):
    """Perhaps taken: it was sent whole, and then the answer was lost.

    Who sends it again may send it twice, with the same Message-ID.
    """


class NotAccepted(DeliveryFailed):
    """The server does not take anything from us: login, certificate, configuration.

    Says nothing of the message: a run ends, and the message's attempts are not counted.
    """


class NotConfigured(NotAccepted):
    """No server is configured."""


def clean(text: str | bytes) -> str:
    """Return what a server said in one short line without addresses."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    hidden = _ADDRESS.sub("…", _UNPRINTABLE.sub(" ", words))
    return " ".join(hidden.split())[:LONGEST_REPLY]
