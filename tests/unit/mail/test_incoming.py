"""Mails that arrive: read for what they are, whatever they are, in bounded time."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.mail.incoming import Automatic, ReceivedMail, read_mail
from rdv_caldav.mail.received_parts import LARGEST, MOST_PARTS, Fault
from rdv_caldav.mail.received_words import LONGEST_TEXT
from support.hostile_mails import HOSTILE

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nSUMMARY:Évaluation\r\nEND:VCALENDAR\r\n"
TO = "rdv-k3f7q2zt5a@agence.example"


def read(
    head: str = "", body: str | bytes = "", *, from_: str = "sophie@famille.example"
) -> ReceivedMail:
    content = body.encode() if isinstance(body, str) else body
    return read_mail(f"From: {from_}\r\n{head}\r\n".encode() + content)


def mixed(*parts: tuple[str, bytes]) -> ReceivedMail:
    written = b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % (head.encode(), body) for head, body in parts)
    return read('Content-Type: multipart/mixed; boundary="b"\r\n', written + b"--b--\r\n")


# -- header -------------------------------------------------------------------------------


def test_who_to_whom_when_about_what() -> None:
    mail = read(
        "Delivered-To: RDV-k3f7q2zt5a@agence.example\r\nX-Original-To: catchall@agence.example\r\n"
        'To: "L\'agence, rdv" <rdv@agence.example>, undisclosed:;\r\nCc: paul@famille.example\r\n'
        "Reply-To: sophie@bureau.example\r\nDate: Tue, 24 Nov 2026 13:00:00 +0100\r\n"
        "Subject: =?iso-8859-1?Q?R=E9ponse_=E0?= =?UTF-8?B?IMOpdMOpIPCfjLs=?=\r\n"
        "Message-ID: <1@famille.example>\r\nIn-Reply-To:\r\n <invitation.1@agence.example>\r\n"
        "References: <a@agence.example>\r\n\t<invitation.1@agence.example>\r\n",
        "Bonjour",
        from_="=?utf-8?q?L=C3=A9a=2C?= Sophie <Sophie@Famille.example>",
    )
    assert (mail.sender, mail.sender_name) == ("sophie@famille.example", "Léa, Sophie")
    assert mail.recipients == (
        TO,
        "catchall@agence.example",
        "rdv@agence.example",
        "paul@famille.example",
    )
    assert mail.reply_to == "sophie@bureau.example"
    assert mail.date == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert mail.subject == "Réponse à été 🌻"
    assert mail.message_id == "<1@famille.example>"
    assert mail.in_reply_to == "<invitation.1@agence.example>"
    assert mail.references == ("<a@agence.example>", "<invitation.1@agence.example>")
    assert (mail.text, mail.faults) == ("Bonjour", frozenset())


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("=?utf-8?b?w6k", "=?utf-8?b?w6k"),
        ("=?utf-8?b?w6kx?=", "é1"),
        ("=?utf-8?b?w6kxM?=", "é1"),
        # cut in the middle of a character
        ("=?utf-8?q?C'=C3?= =?utf-8?q?=A9tait?=", "C'était"),
        ("=?x-inconnu?q?=E9?=", "é"),
        ("=?utf-8*fr?q?a_b?= c", "a b c"),
        ("déjà", "déjà"),
        ("a\tb\x00c", "a b c"),
        ("=?utf-8?q?=0D=0ABcc:_x?=", "Bcc: x"),
    ],
)
def test_subjects(written: str, wanted: str) -> None:
    assert read(f"Subject: {written}\r\n").subject == wanted


def test_long_things_are_cut() -> None:
    head = (
        f"Subject: {'a ' * 9_000}\r\nMessage-ID: <{'a' * 900}@b>\r\nTo: {'a' * 400}@b.example\r\n"
    )
    mail = read(head, "mot " * 20_000, from_=f"{'n' * 900} <a@b.example>")
    assert (len(mail.subject), len(mail.sender_name), mail.message_id) == (250, 250, "")
    assert (mail.recipients, len(mail.text)) == ((), LONGEST_TEXT - 1)


@pytest.mark.parametrize(
    ("from_", "sender", "fault"),
    [
        ("", "", Fault.NO_SENDER),
        ("Sophie", "", Fault.NO_SENDER),
        ("Sophie <>", "", Fault.NO_SENDER),
        ("a@b.example, c@d.example", "a@b.example", Fault.SEVERAL_SENDERS),
        ("a@b.example\r\nFrom: c@d.example", "a@b.example", Fault.SEVERAL_SENDERS),
        ("alice@agence.example <c@d.example>", "alice@agence.example", Fault.SEVERAL_SENDERS),
        ('"alice@agence.example" <c@d.example>', "c@d.example", None),
        ("c@d.example (alice@agence.example)", "c@d.example", None),
    ],
)
def test_senders(from_: str, sender: str, fault: Fault | None) -> None:
    results = "Authentication-Results: mx; dmarc=pass\r\n"
    mail = read_mail(f"{results}From: {from_}\r\n\r\n".encode(), authserv_ids=["mx"])
    assert mail.sender == sender
    assert mail.faults == (frozenset() if fault is None else {fault})
    assert (mail.dmarc == "pass") is (fault is None)


@pytest.mark.parametrize(
    "date", ["", "hier", "Tue, 99 Nov 2026 13:00:00", "Fri, 31 Dec 9999 23:59:00 -2359", "1 2 3 4"]
)
def test_dates_that_nobody_can_read(date: str) -> None:
    assert read(f"Date: {date}\r\n").date is None


def test_a_date_without_zone_is_utc() -> None:
    assert read("Date: Tue, 24 Nov 2026 13:00:00 -0000\r\n").date == datetime(
        2026, 11, 24, 13, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("", Automatic.NO),
        ("Auto-Submitted: no\r\n", Automatic.NO),
        ("X-Auto-Response-Suppress: All\r\n", Automatic.NO),
        ("Auto-Submitted: auto-replied; owner-email=a\r\n", Automatic.AUTO_REPLY),
        ("X-Autoreply: yes\r\n", Automatic.AUTO_REPLY),
        ("Precedence: auto_reply\r\n", Automatic.AUTO_REPLY),
        ("Subject: Réponse automatique : absente\r\nAuto-Submitted: auto-generated\r\n",
         Automatic.AUTO_REPLY),
        ("Auto-Submitted: auto-generated\r\n", Automatic.AUTO_GENERATED),
        ("Precedence: bulk\r\n", Automatic.AUTO_GENERATED),
        ("Return-Path: <>\r\n", Automatic.AUTO_GENERATED),
        ("List-Id: <liste.famille.example>\r\n", Automatic.AUTO_GENERATED),
    ],
)  # fmt: skip
def test_what_no_person_sent(head: str, kind: Automatic) -> None:
    assert read(head, "Bonjour").automatic is kind
    answered = read(f"{head}Content-Type: text/calendar; method=REPLY\r\n", CALENDAR)
    assert answered.automatic is Automatic.NO


# -- what somebody sends to do harm ---------------------------------------------------------


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_harm_is_bounded(make: Callable[[str], bytes]) -> None:
    raw = make(TO)
    before = process_time()
    mail = read_mail(raw)
    assert process_time() - before < 5
    assert mail.size == len(raw)
    assert (mail.size > LARGEST) is (Fault.TOO_LARGE in mail.faults)
    assert "<script" not in mail.text or make is HOSTILE["unclosed-tags"]
    assert not any("\r" in each or "\n" in each for each in (mail.subject, mail.sender_name))


def test_what_is_said_of_hostile_mails() -> None:
    assert read_mail(HOSTILE["tnef"](TO)).has_tnef
    assert read_mail(HOSTILE["zip"](TO)).has_archive
    assert read_mail(HOSTILE["zip"](TO)).calendars == ()
    assert read_mail(HOSTILE["forwarded"](TO)).calendars == ()
    assert Fault.TOO_MANY_PARTS in read_mail(HOSTILE["ten-thousand-parts"](TO)).faults
    assert Fault.TOO_DEEP in read_mail(HOSTILE["nested"](TO)).faults
    assert Fault.TOO_MANY_FIELDS in read_mail(HOSTILE["many-fields"](TO)).faults
    assert read_mail(HOSTILE["script"](TO)).text == "Je viens <volontiers>\nici"
    assert read_mail(HOSTILE["fifty-megabytes"](TO)).text == "Voici"


def test_boundaries_that_are_none_on_many_levels() -> None:
    levels = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
        for n in range(19)
    )
    body = levels + b"\n--b19x" * 1_000_000
    before = process_time()
    mail = read("Content-Type: multipart/mixed; boundary=b0\r\n", body)
    assert process_time() - before < 5
    assert mail.calendars == ()


def test_as_many_parts_as_are_looked_at() -> None:
    part = ("Content-Type: text/plain", b"x")
    assert mixed(*[part] * (MOST_PARTS - 1)).faults == frozenset()
    assert mixed(*[part] * MOST_PARTS).faults == {Fault.TOO_MANY_PARTS}


_PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\r\n\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/calendar; charset*=utf-16''x; name*0*=a''%zz\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: text/html\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename==?utf-8?b?w6k?=\r\n",
        b"From: =?a?b?=?= <a@b.example>,(((\r\n",
        b"Subject: =?utf-8?q?=C3?= =?utf-8*x?b?AA=A?=\r\n",
        b"Date: Tue, 24 Nov 99999 13:00:00 +9999\r\n",
        b"Action: failed\r\nFinal-Recipient: rfc822;\r\n",
        b"Authentication-Results: mx; (dmarc=pass\\\r\n",
        b"X-Failed-Recipients: a@b\r\n",
        CALENDAR.encode(),
        base64.encodebytes(CALENDAR.encode()),
        b"<blockquote <!-- &#x110000; &amp\xff",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.binary(max_size=30), max_size=40).map(b"".join))
def test_reading_never_fails(raw: bytes) -> None:
    before = process_time()
    mail = read_mail(raw, authserv_ids=["mx"])
    assert process_time() - before < 2
    assert len(mail.text) <= LONGEST_TEXT
    texts = (mail.subject, mail.sender, mail.sender_name, *mail.recipients, mail.message_id)
    assert all(text.isprintable() for text in texts)
    "".join((*texts, *mail.calendars, mail.text)).encode()
