"""Synchronisation by change numbers (RFC 6578): what changed, and what tokens are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdv_caldav.domain.errors import SyncTokenExpired

_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What happened in a collection since a token: hrefs with their ETags, and hrefs gone.

    Collections that came into a folder are among them, without slash. ``is_truncated`` says
    that there is more; ``token`` continues from here.
    """

    token: str
    changed: Iterable[tuple[str, str]]
    gone: Sequence[str]
    is_truncated: bool = False


def numbers_of(token: str, *, least: int, most: int) -> tuple[int, ...]:
    """Return the change numbers that a token is made of.

    Raises SyncTokenExpired unless there are from ``least`` to ``most`` of them.
    """
    numbers = token.split("-")
    readable = all(
        number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
        for number in numbers
    )
    if not (readable and least <= len(numbers) <= most):
        raise SyncTokenExpired("no sync token of this server")
    return tuple(map(int, numbers))
