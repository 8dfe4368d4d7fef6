"""Whether mails leave and answers arrive: asks the servers that the settings name.

Nothing is sent but to whom one names, and nothing is taken out of a mailbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import is_loopback
from rdv_caldav.mail.delivery import DeliveryFailed
from rdv_caldav.mail.dns_records import NameServer
from rdv_caldav.mail.imap import Mailbox, MailboxError
from rdv_caldav.mail.imap_server import ImapServer
from rdv_caldav.mail.lmtp import Listen
from rdv_caldav.mail.message import OutgoingMail, build, new_message_id
from rdv_caldav.mail.probing import probe_lmtp, probe_smtp
from rdv_caldav.mail.signing import DkimKey
from rdv_caldav.mail.smtp import open_session
from rdv_caldav.mail.smtp_server import Security, SmtpServer
from rdv_caldav.services.mailing.book import Book
from rdv_caldav.services.mailing.checking_domains import check_domains
from rdv_caldav.services.mailing.delivering import gateway_of
from rdv_caldav.services.mailing.findings import Finding, broken, good, warning

OVERDUE = timedelta(minutes=15)
"""What should have left so long ago is sent by nobody."""

_SAMPLE_TOKEN = "a" * 24


def check_mails(book: Book, names: NameServer, *, send_to: str = "") -> Iterator[Finding]:
    """Look at all that mails need, in the order of their way; ``send_to`` gets a mail, if given."""
    with book.database.reading() as tx:
        agency = tx.agency.settings()
        is_overdue = tx.outbox.is_any_due(now=book.clock() - OVERDUE)
    key = None
    try:
        key = _key(book)
    except InvalidInput as error:
        yield broken("DKIM", str(error), "make it readable for who runs the server, or unset it")
    yield from _outgoing(book, agency, is_overdue=is_overdue)
    yield from _incoming(book, agency)
    if book.settings.smtp_url or book.settings.imap_url or book.settings.lmtp_listen:
        yield from check_domains(agency, key, names)
    yield from _links(book, agency)
    yield from _text_messages(book, agency)
    if send_to:
        yield _sent(book, agency, key, send_to)


def _key(book: Book) -> DkimKey | None:
    settings = book.settings
    if not settings.dkim_domain:
        return None
    return DkimKey.read(
        Path(settings.dkim_key_file), domain=settings.dkim_domain, selector=settings.dkim_selector
    )


# -- out ----------------------------------------------------------------------------------


def _outgoing(book: Book, agency: AgencySettings, *, is_overdue: bool) -> Iterator[Finding]:
    settings = book.settings
    if not settings.smtp_url:
        invites = agency.invite_external_guests or agency.invite_persons or agency.remind_hours
        if invites or is_overdue:
            text = "not set, though mails are to leave: they wait in the outbox"
            yield warning("SMTP", text, "set smtp_url")
        else:
            yield good("SMTP", "not set")
        return
    yield from _mail_server(book, agency)
    if is_overdue:
        fix = "let serve run with mail_worker = 1, or a timer that runs rdv-caldav mail send"
        yield warning("outbox", "messages should have left over a quarter of an hour ago", fix)
    if not settings.mail_worker:
        yield good("worker", "mail_worker = 0: a timer has to run mail send and mail fetch")


def _mail_server(book: Book, agency: AgencySettings) -> Iterator[Finding]:
    try:
        server = SmtpServer.parse(book.settings.smtp_url)
    except InvalidInput as error:
        yield broken("SMTP", str(error), "correct smtp_url; % and @ of a password are %25 and %40")
        return
    senders = [agency.scheduling_address]
    if agency.answers_domain:
        senders.append(f"rdv-{_SAMPLE_TOKEN}@{agency.answers_domain}")
    try:
        found = probe_smtp(server, senders, timeout=float(book.settings.smtp_timeout))
    except (DeliveryFailed, InvalidInput) as error:
        fix = "check host, port, user and password of smtp_url, and that a firewall lets one out"
        yield broken("SMTP", f"{server.host}:{server.port}: {error}", fix)
        return
    login = "logged in" if server.user else "without login"
    yield good("SMTP", f"{server.host}:{server.port} answers, {login}")
    for sender, reason in found.refused.items():
        fix = "let the account send for this address, as an alias or for the whole domain"
        yield broken("SMTP", f"nothing is taken that is from {sender}: {reason}", fix)
    if server.security is Security.NONE and not is_loopback(server.host):
        fix = "use smtp+starttls:// or smtps://"
        yield warning("SMTP", "mails go there without TLS, to be read on the way", fix)
    if not found.reports_failures:
        yield good("SMTP", "it has no DSN: bounces come as servers see fit")


def _sent(book: Book, agency: AgencySettings, key: DkimKey | None, recipient: str) -> Finding:
    if not book.settings.smtp_url:
        return broken("test mail", "there is no server to send it by", "set smtp_url")
    sender = agency.scheduling_address
    try:
        server = SmtpServer.parse(book.settings.smtp_url)
        raw = build(
            OutgoingMail(
                sender=sender,
                sender_name=agency.name,
                recipient=recipient,
                recipient_name="",
                subject="rdv-caldav doctor",
                text="rdv-caldav doctor --send-to\n",
                message_id=new_message_id(sender.rpartition("@")[2]),
                date=book.clock(),
                language="en",
            )
        )
        with open_session(server, timeout=float(book.settings.smtp_timeout)) as session:
            session.send(key.sign(raw) if key else raw, sender=sender, recipient=recipient)
    except (DeliveryFailed, InvalidInput) as error:
        return broken("test mail", str(error), "see what is said of SMTP above")
    return good(
        "test mail",
        "sent; its Authentication-Results there have to say spf=pass, dkim=pass and dmarc=pass",
    )


# -- in -----------------------------------------------------------------------------------


def _incoming(book: Book, agency: AgencySettings) -> Iterator[Finding]:
    settings = book.settings
    if settings.imap_url:
        yield from _mailbox(settings.imap_url, timeout=float(settings.smtp_timeout))
    else:
        yield good("IMAP", "not set")
    if settings.lmtp_listen:
        yield from _lmtp(settings.lmtp_listen, agency)
    is_read = bool(settings.imap_url or settings.lmtp_listen)
    if not is_read and settings.smtp_url:
        yield warning(
            "answers",
            "neither a mailbox nor LMTP is set: answers by mail and bounces are read by nobody",
            "set imap_url or lmtp_listen, or have the mail server run rdv-caldav mail receive",
        )
    if is_read and not agency.answers_domain and not settings.authserv_id.strip():
        yield warning(
            "answers",
            "whom an answer is from is not known: each waits on the page Réponses",
            "set authserv_id to the name of your own mail server, or use a domain for answers",
        )


def _mailbox(url: str, *, timeout: float) -> Iterator[Finding]:
    try:
        server = ImapServer.parse(url)
    except InvalidInput as error:
        yield broken("IMAP", str(error), "correct imap_url; % and @ of a password are %25 and %40")
        return
    where = f"{server.host}:{server.port}"
    try:
        with Mailbox(server, timeout=timeout) as mailbox:
            announces, puts_away = mailbox.announces, mailbox.puts_away
    except MailboxError as error:
        fix = "check host, port, user, password and folder of imap_url; OAuth2 is not supported"
        yield broken("IMAP", f"{where}: {error}", fix)
        return
    how = "says when mail arrives" if announces else "has no IDLE: one looks each imap_poll seconds"
    yield good("IMAP", f"{where} lets us in, folder {server.folder}; it {how}")
    if not puts_away:
        text = "it has neither MOVE nor UIDPLUS: mails that are done stay, marked as deleted"
        yield warning("IMAP", text, "expunge the folder from time to time")


def _lmtp(address: str, agency: AgencySettings) -> Iterator[Finding]:
    try:
        listen = Listen.parse(address)
    except InvalidInput as error:
        yield broken("LMTP", str(error), "correct lmtp_listen")
        return
    if listen.path is None and not is_loopback(listen.host):
        text = f"{address} is not loopback: whoever reaches it can answer for everybody"
        yield warning("LMTP", text, "listen at 127.0.0.1 or a socket, or let a firewall see to it")
    if listen.path is not None and not listen.path.parent.is_dir():
        text = f"the folder {listen.path.parent} does not exist"
        yield broken("LMTP", text, "make it, writable for who runs the server")
        return
    domain = agency.answers_domain or agency.scheduling_address.rpartition("@")[2]
    found = probe_lmtp(listen, domain)
    if found is None:
        yield warning("LMTP", f"nothing listens at {address}", "start rdv-caldav serve")
    elif not (found.takes_own and found.refuses_others):
        text = f"what listens at {address} is not this server, or has other settings"
        yield broken("LMTP", text, "give it an address of its own, or start serve anew")
    else:
        yield good("LMTP", f"{address} takes what is for {domain}, and refuses the rest")


# -- around -------------------------------------------------------------------------------


def _links(book: Book, agency: AgencySettings) -> Iterator[Finding]:
    given, known = book.settings.public_url.rstrip("/"), agency.public_url.rstrip("/")
    if given and given != known:
        text = "public_url is another one than that of the database"
        yield warning("links", text, "run rdv-caldav upgrade, then start serve anew")
    elif known and not known.startswith("https://"):
        text = "public_url is not https: links in mails can be read and changed on the way"
        yield warning("links", text, "put a proxy with TLS before the server (config/proxy)")
    elif known:
        yield good("links", f"invitations link to {known}")
    elif book.settings.smtp_url:
        text = "public_url is not set: invitations have no link to answer by"
        yield warning("links", text, "set public_url, then run rdv-caldav upgrade")


def _text_messages(book: Book, agency: AgencySettings) -> Iterator[Finding]:
    if book.settings.sms_url:
        try:
            gateway_of(book.settings)
        except InvalidInput as error:
            yield broken("SMS", str(error), "correct sms_url, sms_method, sms_headers or sms_body")
        else:
            yield good("SMS", "set; only a message would tell whether the gateway takes it")
    elif agency.remind_by_sms:
        yield warning("SMS", "reminders by SMS are on, and no gateway is set", "set sms_url")
