"""What a mail server of tests took, and how it shall behave."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path

from support.certificates import self_signed

ALWAYS = 1_000_000


class Drop(StrEnum):
    """When the connection ends without a word."""

    AT_MAIL = "at-mail"  # before anything was said of the mail
    AT_DATA = "at-data"  # before the mail's text
    WITHIN = "within"  # within the mail's text, if it is too long for the kernel to hold
    LOST = "lost"  # after the final dot, and the mail is not taken
    TAKEN = "taken"  # after the final dot, and the mail is taken: the answer is lost


@dataclass(frozen=True, kw_only=True)
class SunkMail:
    """A mail that was taken, and what was said around it."""

    raw: bytes
    sender: str
    recipients: list[str]
    mail_options: list[str]
    rcpt_options: list[str]
    user: str
    tls: bool
    connection: int


@dataclass
class _Saying:
    """An answer that is given some times instead of the usual one."""

    verb: str
    answer: str
    to: str
    times: int


@dataclass
class SmtpSink:
    """What came, and how the server shall behave; both may be looked at and changed any time."""

    port: int
    host: str = "127.0.0.1"
    scheme: str = "smtp"
    login: tuple[str, str] | None = None
    dsn: bool = True
    smtputf8: bool = True
    delay: float = 0.0
    greylisting: bool = False
    mails: list[SunkMail] = field(default_factory=list)
    connections: int = 0
    log: Path | None = None
    _sayings: list[_Saying] = field(default_factory=list)
    _drops: list[Drop] = field(default_factory=list)
    _greylisted: set[tuple[str, str]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def url(self) -> str:
        """The URL to send to, with the login and the certificate."""
        login = "{}:{}@".format(*self.login) if self.login else ""
        trusted = "" if self.scheme == "smtp" else f"?ca={self_signed()}"
        return f"{self.scheme}://{login}{self.host}:{self.port}{trusted}"

    def say(self, verb: str, answer: str, *, to: str = "", times: int = ALWAYS) -> None:
        """Answer EHLO, RSET, MAIL, RCPT, DATA or the final "." so; ``to`` one recipient only."""
        self._sayings.append(_Saying(verb, answer, to.lower(), times))

    def reject(self, recipient: str) -> None:
        """Refuse a recipient for ever."""
        self.say("RCPT", "550 5.1.1 <" + recipient + "> no such user", to=recipient)

    def defer(self, recipient: str = "", *, times: int = 1) -> None:
        """Put a recipient, or any, off."""
        self.say("RCPT", "451 4.3.0 try again later", to=recipient, times=times)

    def drop(self, when: Drop, *, times: int = 1) -> None:
        """End the connection of the next mails."""
        self._drops.extend([when] * times)

    def behave(self) -> None:
        """Forget all answers and drops."""
        self._sayings.clear()
        self._drops.clear()

    def wait_for(self, number: int, *, seconds: float = 10) -> list[SunkMail]:
        """Return the mails as soon as there are so many."""
        until = time.monotonic() + seconds
        while len(self.mails) < number:
            assert time.monotonic() < until, f"{len(self.mails)} mails came, not {number}"
            time.sleep(0.02)
        return list(self.mails)

    # -- what the server asks -------------------------------------------------------------

    def answer_to(self, verb: str, recipient: str = "") -> str | None:
        """Return what was said to be answered, if anything."""
        for each in self._sayings:
            if each.verb == verb and each.times > 0 and each.to in ("", recipient.lower()):
                each.times -= 1
                return each.answer
        return None

    def is_dropped(self, when: Drop) -> bool:
        """Tell whether the connection ends here; each drop counts once."""
        found = bool(self._drops) and self._drops[0] is when
        if found:
            del self._drops[0]
        return found

    def is_greylisted(self, sender: str, recipient: str) -> bool:
        """Tell whether this pair is seen for the first time."""
        known = (sender, recipient) in self._greylisted
        self._greylisted.add((sender, recipient))
        return self.greylisting and not known

    def take(self, mail: SunkMail) -> None:
        """Keep a mail; in the folder, only whole files ever have the name of a mail."""
        self.mails.append(mail)
        if self.log is None:
            return
        number = next(self._numbers)
        around = {**asdict(mail), "raw": len(mail.raw), "time": time.time()}
        (self.log / f"{number:06}.json").write_text(json.dumps(around))
        unfinished = self.log / f"{number:06}.part"
        unfinished.write_bytes(mail.raw)
        unfinished.rename(unfinished.with_suffix(".eml"))
