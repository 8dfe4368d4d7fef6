"""What ``doctor`` says, beside real servers: for mails, mailboxes, LMTP and names."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dkim
import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.mail.dns_records import NameServer
from rdv_caldav.mail.lmtp import Listen
from rdv_caldav.services.mailing.checking import check_mails
from rdv_caldav.services.mailing.fetching import lmtp_server
from rdv_caldav.services.mailing.findings import Level
from support.dns_server import DnsServer, dns_server
from support.dovecot import Dovecot, running_dovecot
from support.mailroom import Mailroom
from support.scenario import Clock
from support.server import free_port
from support.smtp_sink import SmtpSink, smtp_sink

GOOD, WARNING, BROKEN = Level.GOOD, Level.WARNING, Level.BROKEN
PASSWORD = "geheim-77"
SELECTOR = "rdv._domainkey.agence.example"
Key = tuple[Path, str]


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot]:
    """A mailbox that offers all we use."""
    with running_dovecot() as running:
        yield running


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    """A key in a file, and the record of its public half."""
    path = tmp_path_factory.mktemp("key") / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    return path, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


@pytest.fixture
def names(key: Key) -> Iterator[DnsServer]:
    """The DNS of an agency that has all in order."""
    with dns_server() as server:
        for domain in ("agence.example", "rdv.agence.example"):
            server.records[domain, "MX"] = ["10 mx.agence.example.", "20 spare.agence.example."]
            server.text(domain, "other=1", "v=spf1 ip4:192.0.2.1 -all")
        server.records["mx.agence.example", "A"] = ["192.0.2.1"]
        server.text("_dmarc.agence.example", "v=DMARC1; p=quarantine; rua=mailto:p@agence.example")
        server.text(SELECTOR, key[1])
        yield server


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server that wants a login, with TLS."""
    with smtp_sink(scheme="smtp+starttls", login=("rdv", PASSWORD)) as found:
        yield found


class Installation:
    """An agency whose mails are all in order, until a test changes something."""

    def __init__(self, book: AppointmentBook, names: DnsServer) -> None:
        self.book, self.names = book, names

    def set(self, **settings: object) -> None:
        """Change settings of the agency."""
        with self.book.database.writing() as tx:
            for name, value in settings.items():
                tx.agency.save_setting(name, value)

    def configure(self, **settings: Any) -> None:
        """Change settings of the program."""
        self.book = replace(self.book, settings=replace(self.book.settings, **settings))

    def said(self, subject: str = "", *, send_to: str = "") -> list[tuple[Level, str]]:
        """Return what is said of a subject, or of all; what is not good says how to mend it."""
        server = NameServer(self.names.address, timeout=1)
        found = list(check_mails(self.book, server, send_to=send_to))
        for each in found:
            assert bool(each.fix) == (each.level is not GOOD), each
            assert PASSWORD not in each.text + each.fix
        return [(each.level, each.text) for each in found if subject in ("", each.subject)]


@pytest.fixture
def installation(
    book: AppointmentBook, names: DnsServer, sink: SmtpSink, mailbox: Dovecot, key: Key
) -> Iterator[Installation]:
    """All in order: servers, names, keys."""
    made = Installation(book, names)
    made.set(answers_domain="rdv.agence.example", public_url="https://rdv.agence.example")
    port = free_port()
    made.configure(
        smtp_url=sink.url,
        smtp_timeout=5,
        imap_url=mailbox.url,
        lmtp_listen=f"127.0.0.1:{port}",
        dkim_domain="agence.example",
        dkim_key_file=str(key[0]),
        public_url="https://rdv.agence.example/",
    )
    with lmtp_server(made.book, Listen(host="127.0.0.1", port=port)):
        yield made


