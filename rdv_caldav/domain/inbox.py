"""Scheduling messages, and the inboxes that keep them for programs (RFC 5546, RFC 6638 §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """What a message says (RFC 5546 §1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Where an account's messages lie, at one moment.

    ``counter`` is its last change number; what was deleted up to ``floor`` is forgotten.
    """

    is_on: bool = False
    counter: int = 0
    floor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A message as it was put there; ``number``, its change number, is never used again."""

    number: int
    uid: str
    method: Method
    at: datetime
    text: str = field(default="", repr=False)

    @property
    def href(self) -> str:
        """The name under which it stands in the inbox."""
        return f"{self.number}.ics"

    @property
    def etag(self) -> str:
        """Its entity tag: no message ever changes."""
        return f'"{self.number}"'
