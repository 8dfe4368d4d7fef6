"""Threads of mails: one for each recipient of an appointment, with an address and a link to answer.

Both name the thread and nobody else can make them: the address holds a token (a keyed hash), the
link is signed. Neither says anything of the appointment or the recipient.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from dataclasses import replace
from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer

from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.mail_threads import participant_key as participant_key_of
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.errors import LinkRevoked, UnknownObject

ANSWER_PATH = "/r/"
_KEY_NAME = "mail"
_KEY_OCTETS = 32
_TOKEN_OCTETS = 15  # 24 letters of base32 without padding: 120 bits
_ADDRESS = re.compile(r"rdv-([a-z2-7]{24})@[^@]+")
_LONGEST_SIGNED = 200


def open_thread(
    tx: Transaction, appointment_id: int, recipient_key: str, address: str, now: datetime
) -> MailThread:
    """Return the thread of a recipient, begun if nothing was written to him yet."""
    known = tx.mail_threads.of_recipient(appointment_id, recipient_key)
    if known is not None:
        return known
    key = participant_key_of(recipient_key)
    return tx.mail_threads.add(
        appointment_id=appointment_id,
        recipient_key=recipient_key,
        person_id=key if isinstance(key, int) else None,
        address=address,
        token=_token(tx, appointment_id, recipient_key),
        now=now,
    )


def for_reader_at(tx: Transaction, thread: MailThread, address: str) -> MailThread:
    """Return a thread whose next mail goes to ``address``.

    Where it is another than before, the links that were sent hold no more: somebody else may
    have them.
    """
    if thread.address == address:
        return thread
    tx.mail_threads.revoke_link(thread.id)
    return replace(thread, link_version=thread.link_version + 1)


def answer_address(thread: MailThread, settings: AgencySettings) -> str:
    """Return where answers go: an address of the thread's own, or the agency's only one."""
    if not settings.answers_domain:
        return settings.scheduling_address
    return f"rdv-{thread.token}@{settings.answers_domain}"


def token_of(address: str) -> str | None:
    """Return the token in an address, whatever its case (Gmail lower-cases); None without one."""
    found = _ADDRESS.fullmatch(address.strip().lower())
    return found[1] if found else None


def answer_link(tx: Transaction, thread: MailThread, settings: AgencySettings) -> str:
    """Return the URL of the page where a thread's recipient answers, empty without a public URL."""
    base = settings.public_url.rstrip("/")
    if not base:
        return ""
    signed = _serializer(_key(tx)).dumps([thread.id, thread.link_version])
    return f"{base}{ANSWER_PATH}{signed}"


def stop_link(tx: Transaction, thread: MailThread, settings: AgencySettings) -> str:
    """Return the URL that stops all mails to the recipient by a POST (RFC 8058)."""
    link = answer_link(tx, thread, settings)
    return f"{link}/stop" if link else ""


def thread_of_link(tx: Transaction, signed: str, *, even_revoked: bool = False) -> MailThread:
    """Return the thread that the last part of a link names.

    Raises UnknownObject for what nobody here signed, and LinkRevoked for a link that held once,
    unless ``even_revoked``: to stop mails, the link of any mail does.
    """
    key = tx.web_sessions.secret(_KEY_NAME)
    if key is None or len(signed) > _LONGEST_SIGNED:
        raise UnknownObject("the link is none of ours")
    try:
        named = _serializer(key).loads(signed)
    except BadSignature as error:
        raise UnknownObject("the link is none of ours") from error
    thread = tx.mail_threads.get(named[0])
    if thread is None:
        raise UnknownObject("what the link was about is gone")
    if thread.link_version != named[1] and not even_revoked:
        raise LinkRevoked("the link was revoked")
    return thread


def message_key(tx: Transaction, message: int) -> str:
    """Return what makes a message's Message-ID: the same each time, and not to be guessed."""
    return _hashed(tx, f"message {message}").hex()


def _token(tx: Transaction, appointment_id: int, recipient_key: str) -> str:
    octets = _hashed(tx, f"thread {appointment_id} {recipient_key}")[:_TOKEN_OCTETS]
    return b32encode(octets).decode().lower()


def _hashed(tx: Transaction, what: str) -> bytes:
    return hmac.digest(_key(tx), what.encode(), "sha256")


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="answer")


def _key(tx: Transaction) -> bytes:
    """Return the key of tokens and links, made where there is none.

    Raises LostRace at the end of the transaction when another process made it meanwhile.
    """
    known = tx.web_sessions.secret(_KEY_NAME)
    if known is None:
        known = secrets.token_bytes(_KEY_OCTETS)
        tx.web_sessions.keep_secret(_KEY_NAME, known)
    return known
