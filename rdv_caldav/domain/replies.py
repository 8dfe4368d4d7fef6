"""Answers that arrive by mail: whose they are, and whether they still count (RFC 5546).

Pure decisions, each with its reason: whoever reads the journal of mails sees why an answer was
taken, or why somebody is asked to look at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.domain.appointment import Presence


class Authentication(StrEnum):
    """Whether the mail server vouches for the domain in From (DMARC, RFC 7489 §6.6.2)."""

    PASS = "pass"  # noqa: S105 - the word of RFC 8601
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondent:
    """An ATTENDEE line of a message that arrived.

    Addresses are normalised. ``presence`` is NEEDS_ACTION for values that are not known, and for
    DELEGATED, where ``delegates`` are those whom he sends in his place (RFC 5546 §3.2.2.3).
    ``sent_by`` acts for him (RFC 5545 §3.2.18).
    """

    address: str
    name: str = ""
    presence: Presence = Presence.NEEDS_ACTION
    comment: str = ""
    sent_by: str = ""
    is_delegated: bool = False
    delegates: tuple[str, ...] = ()


# -- whose answer it is -------------------------------------------------------------------


class MatchReason(StrEnum):
    """Why an answer is taken to be a guest's, or why it is not."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    """Sent to the guest's own answering address, and it names him: taken.

    Nobody else was told that address, so that DMARC, which forwarding breaks, need not pass.
    """

    TOKEN_ALIAS = "token-alias"  # noqa: S105
    """Sent to the guest's own answering address under an address that nobody here has: taken.

    Apple's programs answer from whichever account the calendar belongs to.
    """

    AUTHENTICATED = "authenticated"
    """No answering address, but From is the participant named, and DMARC vouches: taken."""

    NOBODY = "nobody"
    """It names no attendee at all."""

    ANOTHER_PARTICIPANT = "another-participant"
    """Sent to one guest's answering address, by or for another participant.

    He was forwarded the invitation, or took it.
    """

    AMBIGUOUS = "ambiguous"
    """It names several, and nothing says which of them answers."""

    STRANGER = "stranger"
    """Without an answering address, and nobody that it names takes part: somebody uninvited."""

    SHARED_ADDRESS = "shared-address"
    """Without an answering address, from an address that several participants have."""

    ON_BEHALF = "on-behalf"
    """Without an answering address, by somebody who says that he acts for the participant.

    Anybody can write SENT-BY; DMARC vouches for his own domain only.
    """

    OTHER_SENDER = "other-sender"
    """Without an answering address, and From is not the participant named."""

    NOT_AUTHENTICATED = "not-authenticated"
    """Without an answering address, and nobody vouches for From."""


_TAKEN = frozenset({MatchReason.TOKEN, MatchReason.TOKEN_ALIAS, MatchReason.AUTHENTICATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whether an answer is a participant's, and the evidence.

    ``respondent`` is the line whose answer counts, or would count if somebody agrees; None where
    no line stands out.
    """

    reason: MatchReason
    respondent: Respondent | None = None

    @property
    def is_taken(self) -> bool:
        """Whether it applies by itself; otherwise somebody has to look at it."""
        return self.reason in _TAKEN


def who_answers(
    respondents: Sequence[Respondent],
    *,
    guest: Collection[str],
    others: Sequence[str],
    sender: str,
    authentication: Authentication,
) -> Match:
    """Decide whose answer a message is.

    ``guest`` are the addresses of the participant whose answering address (token) it was sent
    to, empty where it came another way. ``others`` are those of all other participants, once for
    each who has it. ``sender`` is the address in From. All are normalised.
    """
    if not respondents:
        return Match(reason=MatchReason.NOBODY)
    if guest:
        return _by_token(respondents, frozenset(guest), frozenset(others) - set(guest), sender)
    return _by_address(respondents, others, sender, authentication)


def _by_token(
    respondents: Sequence[Respondent], guest: Collection[str], others: Collection[str], sender: str
) -> Match:
    own = [each for each in respondents if each.address in guest]
    known = {*guest, *others}
    unknown = [each for each in respondents if each.address not in known]
    if sender in others or not (own or unknown):
        named = next((each for each in respondents if each.address in others), respondents[0])
        return Match(reason=MatchReason.ANOTHER_PARTICIPANT, respondent=named)
    if own:
        return Match(reason=MatchReason.TOKEN, respondent=_preferred(own, sender))
    chosen = _preferred(unknown, sender)
    if len(respondents) > 1 and chosen.address != sender:
        return Match(reason=MatchReason.AMBIGUOUS)
    return Match(reason=MatchReason.TOKEN_ALIAS, respondent=chosen)


