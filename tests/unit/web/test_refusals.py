"""Every refusal of the project has words on the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rdv_caldav.domain.errors import DomainError
from rdv_web.refusals import REFUSALS, refusal_of


def _all(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all(each)


@pytest.mark.parametrize("kind", sorted(set(_all(DomainError)), key=str))
def test_every_refusal_has_words(kind: type[DomainError]) -> None:
    known = [each for each in kind.__mro__ if each in REFUSALS]
    assert known, f"{kind.__name__} has no words in rdv_web/refusals.py"


def test_the_nearest_words_are_taken() -> None:
    class Special(DomainError):
        pass

    with pytest.raises(LookupError):
        refusal_of(Special("nothing is known of it"))
