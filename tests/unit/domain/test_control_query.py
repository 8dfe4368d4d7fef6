"""Filters of the control table as URLs, both ways; and the values that make no sense."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.control import (
    DEFAULT_COLUMNS,
    Column,
    ControlFilter,
    ControlQuery,
    Place,
    RowKey,
    Sort,
    Trash,
)
from rdv_caldav.domain.control_query import MOST_VALUES, read_query, write_filter, write_query
from rdv_caldav.domain.errors import InvalidFilter, UnknownObject
from rdv_caldav.domain.searching import folded, search_key

_IDS = st.frozensets(st.integers(1, 2**31 - 1), max_size=3)
_WORDS = st.text(st.characters(exclude_categories=["C"]), max_size=30).map(str.strip)
_DAYS = st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1))
_FILTERS = st.builds(
    ControlFilter,
    first_day=_DAYS,
    types=st.frozensets(st.sampled_from(["client", "interne", "à part"])),
    categories=st.frozensets(st.sampled_from(TypeCategory)),
    states=st.frozensets(st.sampled_from(State)),
    participants=_IDS,
    owners=_IDS,
    presences=st.frozensets(st.sampled_from(Presence)),
    presence_of=st.none() | st.integers(1, 99),
    sectors=_IDS,
    location=_WORDS,
    text=_WORDS,
    in_notes=st.booleans(),
    guests=st.none() | st.booleans(),
    series=st.none() | st.booleans(),
    trash=st.sampled_from(Trash),
)
_PLACES = st.builds(
    Place,
    starts_at=st.integers(-(2**40), 2**40),
    appointment_id=st.integers(1, 10**6),
    original=st.just("") | st.datetimes(datetime(2000, 1, 1)).map(datetime.isoformat),
    value=st.text(st.characters(exclude_characters="\0"), max_size=20),
    backwards=st.booleans(),
)
_QUERIES = st.builds(
    ControlQuery,
    filter=_FILTERS,
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    columns=st.sampled_from([DEFAULT_COLUMNS, (Column.DATE, Column.NOTES), tuple(Column)]),
    place=st.none() | _PLACES.filter(lambda place: "." not in place.original),
)


@given(_QUERIES)
def test_what_is_written_is_read(query: ControlQuery) -> None:
    assert read_query(write_query(query)) == query


def test_nothing_said_is_nothing_written() -> None:
    assert write_query(ControlQuery()) == []
    assert read_query([]) == ControlQuery()
    assert read_query([("du", ""), ("type", " "), ("page", "7"), ("lang", "en")]) == ControlQuery()


def test_an_example_for_people_who_read_urls() -> None:
    wanted = ControlFilter(
        first_day=date(2026, 11, 1),
        last_day=date(2026, 11, 30),
        states=frozenset({State.HELD, State.CANCELLED}),
        guests=False,
    )
    assert write_filter(wanted) == [
        ("du", "2026-11-01"),
        ("au", "2026-11-30"),
        ("etat", "ANNULE"),
        ("etat", "TENU"),
        ("invites", "non"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("du", "hier", "date"),
        ("du", "0001-01-01", "date"),
        ("au", "2026-02-30", "date"),
        ("etat", "PERDU", "choice"),
        ("participant", "-1000000000000", "choice"),
        ("participant", "²", "choice"),
        ("participant", str(2**31), "choice"),
        ("presence", "accepted", "choice"),
        ("categorie", "x", "choice"),
        ("type", "x" * 201, "choice"),
        ("texte", "x" * 201, "too_long"),
        ("lieu", "a\0b", "too_long"),
        ("invites", "peut-être", "choice"),
        ("corbeille", "pleine", "choice"),
        ("tri", "couleur", "choice"),
        ("ordre", "haut", "choice"),
        ("colonne", "secret", "choice"),
        ("apres", "1.2", "choice"),
        ("apres", "1.2.hier.x.", "choice"),
        ("apres", "1.2..a\0.", "choice"),
        ("apres", f"{2**60}.2..x.", "choice"),
        ("avant", "x", "choice"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_by_name(name: str, value: str, problem: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        read_query([(name, value)])
    assert refused.value.problems == {name: problem}


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidFilter, match="au, etat, lieu") as refused:
        read_query([("du", "2026-11-02"), ("au", "2026-11-01"), ("etat", "x"), ("lieu", "x" * 999)])
    assert refused.value.problems == {"au": "order", "etat": "choice", "lieu": "too_long"}


def test_the_last_of_several_values_counts_where_one_is_wanted() -> None:
    assert read_query([("texte", "un"), ("texte", "deux")]).filter.text == "deux"


def test_more_values_than_anybody_chooses_are_refused() -> None:
    chosen = [("participant", str(number)) for number in range(1, MOST_VALUES + 1)]
    assert len(read_query([*chosen, *chosen]).filter.participants) == MOST_VALUES
    with pytest.raises(InvalidFilter) as refused:
        read_query([*chosen, ("participant", "9999"), ("etat", "x")])
    assert refused.value.problems == {"participant": "too_many", "etat": "choice"}


@pytest.mark.parametrize("reference", ["12", "12/2026-11-25T09:00:00"])
def test_references_name_rows(reference: str) -> None:
    assert str(RowKey.read(reference)) == reference


@pytest.mark.parametrize(
    "reference", ["", "x", "1/hier", "99999999999", "1/2026-11-25T09:00:00Z", "²", "-1"]
)
def test_references_that_name_nothing(reference: str) -> None:
    with pytest.raises(UnknownObject):
        RowKey.read(reference)


def test_letters_are_searched_without_case_and_accents() -> None:
    assert folded("  Évaluation\tà  l'ŒUVRE ") == "evaluation a l'oeuvre"
    assert folded("Straße") == "strasse"
    assert search_key("Été\n2026", "Sète") == "ete 2026\nsete"
    assert len(search_key("x" * 999, "y" * 999)) == 601