def test_all_in_order(
    installation: Installation,
    sqlite_url: str,
    sink: SmtpSink,
    key: Key,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in list(os.environ):
        if name.startswith("RDV_"):
            monkeypatch.delenv(name)
    settings = installation.book.settings
    for name in ("smtp_url", "imap_url", "lmtp_listen", "dkim_domain", "dkim_key_file"):
        monkeypatch.setenv(f"RDV_{name.upper()}", getattr(settings, name))
    monkeypatch.setenv("RDV_DATABASE_URL", sqlite_url)
    arguments = ["doctor", "--dns", installation.names.address]
    assert main(arguments) == 0
    assert sink.mails == []
    assert main([*arguments, "--send-to", "boite@ailleurs.example"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert {line[:4] for line in out.splitlines()} == {"[ok]"}
    for subject in ("database", "SMTP", "IMAP", "LMTP", "MX", "SPF", "DMARC", "DKIM", "links"):
        assert f"[ok] {subject}: " in out
    assert PASSWORD not in out
    (mail,) = sink.mails
    assert (mail.sender, mail.recipients) == ("rdv@agence.example", ["boite@ailleurs.example"])
    assert dkim.verify(mail.raw, dnsfunc=lambda name, timeout=5: key[1].encode())
    monkeypatch.setenv("RDV_SMTP_URL", sink.url.replace(PASSWORD, f"not-{PASSWORD}"))
    assert main([*arguments, "--send-to", "boite@ailleurs.example"]) == 1
    out, err = capsys.readouterr()
    assert err == "rdv-caldav: 2 broken\n"
    assert "[broken] SMTP: 127.0.0.1:" in out
    assert "[broken] test mail: 535" in out
    assert PASSWORD not in out
    assert main(["doctor", "--dns", "nowhere:x"]) == 1
    assert "IP:PORT" in capsys.readouterr().err


# -- the mail server ----------------------------------------------------------------------


def test_a_mail_server_that_is_away_or_odd(installation: Installation, sink: SmtpSink) -> None:
    sink.say("MAIL", "550 5.7.1 <rdv@agence.example> is not yours", times=1)
    (good, refused) = installation.said("SMTP")
    assert good[0] is GOOD
    assert refused == (
        BROKEN,
        "nothing is taken that is from rdv@agence.example: 550 5.7.1 … is not yours",
    )
    for url, words in (
        (f"smtp://127.0.0.1:{free_port()}", "cannot be reached"),
        (sink.url.partition("?")[0], "TLS with the mail server failed"),
        (f"smtp://rdv:{PASSWORD}@mail.example", "without TLS"),
        (f"smtp+starttls://rdv:{PASSWORD}@127.0.0.1:{PASSWORD}", "is not like"),
    ):
        installation.configure(smtp_url=url)
        ((level, text),) = installation.said("SMTP")
        assert (level, words in text) == (BROKEN, True), text


def test_a_mail_server_without_tls_or_reports(installation: Installation) -> None:
    with smtp_sink(dsn=False) as plain:
        installation.configure(smtp_url=plain.url)
        assert [text for _, text in installation.said("SMTP")][1].startswith("it has no DSN")


def test_mails_that_nobody_sends(book: AppointmentBook, names: DnsServer, clock: Clock) -> None:
    with smtp_sink() as plain:
        mailroom = Mailroom(book, clock, plain)
        installation = Installation(mailroom.book, names)
        mailroom.plan()
        mailroom.later(minutes=14)
        assert installation.said("outbox") == []
        mailroom.later(minutes=2)
        assert [level for level, _ in installation.said("outbox")] == [WARNING]
    installation.configure(smtp_url="")
    ((level, text),) = installation.said("SMTP")
    assert level is WARNING
    assert "outbox" in text


def test_nothing_is_set(book: AppointmentBook, names: DnsServer) -> None:
    installation = Installation(book, names)
    names.fails = True
    installation.set(invite_external_guests=False)
    assert installation.said("SMTP") == [(GOOD, "not set")]
    assert {level for level, _ in installation.said()} == {GOOD}
    installation.set(remind_hours=24, remind_by_sms=True)
    assert [level for level, _ in installation.said("SMTP")] == [WARNING]
    assert [level for level, _ in installation.said("SMS")] == [WARNING]
    assert installation.said("test mail", send_to="a@b.example")[0][0] is BROKEN


# -- where answers come in ----------------------------------------------------------------


def test_a_mailbox_that_is_away_or_odd(installation: Installation, mailbox: Dovecot) -> None:
    for url, words in (
        (f"imap://rdv:{PASSWORD}@127.0.0.1:{free_port()}", "cannot be reached"),
        (f"imap://rdv:{PASSWORD}@127.0.0.1:{mailbox.imap_port}", "refuses user and password"),
        (mailbox.url_of("imap", mailbox.imap_port, folder="Nulle"), "folder cannot be opened"),
        (f"imap://rdv:{PASSWORD}@mail.example", "without TLS"),
    ):
        installation.configure(imap_url=url)
        ((level, text),) = installation.said("IMAP")
        assert (level, words in text) == (BROKEN, True), text
    with running_dovecot(capabilities="IMAP4rev1 LITERAL+ NAMESPACE") as poor:
        installation.configure(imap_url=poor.url)
        (first, second) = installation.said("IMAP")
        assert "has no IDLE" in first[1]
        assert second[0] is WARNING
        assert "neither MOVE nor UIDPLUS" in second[1]


def test_lmtp_that_is_away_or_somebody_else(
    installation: Installation, sink: SmtpSink, mailbox: Dovecot, tmp_path: Path
) -> None:
    for address, expected in (
        (f"127.0.0.1:{free_port()}", [WARNING]),
        (f"127.0.0.1:{sink.port}", [BROKEN]),
        (f"127.0.0.1:{mailbox.lmtp_port}", [BROKEN]),
        (f"0.0.0.0:{free_port()}", [WARNING, WARNING]),
        (str(tmp_path / "none" / "socket"), [BROKEN]),
        (str(tmp_path / "socket"), [WARNING]),
        ("nowhere", [BROKEN]),
    ):
        installation.configure(lmtp_listen=address)
        assert [level for level, _ in installation.said("LMTP")] == expected, address


def test_answers_that_nobody_reads_or_knows(installation: Installation) -> None:
    assert installation.said("answers") == []
    installation.set(answers_domain="")
    ((level, text),) = installation.said("answers")
    assert (level, "Réponses" in text) == (WARNING, True)
    installation.configure(authserv_id="mx.agence.example")
    assert installation.said("answers") == []
    installation.configure(imap_url="", lmtp_listen="")
    ((level, text),) = installation.said("answers")
    assert (level, "read by nobody" in text) == (WARNING, True)


# -- names --------------------------------------------------------------------------------

AGENCY = "agence.example"


def _texts(name: str, *texts: str) -> Callable[[DnsServer], None]:
    return lambda server: server.text(name, *texts)


def _mail_hosts(*hosts: str) -> Callable[[DnsServer], None]:
    return lambda server: server.records.update({(AGENCY, "MX"): list(hosts)})


def _address_only(server: DnsServer) -> None:
    server.records[AGENCY, "MX"] = []
    server.records[AGENCY, "A"] = ["192.0.2.2"]


@pytest.mark.parametrize(
    ("change", "subject", "level", "words"),
    [
        (_mail_hosts(), "MX", BROKEN, "agence.example has none: answers"),
        (_address_only, "MX", WARNING, "address record"),
        (_mail_hosts("0 ."), "MX", BROKEN, "takes no mails"),
        (_mail_hosts("1 gone.agence.example."), "MX", BROKEN, "gone.agence.example"),
        (_texts(AGENCY, "v=spf10 -all"), "SPF", WARNING, "does not say"),
        (_texts(AGENCY, "v=spf1 -all", "V=SPF1 ~all"), "SPF", BROKEN, "2 records"),
        (_texts(AGENCY, "v=spf1 mx all"), "SPF", WARNING, "anybody"),
        (_texts("_dmarc.agence.example"), "DMARC", WARNING, "no record"),
        (_texts("_dmarc.agence.example", "v=DMARC1", "v=DMARC1;p=none"), "DMARC", WARNING, "sev"),
        (_texts("_dmarc.agence.example", "v=spf1 -all"), "DMARC", WARNING, "no record"),
        (_texts(SELECTOR), "DKIM", BROKEN, "no record"),
        (_texts(SELECTOR, "v=DKIM1; p=", "v=DKIM1"), "DKIM", BROKEN, "2 records"),
        (_texts(SELECTOR, "v=DKIM1; p="), "DKIM", BROKEN, "not of the key"),
        (_texts(SELECTOR, "nonsense"), "DKIM", BROKEN, "not of the key"),
    ],
)
def test_names_that_are_wrong(
    installation: Installation,
    change: Callable[[DnsServer], None],
    subject: str,
    level: Level,
    words: str,
) -> None:
    assert {each for each, _ in installation.said(subject)} == {GOOD}
    change(installation.names)
    found = [text for each, text in installation.said(subject) if each is level]
    assert found
    assert words in found[-1]


def test_a_policy_of_its_own_for_the_domains_below(installation: Installation) -> None:
    installation.names.text("_dmarc.agence.example", "v=DMARC1; p=none; sp=reject")
    assert [text.partition(" (")[0] for _, text in installation.said("DMARC")] == [
        "rdv.agence.example: p=reject",
        "agence.example: p=none",
    ]


def test_keys_that_do_not_sign_for_us(installation: Installation, key: Key) -> None:
    installation.names.text(SELECTOR, f"{key[1]}; t = y")
    assert [level for level, _ in installation.said("DKIM")] == [WARNING]
    installation.names.text("rdv._domainkey.provider.example", key[1])
    installation.configure(dkim_domain="provider.example")
    *unaligned, found = installation.said("DKIM")
    assert [level for level, _ in unaligned] == [WARNING, WARNING]
    assert found[0] is GOOD
    installation.configure(dkim_key_file="/nulle/part")
    assert [level for level, _ in installation.said("DKIM")] == [BROKEN]


def test_no_answer_is_not_no_record(installation: Installation) -> None:
    installation.names.fails = True
    assert [level for level, _ in installation.said("DNS")] == [WARNING]
    assert installation.said("MX") == []
    installation.set(scheduling_address="rdv@agence.invalid", answers_domain="")
    installation.configure(dkim_domain="")
    assert [level for level, _ in installation.said("domain")] == [BROKEN]
    assert installation.said("DNS") == []


# -- around -------------------------------------------------------------------------------


def test_links_and_text_messages(installation: Installation) -> None:
    for known, given, level in (
        ("", "", WARNING),
        ("", "https://rdv.example", WARNING),
        ("http://rdv.example", "", WARNING),
        ("https://rdv.example", "", GOOD),
    ):
        installation.set(public_url=known)
        installation.configure(public_url=given)
        assert [each for each, _ in installation.said("links")] == [level], (known, given)
    installation.configure(sms_url="https://sms.example/send", mail_worker=0)
    assert [each for each, _ in installation.said("SMS")] == [GOOD]
    assert [each for each, _ in installation.said("worker")] == [GOOD]
    installation.configure(sms_success="(")
    assert installation.said("SMS") == [
        (BROKEN, "the success of the SMS gateway is no regular expression")
    ]
