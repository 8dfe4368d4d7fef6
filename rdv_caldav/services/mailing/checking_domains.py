"""Whether the DNS lets the agency's mails arrive, and answers to them come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.mail.dns_records import DnsUnavailable, NameServer, dmarc_record, spf_records
from rdv_caldav.mail.signing import DkimKey
from rdv_caldav.services.mailing.findings import Finding, broken, good, warning

_RESERVED = ".invalid"
_TESTED = "t=y"


def domains_of(settings: AgencySettings) -> Sequence[str]:
    """Return the domains that mails are from, and answers and bounces come to."""
    agency = settings.scheduling_address.rpartition("@")[2].lower()
    return tuple(dict.fromkeys(filter(None, (settings.answers_domain.lower(), agency))))


def check_domains(
    settings: AgencySettings, key: DkimKey | None, names: NameServer
) -> Iterator[Finding]:
    """Look at each domain, until the DNS does not answer."""
    try:
        for domain in domains_of(settings):
            if domain.endswith(_RESERVED):
                yield broken(
                    "domain",
                    f"{domain} is a placeholder that nobody can write to",
                    "give the agency's address in Paramètres > Configuration > Courriel",
                )
                continue
            yield _who_takes(names, domain)
            yield _who_may_send(names, domain)
            yield _policy(names, domain)
            if key is not None and not _is_aligned(key.domain, domain):
                yield warning(
                    "DKIM",
                    f"{key.domain} signs mails that are from {domain}: DMARC does not count it",
                    f"sign with a key of {domain}, or answer to addresses below {key.domain}",
                )
        if key is not None:
            yield _published(names, key)
    except DnsUnavailable:
        yield warning(
            "DNS",
            "it does not answer, so that MX, SPF, DKIM and DMARC were not looked at",
            "try again, or ask another name server: --dns IP",
        )


def _who_takes(names: NameServer, domain: str) -> Finding:
    hosts = names.mail_hosts(domain)
    missing = f"answers to {domain} and bounces get lost"
    fix = f"add an MX record to {domain} that names the server which takes its mails"
    if not hosts and names.has_address(domain):
        return warning("MX", f"{domain} has none: mails go to its address record", fix)
    if not hosts:
        return broken("MX", f"{domain} has none: {missing}", fix)
    if "" in hosts:
        return broken("MX", f"{domain} says that it takes no mails (RFC 7505): {missing}", fix)
    if not names.has_address(hosts[0]):
        return broken("MX", f"{hosts[0]}, which takes mails for {domain}, has no address", fix)
    return good("MX", f"{domain}: {hosts[0]}")


def _who_may_send(names: NameServer, domain: str) -> Finding:
    records = spf_records(names, domain)
    if not records:
        return warning(
            "SPF",
            f"{domain} does not say who may send its mails: many end as spam",
            f'add a TXT record to {domain}, as "v=spf1 include:(your provider) -all"',
        )
    if len(records) > 1:
        return broken(
            "SPF",
            f"{domain} has {len(records)} records, so that none counts (RFC 7208 §4.5)",
            "put them together into one",
        )
    if any(term.lower() in ("all", "+all") for term in records[0].split()):
        return warning("SPF", f"{domain} lets anybody send its mails", "end the record in -all")
    return good("SPF", f"{domain}: {records[0]}")


def _policy(names: NameServer, domain: str) -> Finding:
    found = dmarc_record(names, domain)
    if found is None:
        return warning(
            "DMARC",
            f"{domain} has no record, or several: large providers want one",
            f'add a TXT record to _dmarc.{domain}, as "v=DMARC1; p=none; rua=mailto:(you)"',
        )
    return good("DMARC", f"{domain}: p={found.policy} ({found.place})")


def _published(names: NameServer, key: DkimKey) -> Finding:
    records = names.texts(key.place)
    fix = f"publish the public half of the key as the only TXT record of {key.place}"
    if len(records) != 1:
        many = f"{len(records)} records" if records else "no record"
        return broken("DKIM", f"{key.place} has {many}: all signatures are void", fix)
    if not key.matches(records[0]):
        return broken("DKIM", f"the record of {key.place} is not of the key in the file", fix)
    if _TESTED in "".join(records[0].split()).split(";"):
        return warning("DKIM", f"{key.place} says that it is a test", "take t=y out of the record")
    return good("DKIM", f"{key.place} has the key that signs")


def _is_aligned(one: str, other: str) -> bool:
    """Tell whether DMARC takes two domains for one organisation's, as far as names tell."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
