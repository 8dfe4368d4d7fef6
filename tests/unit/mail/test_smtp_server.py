"""What the URL of a mail server says, and what it may not say."""

from __future__ import annotations

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.smtp import SmtpServer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", "smtp mail.example 25 '' ''"),
        ("SMTPS://Mail.Example/", "smtps mail.example 465 '' ''"),
        ("smtp+starttls://mail.example", "smtp+starttls mail.example 587 '' ''"),
        (
            "smtp+starttls://u%40x:p%3A%2F@mail.example:25",
            "smtp+starttls mail.example 25 'u@x' 'p:/'",
        ),
        ("smtps://[2001:db8::1]:4650", "smtps 2001:db8::1 4650 '' ''"),
        ("smtp://a:b@[::1]", "smtp ::1 25 'a' 'b'"),
    ],
)
def test_a_url_says_where_and_as_whom(url: str, expected: str) -> None:
    read = SmtpServer.parse(url)
    found = f"{read.security} {read.host} {read.port} {read.user!r} {read.password!r}"
    assert found == expected
    assert read.verify


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://a:secret@mail.example",
        "smtps://secret@mail.example",
        "smtps://:secret@mail.example",
        "smtps://a:secret@mail.example:99999",
        "smtps://a:secret@mail.example:x",
        "smtps://a:secret/x@mail.example",
        "smtps://a:secret@[mail.example",
        "smtps://a:secret@mail.example/folder",
        "smtps://a:secret@mail.example?verify=no",
        "smtps://a:secret@mail.example?verify=maybe",
        "smtps://a:secret@mail.example?secret=1",
        "smtps://a:secret@mail.example?secret",
        "smtps://a:secret@mail.example?hello=a%0D%0Ab",
        "smtps://a:secret@mail.example#secret",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        SmtpServer.parse(url)
    cause = refused.value
    while cause is not None:
        assert "secret" not in str(cause)
        cause = cause.__context__  # type: ignore[assignment]


def test_nobody_reads_the_password_in_a_log() -> None:
    assert "p2ss" not in repr(SmtpServer.parse("smtps://a:p2ss@mail.example"))


def test_certificates_may_be_trusted_blindly_on_loopback_only() -> None:
    assert not SmtpServer.parse("smtps://localhost?verify=no&hello=rdv.example").verify
