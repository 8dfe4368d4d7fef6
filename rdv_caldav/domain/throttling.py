"""How many wrong passwords are taken, and from whom: numbers, without any clock or table.

A budget is a bucket that leaks. All that is kept of one is the second at which it will be
empty again; each wrong password moves that second by the budget's ``cost``.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``burst`` wrong passwords at once, and another one every ``cost`` seconds."""

    burst: int
    cost: int

    @property
    def full(self) -> int:
        """Seconds after which a bucket that is full will be empty."""
        return self.burst * self.cost

    def wait(self, empty_at: int, *, now: int) -> int:
        """Return the seconds until the next try is taken, 0 for now."""
        return max(empty_at - now + self.cost - self.full, 0)


PAIR = Budget(burst=10, cost=60)
"""Of one login from one address."""

SUSPECT_PAIR = Budget(burst=2, cost=60)
"""The same while the login is being guessed from many addresses."""

ADDRESS = Budget(burst=60, cost=5)
"""Of one address, whatever the login. A whole agency may be behind one."""

LOGIN = Budget(burst=100, cost=10)
"""Of one login, wherever from. It refuses nobody by itself: see :data:`SUSPECT_PAIR`."""


def client_address(peer: str, forwarded_for: str, *, trusted_proxies: int) -> str:
    """Return the address that a request comes from, as budgets count it.

    ``peer`` is who connected, ``forwarded_for`` the header X-Forwarded-For, of which each of
    one's own proxies has written one entry at the end; what stands before those was written by
    anybody. IPv6 addresses count by their /64, of which everybody has as many as he likes.
    """
    entries = [entry.strip() for entry in forwarded_for.split(",") if entry.strip()]
    written = entries[-trusted_proxies:] if trusted_proxies > 0 else []
    found = _parsed(written[0]) if written else None
    address = found or _parsed(peer)
    if address is None:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _parsed(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address that may have a port behind it, and IPv6 brackets around it."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        return ipaddress.ip_address(written.partition("%")[0])
    except ValueError:
        return None
