"""Mails of the small agency, sent to a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.mailroom import Mailroom
from support.postroom import Postroom
from support.scenario import Clock
from support.smtp_sink import SmtpSink, smtp_sink


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server that keeps what it is sent."""
    with smtp_sink() as found:
        yield found


@pytest.fixture
def mailroom(book: AppointmentBook, clock: Clock, sink: SmtpSink) -> Mailroom:
    """The small agency on SQLite, whose mails arrive in the sink."""
    return Mailroom(book, clock, sink)


@pytest.fixture
def postroom(mailroom: Mailroom) -> Postroom:
    """The same, where answers come back to addresses of their own."""
    return Postroom(mailroom)
