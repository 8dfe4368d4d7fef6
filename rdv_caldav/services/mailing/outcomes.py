"""What becomes of a mail that came in, and why: the words of the journal of mails.

Both are kept as they are written here; pages say them in plain words. A reason is one of these, or
one of :class:`rdv_caldav.domain.replies.MatchReason`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """What became of a mail."""

    APPLIED = "applied"
    """The answer counts."""

    PROPOSAL = "proposal"
    """Another time is proposed: the presence is set, and somebody has to say yes or no."""

    QUEUED = "queued"
    """Nothing was done: somebody has to look at it."""

    OUTDATED = "outdated"
    """An answer to a time that is no more; it is kept as a note."""

    OUT_OF_ORDER = "out-of-order"
    """Older than what the same guest answered since."""

    DUPLICATE = "duplicate"
    """It came before."""

    REFRESH = "refresh"
    """The invitation was asked for once more."""

    BOUNCE = "bounce"
    """It says what became of a mail that was sent."""

    AUTO_REPLY = "auto-reply"
    """A machine answered for somebody who is away."""

    IGNORED = "ignored"
    """There is nothing to do."""


class Reason(StrEnum):
    """Why."""

    # -- of answers ---------------------------------------------------------------------------
    UNKNOWN_APPOINTMENT = "unknown-appointment"
    """No appointment has the UID."""

    OTHER_APPOINTMENT = "other-appointment"
    """Sent to the answering address of another appointment."""

    CANCELLED = "cancelled"
    """The appointment or the date is cancelled, or in the corbeille."""

    OVER = "over"
    """It has ended."""

    NOT_TAKING_PART = "not-taking-part"
    """Who answers does not take part any more."""

    UNKNOWN_DATE = "unknown-date"
    """The series has no such date."""

    WHICH_DATE = "which-date"
    """He takes part on several dates alone, and does not say which one he means."""

    LATER_DATES = "later-dates"
    """It is about a date and all later ones, which nobody can be asked for."""

    DELEGATED = "delegated"
    """Somebody else is sent."""

    NO_ANSWER = "no-answer"
    """It says neither yes nor no."""

    MOVED = "moved"
    """The time changed after he was asked, and he was asked again."""

    MOVED_UNTOLD = "moved-untold"
    """The time changed after he was asked, and he does not know."""

    REPLAYED = "replayed"
    """His last answer once more."""

    OLDER = "older"
    """Older than his last answer."""

    NEW_TIME = "new-time"
    """Another time is proposed."""

    ASKED_LATELY = "asked-lately"
    """The invitation went out to him within the hour."""

    OTHER_METHOD = "other-method"
    """No answer: somebody invites the agency, or calls off (REQUEST, PUBLISH, CANCEL)."""

    MODULE_OFF = "module-off"
    """The module was switched off when it came."""

    # -- of mails -----------------------------------------------------------------------------
    KNOWN = "known"
    """The same mail came before."""

    UNREADABLE = "unreadable"
    """There is a calendar that cannot be read."""

    SEVERAL = "several"
    """There are calendars that say different things."""

    TNEF = "tnef"
    """Outlook's own format (winmail.dat)."""

    ARCHIVE = "archive"
    """A packed file is all there is."""

    ENCRYPTED = "encrypted"
    """It would have to be decrypted."""

    PROSE = "prose"
    """Words, for somebody to read."""

    AWAY = "away"
    """Nobody wrote it: the sender is away."""

    AUTOMATIC = "automatic"
    """Nobody wrote it: a newsletter, a receipt."""

    OWN_MAIL = "own-mail"
    """One of our own mails."""

    EMPTY = "empty"
    """There is nothing in it."""

    TOO_MANY = "too-many"
    """Too many mails like it wait for somebody already; it stays where mails for people lie."""

    # -- of bounces ---------------------------------------------------------------------------
    FAILED = "failed"
    """The mail did not arrive, and nobody tries any more."""

    DELAYED = "delayed"
    """The mail did not arrive yet."""

    DELIVERED = "delivered"
    """The mail arrived, or was passed on."""

    UNKNOWN_MAIL = "unknown-mail"
    """A mail did not arrive that nobody here knows of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one mail; ``mail`` is its id in the journal.

    ``is_open``: somebody has to look at it. ``reason`` is one of :class:`Reason`, or of the
    reasons for which somebody was recognised. ``recipient_key`` is that of the thread.
    """

    mail: int
    result: Result
    reason: str
    is_open: bool = False
    appointment_id: int | None = None
    recipient_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was made of a mail, to be kept in the journal.

    ``evidence`` says by what it was attributed, and what was read, as plain JSON:

    - ``by``: ``token``, ``uid`` or ``reference``: what led to the appointment; empty: nothing;
    - ``match``: why the sender was recognised, or was not; ``dmarc``: what the server found;
    - ``method``, ``uid``, ``summary``, ``attendee``, ``name``, ``sent_by``, ``delegates``;
    - ``answers``: for each date ``original`` (ISO wall clock, empty for the whole), ``presence``,
      ``comment``, ``sequence``, ``stamp`` (ISO, UTC) and ``problem``, empty where it counts;
    - of a bounce ``recipient``, ``action``, ``status``, ``diagnostic``, ``outbox`` (an id).

    ``proposal`` has ``original``, ``start`` and ``end`` (ISO wall clock), ``zone``, ``all_day``
    and ``comment``.
    """

    result: Result
    reason: str
    is_open: bool = False
    appointment_id: int | None = None
    recipient_key: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    proposal: Mapping[str, Any] = field(default_factory=dict)
