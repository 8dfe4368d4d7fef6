"""What the DNS says of a domain's mails: who takes them, who may send them, who signs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import ascii_domain

PATIENCE = 5.0
"""Seconds that a name server may take."""

_SPF, _DMARC = "v=spf1", "v=dmarc1"
_MOST_PARENTS = 6
_DNS_PORT = 53


class DnsUnavailable(Exception):
    """No name server answers, or it cannot say: that is not the same as that there is nothing."""


class NameServer:
    """Asks the DNS, as the machine is set up to, or one server."""

    def __init__(self, address: str = "", *, timeout: float = PATIENCE) -> None:
        """Ask nothing yet. ``address`` is ``IP`` or ``IP:PORT``. Raises InvalidInput for it."""
        self._address, self._timeout = address, timeout
        self._resolver: dns.resolver.Resolver | None = _of(address) if address else None

    def texts(self, name: str) -> Sequence[str]:
        """Return the TXT records of a name, the pieces of each put together (RFC 7208 §3.3).

        Raises DnsUnavailable, as every method does.
        """
        answers = self._asked(name, "TXT")
        return [b"".join(each.strings).decode(errors="replace") for each in answers]

    def mail_hosts(self, domain: str) -> Sequence[str]:
        """Return who takes mails for a domain, the preferred first; ``""`` is nobody (RFC 7505)."""
        answers = sorted(self._asked(domain, "MX"), key=lambda each: each.preference)
        return [each.exchange.to_text().rstrip(".") for each in answers]

    def has_address(self, name: str) -> bool:
        """Tell whether a name has an address of IPv4 or IPv6."""
        return bool(self._asked(name, "A") or self._asked(name, "AAAA"))

    def _asked(self, name: str, kind: str) -> list[Any]:
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
            found = self._resolver.resolve(
                name, kind, raise_on_no_answer=False, search=False, lifetime=self._timeout
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnavailable("the DNS does not answer") from error
        return list(found)


def _of(address: str) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    try:
        parts = urlsplit(f"//{address}")
        resolver.nameservers = [parts.hostname or ""]
        resolver.port = parts.port or _DNS_PORT
    except ValueError as error:
        raise InvalidInput("a name server is given as IP or IP:PORT") from error
    return resolver


# -- what domains publish -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dmarc:
    """What to do with mails that are not from whom they say (RFC 7489 §6.3)."""

    place: str
    policy: str


def spf_records(names: NameServer, domain: str) -> Sequence[str]:
    """Return the SPF records of a domain; more than one is as bad as none (RFC 7208 §4.5)."""
    return [each for each in names.texts(domain) if each.lower().split(" ")[0] == _SPF]


def dmarc_record(names: NameServer, domain: str) -> Dmarc | None:
    """Return the DMARC record that holds for a domain: its own, or that of one above.

    Top-level domains are not asked, so that no list of public suffixes is needed: whoever has
    a domain does not publish one for all others under the same suffix.
    """
    labels = ascii_domain(domain).split(".")
    for cut in range(min(len(labels) - 1, _MOST_PARENTS)):
        parent = ".".join(labels[cut:])
        place = f"_dmarc.{parent}"
        found = [tags for each in names.texts(place) if (tags := _dmarc_tags(each)) is not None]
        if len(found) == 1:
            policy = found[0].get("p", "none")
            return Dmarc(place, policy if not cut else found[0].get("sp", policy))
    return None


def _dmarc_tags(record: str) -> dict[str, str] | None:
    pairs = [each.partition("=") for each in record.split(";")]
    tags = {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
    return tags if f"v={tags.get('v', '')}" == _DMARC else None