def _by_address(
    respondents: Sequence[Respondent],
    participants: Sequence[str],
    sender: str,
    authentication: Authentication,
) -> Match:
    holders = Counter(participants)
    known = [each for each in respondents if each.address in holders]
    if not known:
        return Match(reason=MatchReason.STRANGER, respondent=_preferred(respondents, sender))
    chosen = _preferred(known, sender)
    if chosen.address != sender:
        is_for_him = sender != "" and chosen.sent_by == sender
        reason = MatchReason.ON_BEHALF if is_for_him else MatchReason.OTHER_SENDER
    elif authentication is not Authentication.PASS:
        reason = MatchReason.NOT_AUTHENTICATED
    elif holders[sender] > 1:
        reason = MatchReason.SHARED_ADDRESS
    else:
        reason = MatchReason.AUTHENTICATED
    return Match(reason=reason, respondent=chosen)


def _preferred(respondents: Sequence[Respondent], sender: str) -> Respondent:
    """Return the line of the sender himself, else the first."""
    return next((each for each in respondents if each.address == sender), respondents[0])


# -- whether it still counts --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a message.

    ``original`` names the date of a series as naive wall clock in the zone of the series, None
    means all of it. ``stamp`` (aware, UTC) is DTSTAMP; it and ``sequence`` are None where the
    message lacks them.
    """

    original: datetime | None
    presence: Presence
    comment: str = ""
    sequence: int | None = None
    stamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAnswer:
    """What the guest's last answer to the same date came with, as in :class:`Answer`."""

    sequence: int | None = None
    stamp: datetime | None = None


class Verdict(StrEnum):
    """What becomes of an answer."""

    APPLY = "apply"
    """It counts."""

    UNKNOWN_SEQUENCE = "unknown-sequence"
    """It counts, though it says no SEQUENCE, or one that was never sent.

    RFC 5546 §3.2.3 lets a reply leave it out when it is 0; some programs always do.
    """

    REPLAYED = "replayed"
    """The guest's last answer once more: nothing is done."""

    OUT_OF_ORDER = "out-of-order"
    """Older than the guest's last answer, which stays."""

    OUTDATED = "outdated"
    """It answers an invitation to another time: it is kept as a note, and he is asked again."""

    @property
    def applies(self) -> bool:
        """Whether the presence is set."""
        return self in (Verdict.APPLY, Verdict.UNKNOWN_SEQUENCE)


def judge(
    answer: Answer, last: LastAnswer | None, *, time_sequence: int, mailed_sequence: int
) -> Verdict:
    """Tell whether an answer counts, by SEQUENCE and DTSTAMP (RFC 5546 §2.1.5).

    Order is among the guest's own answers only: clocks and numbers of different attendees do not
    compare. ``time_sequence`` is what SEQUENCE was at the last change of time, ``mailed_sequence``
    the highest that was ever mailed to him.
    """
    order = _order(answer, last, mailed_sequence)
    if order is not None and order <= 0:
        return Verdict.REPLAYED if order == 0 else Verdict.OUT_OF_ORDER
    if answer.sequence is None or answer.sequence > mailed_sequence:
        return Verdict.UNKNOWN_SEQUENCE
    return Verdict.OUTDATED if answer.sequence < time_sequence else Verdict.APPLY


def _order(answer: Answer, last: LastAnswer | None, mailed_sequence: int) -> int | None:
    """Return -1, 0, 1 for an answer before, like or after the last; None if nothing tells.

    A number that was never mailed is one of the program's own: it would keep out all answers
    that repeat ours, for good.
    """
    if last is None:
        return None
    numbers = [answer.sequence, last.sequence]
    known = [each for each in numbers if each is not None and each <= mailed_sequence]
    if len(known) == len(numbers) and known[0] != known[1]:
        return 1 if known[0] > known[1] else -1
    if answer.stamp is None or last.stamp is None:
        return None
    return (answer.stamp > last.stamp) - (answer.stamp < last.stamp)
