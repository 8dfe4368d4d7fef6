"""Mails that do harm, or are of no use: each ends in the journal, and nothing else happens."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.services.mailing.outcomes import Reason, Result
from support.agency import GUEST
from support.hostile_mails import HOSTILE, REPLY, forged_reply
from support.invitation_reading import read_invitation
from support.mailroom import Mailroom
from support.postroom import Postroom
from support.scenario import Clock
from support.server import clean_environ
from support.smtp_sink import SmtpSink

REASONS = {
    "tnef": Reason.TNEF,
    "zip": Reason.ARCHIVE,
    "calendar-bomb": Reason.UNREADABLE,
    "script": Reason.PROSE,
    "forwarded": Reason.PROSE,
    "header-injection": Reason.PROSE,
    "empty": Reason.EMPTY,
}


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "fifty-megabytes"])
def test_each_ends_in_the_journal_and_sets_nothing(postroom: Postroom, name: str) -> None:
    planned, invitation = postroom.invite()
    before = postroom.appointment(planned)
    started = time.process_time()
    outcome = postroom.take(HOSTILE[name](read_invitation(invitation).organizer))
    assert time.process_time() - started < 5
    assert outcome.result not in (Result.APPLIED, Result.PROPOSAL, Result.REFRESH)
    assert outcome.reason == REASONS.get(name, outcome.reason)
    (mail,) = postroom.received()
    assert mail.outcome == outcome.result
    assert mail.size > 0 or name == "empty"
    for text in (mail.subject, mail.sender_name, mail.sender):
        assert text.isprintable() or not text
        assert len(text) <= 320
    assert "alert" not in mail.text
    assert postroom.appointment(planned) == before
    assert len(postroom.mailroom.rows(planned)) == 1


@pytest.mark.parametrize("content", ["X-A:b\r\n" * 9_000, "ATTENDEE:mailto:a@b.example\r\n" * 900])
def test_an_answer_with_too_much_in_it(postroom: Postroom, content: str) -> None:
    planned, invitation = postroom.invite()
    read = read_invitation(invitation)
    text = REPLY.format(uid=read.value("UID"), attendee=GUEST)
    text = text.replace("END:VEVENT", f"{content}END:VEVENT")
    head = f"From: {GUEST}\r\nTo: {read.organizer}\r\nContent-Type: text/calendar\r\n\r\n"
    outcome = postroom.take((head + text).encode())
    is_many = content.startswith("ATTENDEE")
    assert (outcome.result is Result.QUEUED) == is_many
    assert (postroom.presence(planned) is Presence.NEEDS_ACTION) == is_many


def test_a_stolen_token_with_a_forged_sender_is_evidence_of_the_theft(postroom: Postroom) -> None:
    postroom.mailroom.set(invite_persons=True)
    planned, invitation = postroom.invite()
    mails = [mail.raw for mail in postroom.mailroom.sink.mails]
    of_claire = next(raw for raw in mails if read_invitation(raw).attendee != GUEST)
    uid = read_invitation(invitation).value("UID")
    raw = forged_reply(uid, GUEST, to=read_invitation(of_claire).organizer)
    outcome = postroom.take(raw)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, "another-participant")
    assert postroom.presence(planned) is Presence.NEEDS_ACTION


def test_characters_that_databases_do_not_take(
    any_book: AppointmentBook, clock: Clock, sink: SmtpSink
) -> None:
    postroom = Postroom(Mailroom(any_book, clock, sink))
    planned, invitation = postroom.invite()
    read = read_invitation(invitation)
    odd = ("\x00", "\x01", "\udcff", "=?utf-8?q?=00?=", "=?utf-8?q?=ED=A0=80?=", "\u2028")
    for number, each in enumerate(odd):
        text = REPLY.format(uid=read.value("UID") + each * (number % 2), attendee=GUEST)
        text = text.replace("DTSTAMP", f"COMMENT:a{each}b\r\nSUMMARY:a{each}b\r\nDTSTAMP")
        head = (
            f"From: A{each} <{GUEST}>\r\nTo: {read.organizer}\r\nSubject: a{each}b\r\n"
            f"Message-ID: <{number}{each}@a.example>\r\nReply-To: b{each}@c.example\r\n"
            f"In-Reply-To: <a{each}b@c.example>\r\n"
        )
        for content in (f"Content-Type: text/calendar\r\n\r\n{text}", f"\r\nBonjour a{each}b\r\n"):
            octets = (head + content).encode(errors="surrogateescape")
            outcome = postroom.take(octets, f"a{each}@b.example")
            assert outcome.result in (
                Result.APPLIED,
                Result.QUEUED,
                Result.OUT_OF_ORDER,
                Result.DUPLICATE,
            )
        postroom.bounce(invitation, message_id=f"<{each}@x.example>", status=f"5.1.{number}{each}")
    assert len(postroom.received()) == 3 * len(odd)
    for name in HOSTILE.keys() - {"fifty-megabytes"}:
        postroom.take(HOSTILE[name](read.organizer))
    assert postroom.guest(planned).comment.isprintable()


def test_fifty_megabytes_by_a_pipe_take_little_memory(
    postroom: Postroom, sqlite_url: str, tmp_path: Path
) -> None:
    _, invitation = postroom.invite()
    large = tmp_path / "large.eml"
    large.write_bytes(HOSTILE["fifty-megabytes"](read_invitation(invitation).organizer))
    assert large.stat().st_size > 50_000_000
    program = (
        "import resource, sys; from rdv_caldav.cli import main; code = main(['mail', 'receive']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )

    def peak(path: Path) -> int:
        with path.open("rb") as stdin:
            done = subprocess.run(
                [sys.executable, "-c", program],
                env=clean_environ({"RDV_DATABASE_URL": sqlite_url}),
                stdin=stdin,
                capture_output=True,
                check=True,
            )
        return int(done.stdout) * 1024

    small = tmp_path / "small.eml"
    small.write_bytes(b"From: a@b.example\r\n\r\nBonjour\r\n")
    assert peak(large) - peak(small) < 150_000_000
    received = postroom.received()
    assert [each.source for each in received] == ["pipe", "pipe"]
    with postroom.mailroom.desk() as desk:
        kept = desk.tx.received_mails.raw(received[1].id)
    assert kept is not None
    assert len(kept) == 1_000_000
