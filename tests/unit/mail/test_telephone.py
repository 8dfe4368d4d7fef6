"""Telephone numbers, as people write them."""

from __future__ import annotations

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.telephone import mobile_number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("06-12-34-56-78", "+33612345678"),
        ("07\u00a012\u202f34\u200e 56 78", "+33712345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("0690 12 34 56", "+590690123456"),
        ("0694 12 34 56", "+594694123456"),
        ("0696 12 34 56", "+596696123456"),
        ("0692 12 34 56", "+262692123456"),
        ("0639 12 34 56", "+262639123456"),
        ("+262 692 12 34 56", "+262692123456"),
        ("+41 79 123 45 67", "+41791234567"),
        ("+32 470 12 34 56", "+32470123456"),
    ],
)
def test_a_mobile_number_is_understood(written: str, number: str) -> None:
    assert mobile_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "06 12 34 56 7",
        "06 12 34 56 789",
        "6 12 34 56 78",
        "01 23 45 67 89",
        "0262 12 34 56",
        "08 99 12 34 56",
        "09 12 34 56 78",
        "+33 1 23 45 67 89",
        "+33 06 12 34 56 78",
        "+33 6 12 34 56 7",
        "+33612345678 poste 3",
        "3615",
        "112",
        "+0612345678",
        "+1234567",
        "+1234567890123456",
        "06 12 34 56 78 / 07 12 34 56 78",
        "06 12 34 56 7８",
        "+٣٣٦١٢٣٤٥٦٧٨",
        "claire@famille.example",
        "06 12 34 56 78\r\nX: y",
    ],
)
def test_what_is_not_clear_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        mobile_number(written)
    assert not written or written not in str(refused.value)
