"""The scenario files that a gestionnaire can read, on each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.scenario import Clock, Scenario

FILES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(any_book: AppointmentBook, clock: Clock, path: Path) -> None:
    Scenario(any_book, clock).run(path)
