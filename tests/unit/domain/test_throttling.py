"""Budgets of wrong passwords, and whose they are."""

from __future__ import annotations

import pytest

from rdv_caldav.domain.throttling import Budget, client_address


def test_a_budget_is_spent_and_comes_back() -> None:
    budget, until, taken = Budget(burst=3, cost=60), 0, 0
    while budget.wait(until, now=1000) == 0:
        until, taken = max(until, 1000) + budget.cost, taken + 1
    assert taken == 3
    assert budget.wait(until, now=1000) == 60
    assert budget.wait(until, now=1059) == 1
    assert budget.wait(until, now=1060) == 0


@pytest.mark.parametrize(
    ("peer", "header", "trusted", "address"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", 0, "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.1", 2, "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7", 2, "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7:4711", 1, "198.51.100.7"),
        ("127.0.0.1", "[2001:db8::7]:4711", 1, "2001:db8::/64"),
        ("127.0.0.1", "2001:db8::7%eth0", 1, "2001:db8::/64"),
        ("127.0.0.1", "::ffff:198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "unknown", 1, "127.0.0.1"),
        ("127.0.0.1", " , ", 1, "127.0.0.1"),
        ("", "", 0, ""),
        ("/run/rdv.sock", "", 0, "/run/rdv.sock"),
    ],
)
def test_who_asks(peer: str, header: str, trusted: int, address: str) -> None:
    assert client_address(peer, header, trusted_proxies=trusted) == address
