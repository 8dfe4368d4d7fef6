"""Tokens as change numbers."""

from __future__ import annotations

import pytest

from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.domain.sync import numbers_of


def test_numbers_of_a_token() -> None:
    assert numbers_of("12-0-3", least=2, most=3) == (12, 0, 3)
    assert numbers_of("7", least=1, most=2) == (7,)


@pytest.mark.parametrize("token", ["", "x", "1", "1-2-3-4", "-1-2", "1--2", "٣-٤", "1" * 19 + "-1"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(SyncTokenExpired):
        numbers_of(token, least=2, most=3)
