"""Passwords of devices: spelled in one way, read in many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.devices import (
    ALPHABET,
    SECRET_LENGTH,
    AccountPasswordOnCaldav,
    program_family,
    secret_of,
    spelled,
    typed_secret,
)


@given(st.binary(min_size=20, max_size=20))
def test_what_is_spelled_is_read(octets: bytes) -> None:
    secret = secret_of(octets)
    assert len(secret) == SECRET_LENGTH
    assert set(secret) <= set(ALPHABET)
    shown = spelled(secret)
    assert typed_secret(shown) == secret
    assert typed_secret(f" {shown.upper().replace('-', ' – ')}\n") == secret


def test_octets_make_secrets_of_their_own() -> None:
    found = {secret_of(bytes([0] * place + [1] + [0] * (19 - place))) for place in range(3, 20)}
    assert len(found) == 17


def test_digits_that_are_misread() -> None:
    assert typed_secret("0180" + "a" * 24) == "olbo" + "a" * 24


@pytest.mark.parametrize("typed", ["", "demo", "a" * 27, "a" * 29, "é" + "a" * 27, "9" + "a" * 27])
def test_other_passwords_are_none(typed: str) -> None:
    assert typed_secret(typed) is None


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [("until_device", True, False), ("always", True, True), ("never", False, False)],
)
def test_where_the_accounts_own_password_is_taken(
    policy: str, *, before: bool, after: bool
) -> None:
    found = AccountPasswordOnCaldav(policy)
    assert found.takes(has_had_device=False) is before
    assert found.takes(has_had_device=True) is after


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("iOS/18.1 (22B83) dataaccessd/1.0", "iPhone, iPad"),
        ("macOS/15.1 (24B83) CalendarAgent/1.0", "Mac"),
        ("DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/15", "DAVx⁵"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
            "Thunderbird",
        ),
        ("CalDavSynchronizer/4.4", "Outlook CalDav Synchronizer"),
        ("Evolution/3.46.4", "Evolution"),
        ("curl/8.5.0", "curl"),
        ("", ""),
    ],
)
def test_programs_are_named_as_people_know_them(user_agent: str, name: str) -> None:
    assert program_family(user_agent) == name
