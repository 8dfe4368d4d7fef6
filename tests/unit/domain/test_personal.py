"""What accounts keep for themselves, as values."""

from __future__ import annotations

from datetime import UTC, datetime

from rdv_caldav.domain.personal import PersonalCollection, entity_tag, is_within, weight_of

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def _collection(path: str) -> PersonalCollection:
    return PersonalCollection(
        id=1,
        account_id=2,
        path=path,
        is_calendar=True,
        components=("VEVENT",),
        properties={},
        counter=7,
        floor=3,
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_path_has_a_name_and_what_it_stands_in() -> None:
    inner, outer = _collection("a/b/c"), _collection("a")
    assert (inner.name, inner.parent_path) == ("c", "a/b")
    assert (outer.name, outer.parent_path) == ("a", "")
    assert outer.tag == "7"


def test_beneath_means_whole_parts_of_a_path() -> None:
    assert is_within("a", "a")
    assert is_within("a/b/c", "a")
    assert not is_within("ab", "a")
    assert not is_within("a", "a/b")


def test_properties_count_in_octets() -> None:
    assert weight_of({}) == 0
    assert weight_of({"{urn:x}a": "é"}) == 10


def test_entity_tags_are_quoted() -> None:
    assert entity_tag(12) == '"12"'
