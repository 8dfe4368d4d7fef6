"""What carries messages away: a mail server and a gateway for text messages, where configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.domain.mail_templates import Medium
from rdv_caldav.mail.delivery import Deferred, NotAccepted
from rdv_caldav.mail.signing import DkimKey
from rdv_caldav.mail.sms import HttpGateway
from rdv_caldav.mail.smtp import SmtpServer, SmtpSession, open_session
from rdv_caldav.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """What is configured; None where it is not."""

    smtp: SmtpServer | None
    key: DkimKey | None
    gateway: HttpGateway | None
    timeout: float

    @classmethod
    def of(cls, settings: Settings) -> Carriers:
        """Read the program's settings. Raises InvalidInput, which never repeats a password."""
        key = None
        if settings.dkim_domain:
            key = DkimKey.read(
                Path(settings.dkim_key_file),
                domain=settings.dkim_domain,
                selector=settings.dkim_selector,
            )
        return cls(
            smtp=SmtpServer.parse(settings.smtp_url) if settings.smtp_url else None,
            key=key,
            gateway=gateway_of(settings) if settings.sms_url else None,
            timeout=float(settings.smtp_timeout),
        )

    @property
    def media(self) -> tuple[str, ...]:
        """What can be sent at all; the rest waits in the outbox."""
        found = ((Medium.MAIL, self.smtp), (Medium.SMS, self.gateway))
        return tuple(medium.value for medium, carrier in found if carrier is not None)

    def signed(self, raw: bytes) -> bytes:
        """Return a mail with a signature, where there is a key."""
        return self.key.sign(raw) if self.key is not None else raw


def gateway_of(settings: Settings) -> HttpGateway:
    """Return the gateway for text messages that the settings name. Raises InvalidInput."""
    headers = {}
    for line in settings.sms_headers.splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and not colon:
            raise InvalidInput("each line of sms_headers is like Name: value")
        if line.strip():
            headers[name.strip()] = value.strip()
    gateway = HttpGateway(
        url=settings.sms_url,
        method=settings.sms_method,
        headers=headers,
        body=settings.sms_body,
        success=settings.sms_success,
        timeout=float(settings.smtp_timeout),
    )
    gateway.check()
    return gateway


class Delivery:
    """One run of sending: a connection to the mail server is made once, for the first mail."""

    def __init__(self, carriers: Carriers, stack: ExitStack) -> None:
        self._carriers, self._stack = carriers, stack
        self._session: SmtpSession | None = None

    def mail(self, raw: bytes, *, sender: str, recipient: str) -> None:
        """Send a mail. Raises the failures of :mod:`rdv_caldav.mail.delivery`, InvalidInput.

        A server that cannot be reached says nothing of the mail: that is NotAccepted.
        """
        session = self._session or self._connected()
        try:
            session.send(raw, sender=sender, recipient=recipient)
        except Deferred as error:
            if not error.code:
                # the connection is gone: whether there is still a server shows the next mail
                self._session = None
            raise

    def _connected(self) -> SmtpSession:
        assert self._carriers.smtp is not None, "mails are claimed only with a server"
        session = open_session(self._carriers.smtp, timeout=self._carriers.timeout)
        try:
            self._session = self._stack.enter_context(session)
        except Deferred as error:
            raise NotAccepted(error.text, code=error.code) from error
        return self._session

    def text_message(self, text: str, *, number: str) -> None:
        """Send a text message. Raises the same."""
        assert self._carriers.gateway is not None, "they are claimed only with a gateway"
        self._carriers.gateway.send(number, text)


@contextmanager
def opened(carriers: Carriers) -> Iterator[Delivery]:
    """Open a run of sending; what was connected is closed at its end."""
    with ExitStack() as stack:
        yield Delivery(carriers, stack)
