"""Transactions of the verbs that write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from rdv_caldav.domain.errors import LostRace
from rdv_radicale.if_header import check_if
from rdv_radicale.requests import Request
from rdv_radicale.session import Session, opened

_T = TypeVar("_T")

TRIES = 3
"""How often a write is tried that another writer overtakes."""


def write(request: Request, act: Callable[[Session], _T]) -> _T:
    """Do something in a writing transaction; who lost a race looks again."""
    for _ in range(TRIES - 1):
        with suppress(LostRace):
            return _written(request, act)
    return _written(request, act)


def _written(request: Request, act: Callable[[Session], _T]) -> _T:
    with opened(
        request.book,
        request.login,
        device=request.device,
        writes=True,
        proof=request.proof,
    ) as now:
        check_if(request, now)
        return act(now)
