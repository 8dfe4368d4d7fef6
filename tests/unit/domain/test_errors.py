"""Refusals are types of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rdv_caldav.domain.errors import DateOutOfRange, DomainError, UidConflict


def every(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from every(inner)


@pytest.mark.parametrize("kind", list(every(DomainError)))
def test_no_refusal_is_one_that_radicale_catches(kind: type[DomainError]) -> None:
    # a ValueError under its storage lock becomes a 400 and commits half a write
    assert not issubclass(kind, ValueError | OSError | LookupError)
    assert kind.__doc__


def test_a_conflict_knows_the_place_that_has_the_uid() -> None:
    assert UidConflict("there already", href="visite.ics").href == "visite.ics"
    assert UidConflict("there already").href == ""
    assert str(UidConflict("there already", href="visite.ics")) == "there already"


@pytest.mark.parametrize("too_late", [True, False])
def test_a_date_is_out_of_range_on_one_side(*, too_late: bool) -> None:
    assert DateOutOfRange("out of range", too_late=too_late).too_late is too_late
