"""Authentication-Results (RFC 8601): only what the own server wrote, and only about From."""

from __future__ import annotations

import pytest

from rdv_caldav.domain.replies import Authentication
from rdv_caldav.mail.authentication import dmarc_result
from rdv_caldav.mail.incoming import read_mail
from rdv_caldav.mail.received_fields import Fields
from support.hostile_mails import forged_reply

SENDER = "sophie@famille.example"
PASS, FAIL, NONE = Authentication.PASS, Authentication.FAIL, Authentication.NONE


def result(*lines: str, ids: tuple[str, ...] = ("mx.agence.example",)) -> Authentication:
    block = "".join(f"{line}\r\n" for line in lines).encode()
    return dmarc_result(Fields(block), ids, SENDER)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("mx.agence.example; dmarc=pass header.from=famille.example", PASS),
        ("MX.Agence.Example 1; DMARC = pass (p=none dis=none) header.from=Famille.example", PASS),
        ('"mx.agence.example"; dmarc=pass header.from="famille.example"', PASS),
        ("mx.agence.example; dmarc=pass header.from=sophie@famille.example", PASS),
        ("mx.agence.example; spf=fail smtp.mailfrom=x; dmarc=pass", PASS),
        ("mx.agence.example;\r\n\tdkim=pass header.d=famille.example;\r\n\tdmarc=pass", PASS),
        ("mx.agence.example; dmarc=fail header.from=famille.example", FAIL),
        ("mx.agence.example; dmarc=pass; dmarc=fail", FAIL),
        ("mx.agence.example; dmarc=none", NONE),
        ("mx.agence.example; dmarc=temperror", NONE),
        ("mx.agence.example; dmarc=bestguesspass action=none", NONE),
        ("mx.agence.example; dkim=pass header.d=famille.example; spf=pass", NONE),
        ("mx.agence.example; dmarc=pass header.from=ailleurs.example", NONE),
        ("mx.agence.example; none", NONE),
        ("mx.ailleurs.example; dmarc=pass header.from=famille.example", NONE),
        ("", NONE),
        # what a sender has a say in: local parts, comments
        ('mx.agence.example; spf=pass smtp.mailfrom="; dmarc=pass; "@ailleurs.example', NONE),
        ("mx.agence.example; spf=pass (x; dmarc=pass; y)", NONE),
        (r"mx.agence.example; spf=pass (a \) ; dmarc=pass ; b)", NONE),
        ("mx.agence.example; spf=pass (a (b) ; dmarc=pass ; c)", NONE),
        ('mx.agence.example; spf=pass smtp.mailfrom="(\\""@x; dmarc=fail; x=")"', FAIL),
        ("mx.agence.example; spf=pass smtp.mailfrom=(x; dmarc=pass", NONE),
        ('mx.agence.example; x="; dmarc=pass', NONE),
        (
            'mx.agence.example; dmarc=pass reason="header.from=famille.example" header.from=b.c',
            NONE,
        ),
    ],
)
def test_what_a_field_says(value: str, wanted: Authentication) -> None:
    assert result(f"Authentication-Results: {value}") is wanted


def test_without_a_name_of_the_own_server_nothing_is_believed() -> None:
    assert result("Authentication-Results: mx.agence.example; dmarc=pass", ids=()) is NONE


def test_two_fields_of_one_server_count_and_what_stood_there_before_does_not() -> None:
    spf = "Authentication-Results: mx.agence.example; spf=pass"
    good = "Authentication-Results: mx.agence.example; dmarc=pass header.from=famille.example"
    received = "Received: from ailleurs.example by mx.agence.example"
    assert result(received, spf, "X-Spam: no", good) is PASS
    assert result(received, spf, received, good) is NONE
    assert result(spf, "Authentication-Results: x.example; dmarc=fail", received) is NONE


def test_a_forger_who_writes_the_result_himself() -> None:
    forged = forged_reply(
        "visite-1",
        SENDER,
        to="rdv@agence.example",
        results="mx.agence.example; dmarc=pass header.from=famille.example",
    )
    genuine = (
        b"Received: from ailleurs.example by mx.agence.example; Tue, 24 Nov 2026 12:00:00 +0000\r\n"
    )
    found = b"Authentication-Results: mx.agence.example; dmarc=fail header.from=famille.example\r\n"
    silent = b"Authentication-Results: mx.agence.example; spf=none\r\n"
    for top, wanted in ((found + genuine, FAIL), (silent + genuine, NONE)):
        mail = read_mail(top + forged, authserv_ids=["mx.agence.example"])
        assert (mail.sender, mail.dmarc) == (SENDER, wanted)
