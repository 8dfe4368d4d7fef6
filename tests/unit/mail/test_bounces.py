"""Mails that come back: as the standard has it (RFC 3464), and as Exim, qmail and others do."""

from __future__ import annotations

import pytest

from rdv_caldav.mail.bounces import Bounce
from rdv_caldav.mail.incoming import Automatic, read_mail

ID = "<invitation.1@agence.example>"
COPY = f"Message-ID: {ID}\r\nFrom: rdv@agence.example\r\nTo: Sophie <sophie@famille.example>\r\n"
REPORT = (
    "Reporting-MTA: dns; mx.famille.example\r\nOriginal-Envelope-Id: QQ314159\r\n"
    "Arrival-Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\n"
    "Final-Recipient: rfc822;paul@famille.example\r\nAction: relayed\r\nStatus: 2.1.9\r\n\r\n"
    "Original-Recipient: rfc822;Sophie@famille.example\r\n"
    "Final-Recipient: RFC822; s.l@interne.example\r\nAction: Failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <sophie@famille.example>:\r\n Recipient address rejected\r\n"
)


def report(
    status: str, original: str = f"text/rfc822-headers\r\n\r\n{COPY}", top: str = ""
) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.famille.example (Mail Delivery System)\r\n"
        f"To: rdv@agence.example\r\nSubject: Undelivered Mail\r\nReturn-Path: <>\r\n{top}"
        "Auto-Submitted: auto-replied\r\nContent-Type: multipart/report;\r\n"
        ' report-type=delivery-status; boundary="r"\r\n\r\n--r\r\n\r\nLe message est revenu.\r\n'
        f"--r\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        f"--r\r\nContent-Type: {original}\r\n--r--\r\n"
    ).encode()


def test_the_report_of_the_standard() -> None:
    mail = read_mail(report(REPORT))
    assert mail.bounce == Bounce(
        recipient="sophie@famille.example",
        action="failed",
        status="5.1.1",
        diagnostic="550 5.1.1 <sophie@famille.example>: Recipient address rejected",
        message_id=ID,
        envelope_id="QQ314159",
    )
    assert mail.bounce.has_failed
    assert mail.text == "Le message est revenu."
    assert (mail.calendars, mail.automatic) == ((), Automatic.AUTO_REPLY)


def test_a_copy_of_the_whole_mail_is_not_looked_into_for_answers() -> None:
    invitation = (
        f"message/rfc822\r\n\r\n{COPY}Content-Type: text/calendar; method=REPLY\r\n\r\n"
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR"
    )
    mail = read_mail(report(REPORT, invitation))
    assert mail.bounce is not None
    assert (mail.bounce.message_id, mail.calendars) == (ID, ())


def test_a_delay_is_no_failure() -> None:
    delayed = (
        "Reporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: delayed\r\n"
    )
    bounce = read_mail(
        report(delayed, f"text/plain\r\nX: {ID}\r\n", f"In-Reply-To: {ID}\r\n")
    ).bounce
    assert bounce is not None
    assert (bounce.action, bounce.has_failed, bounce.message_id) == ("delayed", False, ID)


def test_a_report_that_says_little() -> None:
    bounce = read_mail(report("Action:\r\nDiagnostic-Code: X; 5.7.1 non\r\nAction: \r\n")).bounce
    assert bounce is None
    little = "Final-Recipient: a@b.example\r\nDiagnostic-Code: smtp; 554 5.7.1 refuse"
    bounce = read_mail(report(little)).bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.action, bounce.status) == ("a@b.example", "", "5.7.1")
    assert bounce.has_failed
    without_recipient = read_mail(report("X: y\r\n\r\nAction: failed")).bounce
    assert without_recipient == Bounce(action="failed", message_id=ID)


EXIM = (
    "From: Mail Delivery System <Mailer-Daemon@mx.famille.example>\r\n"
    "X-Failed-Recipients: sophie@famille.example\r\nAuto-Submitted: auto-replied\r\n"
    "Subject: {subject}\r\n\r\nThis message was created automatically by mail delivery software."
    "\r\n\r\n  sophie@famille.example\r\n   host mx2.famille.example: 550 5.2.2 Boite pleine\r\n"
    "\r\n------ This is a copy of the message, including all the headers. ------\r\n\r\n" + COPY
)
QMAIL = (
    "From: MAILER-DAEMON@mx.famille.example\r\nSubject: failure notice\r\n\r\n"
    "Hi. This is the qmail-send program at mx.famille.example.\r\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n"
    "<Sophie@famille.example>:\r\nSorry, no mailbox here by that name.\r\n\r\n"
    "--- Below this line is a copy of the message.\r\n\r\n" + COPY
)
OTHER = (
    "From: postmaster@mx.famille.example\r\nSubject: Non remis\r\n"
    "Content-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\n\r\nRefuse: 552 trop grand\r\n"
    f"--r\r\nContent-Type: message/rfc822\r\n\r\n{COPY}\r\ntexte\r\n--r--\r\n"
)


@pytest.mark.parametrize(
    ("raw", "status", "diagnostic"),
    [
        (EXIM, "5.2.2", "host mx2.famille.example: 550 5.2.2 Boite pleine"),
        (QMAIL, "", "Sorry, no mailbox here by that name."),
        (OTHER, "", "Refuse: 552 trop grand"),
    ],
    ids=["exim", "qmail", "other"],
)
def test_those_of_a_make_of_their_own(raw: str, status: str, diagnostic: str) -> None:
    bounce = read_mail(raw.replace("{subject}", "Mail delivery failed").encode()).bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.action) == ("sophie@famille.example", "failed")
    assert (bounce.status, bounce.message_id) == (status, ID)
    assert bounce.diagnostic == diagnostic


def test_exim_warns_before_it_gives_up() -> None:
    bounce = read_mail(EXIM.format(subject="Warning: message delayed 24 hours").encode()).bounce
    assert bounce is not None
    assert bounce.action == "delayed"


@pytest.mark.parametrize(
    "raw",
    [
        # a person who forwards what came back, and one who writes of numbers
        OTHER.replace("postmaster@mx.famille.example", "sophie@famille.example"),
        "From: postmaster@famille.example\r\n\r\nRendez-vous au 550 rue Haute",
        "From: sophie@famille.example\r\n\r\n<sophie@famille.example>:\r\nno such user",
    ],
)
def test_what_is_no_bounce(raw: str) -> None:
    assert read_mail(raw.encode()).bounce is None


def test_a_receipt_is_no_bounce() -> None:
    raw = report(REPORT).replace(b"delivery-status", b"disposition-notification")
    assert read_mail(raw).bounce is None
