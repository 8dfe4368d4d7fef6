"""Whose an answer is, and whether it still counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.replies import (
    Answer,
    Authentication,
    LastAnswer,
    Match,
    MatchReason,
    Respondent,
    Verdict,
    judge,
    who_answers,
)

SOPHIE = "sophie@famille.example"
SOPHIE_AT_WORK = "sophie@bureau.example"
IVAN = "ivan@agence.example"
ALIAS = "sophie.alias@icloud.example"
MALLORY = "mallory@ailleurs.example"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def lines(*addresses: str) -> list[Respondent]:
    return [Respondent(address=address, presence=Presence.ACCEPTED) for address in addresses]


def by_token(*addresses: str, sender: str) -> Match:
    return who_answers(
        lines(*addresses),
        guest=(SOPHIE, SOPHIE_AT_WORK),
        others=(IVAN, "paul@famille.example"),
        sender=sender,
        authentication=Authentication.NONE,
    )


def by_address(
    *respondents: Respondent,
    sender: str,
    dmarc: Authentication = Authentication.PASS,
    participants: tuple[str, ...] = (SOPHIE, SOPHIE_AT_WORK, IVAN),
) -> Match:
    return who_answers(
        respondents, guest=(), others=participants, sender=sender, authentication=dmarc
    )


@pytest.mark.parametrize(
    ("addresses", "sender", "reason", "counts"),
    [
        ((SOPHIE,), SOPHIE, MatchReason.TOKEN, SOPHIE),
        ((SOPHIE_AT_WORK,), SOPHIE, MatchReason.TOKEN, SOPHIE_AT_WORK),
        ((SOPHIE,), ALIAS, MatchReason.TOKEN, SOPHIE),
        ((SOPHIE,), "", MatchReason.TOKEN, SOPHIE),
        # all attendees copied
        ((IVAN, SOPHIE), SOPHIE, MatchReason.TOKEN, SOPHIE),
        ((SOPHIE, SOPHIE_AT_WORK), SOPHIE_AT_WORK, MatchReason.TOKEN, SOPHIE_AT_WORK),
        ((ALIAS,), ALIAS, MatchReason.TOKEN_ALIAS, ALIAS),
        ((ALIAS,), MALLORY, MatchReason.TOKEN_ALIAS, ALIAS),
        ((IVAN, ALIAS), ALIAS, MatchReason.TOKEN_ALIAS, ALIAS),
        ((IVAN, ALIAS), MALLORY, MatchReason.AMBIGUOUS, None),
        ((ALIAS, MALLORY), SOPHIE, MatchReason.AMBIGUOUS, None),
        # the invitation was forwarded, or taken
        ((IVAN,), IVAN, MatchReason.ANOTHER_PARTICIPANT, IVAN),
        ((IVAN,), SOPHIE, MatchReason.ANOTHER_PARTICIPANT, IVAN),
        ((SOPHIE,), IVAN, MatchReason.ANOTHER_PARTICIPANT, SOPHIE),
        ((ALIAS,), IVAN, MatchReason.ANOTHER_PARTICIPANT, ALIAS),
        ((), SOPHIE, MatchReason.NOBODY, None),
    ],
)
def test_who_answers_to_an_answering_address(
    addresses: tuple[str, ...], sender: str, reason: MatchReason, counts: str | None
) -> None:
    match = by_token(*addresses, sender=sender)
    assert match.reason is reason
    assert (match.respondent.address if match.respondent else None) == counts
    assert match.is_taken is (reason in (MatchReason.TOKEN, MatchReason.TOKEN_ALIAS))


def test_a_couple_that_shares_an_address_is_told_apart_by_the_answering_address() -> None:
    match = who_answers(
        lines(SOPHIE),
        guest=(SOPHIE,),
        others=(SOPHIE, IVAN),
        sender=SOPHIE,
        authentication=Authentication.FAIL,
    )
    assert match.reason is MatchReason.TOKEN


def test_without_an_answering_address_from_has_to_be_vouched_for() -> None:
    (sophie,) = lines(SOPHIE)
    match = by_address(sophie, sender=SOPHIE)
    assert match == Match(reason=MatchReason.AUTHENTICATED, respondent=sophie)
    assert match.is_taken
    for dmarc in (Authentication.NONE, Authentication.FAIL):
        match = by_address(sophie, sender=SOPHIE, dmarc=dmarc)
        assert match == Match(reason=MatchReason.NOT_AUTHENTICATED, respondent=sophie)
        assert not match.is_taken


def test_without_an_answering_address_others_are_for_somebody_to_look_at() -> None:
    sophie, ivan, mallory = lines(SOPHIE, IVAN, MALLORY)
    assert by_address(sophie, sender=MALLORY).reason is MatchReason.OTHER_SENDER
    assert by_address(sophie, sender="").reason is MatchReason.OTHER_SENDER
    assert by_address(mallory, sender=MALLORY).reason is MatchReason.STRANGER
    assert by_address(mallory, sender=SOPHIE).reason is MatchReason.STRANGER
    assert by_address(ivan, sophie, sender=SOPHIE).respondent is sophie
    shared = by_address(sophie, sender=SOPHIE, participants=(SOPHIE, SOPHIE))
    assert shared.reason is MatchReason.SHARED_ADDRESS


def test_whoever_says_that_he_acts_for_somebody_is_not_believed() -> None:
    claimed = Respondent(address=SOPHIE, sent_by=MALLORY)
    match = by_address(claimed, sender=MALLORY)
    assert match == Match(reason=MatchReason.ON_BEHALF, respondent=claimed)
    assert not match.is_taken


# -- order --------------------------------------------------------------------------------


def answer(sequence: int | None, minutes: int | None) -> Answer:
    stamp = None if minutes is None else NOON + minutes * MINUTE
    return Answer(original=None, presence=Presence.ACCEPTED, sequence=sequence, stamp=stamp)


def last(sequence: int | None, minutes: int | None) -> LastAnswer:
    return LastAnswer(sequence=sequence, stamp=answer(None, minutes).stamp)


@pytest.mark.parametrize(
    ("given_answer", "earlier", "verdict"),
    [
        (answer(3, 0), None, Verdict.APPLY),
        (answer(2, 0), None, Verdict.APPLY),
        (answer(1, 0), None, Verdict.OUTDATED),
        (answer(5, 0), None, Verdict.UNKNOWN_SEQUENCE),
        (answer(None, 0), None, Verdict.UNKNOWN_SEQUENCE),
        (answer(3, 0), last(3, 0), Verdict.REPLAYED),
        (answer(3, 1), last(3, 0), Verdict.APPLY),
        (answer(3, 0), last(3, 1), Verdict.OUT_OF_ORDER),
        # the number counts before the clock
        (answer(3, 0), last(2, 9), Verdict.APPLY),
        (answer(2, 9), last(3, 0), Verdict.OUT_OF_ORDER),
        (answer(1, 1), last(1, 0), Verdict.OUTDATED),
        (answer(1, 0), last(1, 0), Verdict.REPLAYED),
        # a number that was never mailed says nothing
        (answer(3, 1), last(9, 0), Verdict.APPLY),
        (answer(9, 0), last(3, 1), Verdict.OUT_OF_ORDER),
        # what is missing says nothing
        (answer(3, None), last(3, 0), Verdict.APPLY),
        (answer(3, 0), last(3, None), Verdict.APPLY),
        (answer(None, 0), last(3, 1), Verdict.OUT_OF_ORDER),
        (answer(None, 0), last(None, 0), Verdict.REPLAYED),
        (answer(3, 1), last(None, 0), Verdict.APPLY),
        (answer(None, None), last(None, None), Verdict.UNKNOWN_SEQUENCE),
    ],
)
def test_whether_an_answer_counts(
    given_answer: Answer, earlier: LastAnswer | None, verdict: Verdict
) -> None:
    found = judge(given_answer, earlier, time_sequence=2, mailed_sequence=4)
    assert found is verdict
    assert found.applies is (verdict in (Verdict.APPLY, Verdict.UNKNOWN_SEQUENCE))


numbers = st.tuples(st.integers(0, 3), st.integers(0, 3))


@given(st.lists(numbers, max_size=8))
def test_in_whatever_order_answers_come_the_latest_one_stays(sent: list[tuple[int, int]]) -> None:
    """Applied one after the other, twice over, the highest (SEQUENCE, DTSTAMP) is what stays."""
    arrived = [*sent, *reversed(sent)]
    kept: tuple[int, int] | None = None
    for each in arrived:
        earlier = None if kept is None else last(*kept)
        verdict = judge(answer(*each), earlier, time_sequence=0, mailed_sequence=9)
        if verdict.applies:
            kept = each
    assert kept == max(sent, default=None)
