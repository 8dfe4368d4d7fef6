"""Signatures that say which domain a mail is from (DKIM, RFC 6376; Ed25519: RFC 8463).

Optional: most agencies send through a server that signs by itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from pathlib import Path

import dkim
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import ascii_domain

SIGNED = (
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Language", "Auto-Submitted"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),  # RFC 8058 §4 wants both
)
ONCE = ("From", "To", "Cc", "Subject", "Date", "Reply-To", "MIME-Version", "Content-Type")
"""Named once more than they are there, so that a second one voids the signature."""

_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PEM = re.compile(
    r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END \1-----"
)
_FIELD = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
# PKCS#8 of such a key has one form: this, then the 32 octets (RFC 8410 §7)
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")
_ED25519_LENGTH = 32
_FEWEST_BITS = 1024  # RFC 8301 §3.2; 2048 is what one makes nowadays


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A private key, and where its public one stands: ``SELECTOR._domainkey.DOMAIN``."""

    domain: str
    selector: str
    algorithm: str
    secret: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path, *, domain: str, selector: str) -> DkimKey:
        """Read an RSA or Ed25519 key from a PEM file, as openssl writes them.

        Raises InvalidInput for a file, a key, a domain or a selector that cannot be used.
        """
        if not _SELECTOR.fullmatch(selector):
            raise InvalidInput("the DKIM selector is not valid")
        try:
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"cannot read the DKIM key {path}") from error
        algorithm, secret = _key(text)
        return cls(
            domain=ascii_domain(domain), selector=selector, algorithm=algorithm, secret=secret
        )

    def sign(self, raw: bytes) -> bytes:
        """Return the mail with a signature on top. Each call says the time at which it was.

        A mail may be signed by several keys, one after the other.
        """
        there = [each.decode().lower() for each in _FIELD.findall(raw.partition(b"\r\n\r\n")[0])]
        wanted = {each.lower() for each in SIGNED}
        names = [each for each in there if each in wanted] + [each.lower() for each in ONCE]
        signature: bytes = dkim.sign(
            raw,
            self.selector.encode(),
            self.domain.encode(),
            self.secret,
            signature_algorithm=self.algorithm.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[each.encode() for each in names],
        )
        return signature + raw

    @property
    def place(self) -> str:
        """The name under which the DNS has the public key (RFC 6376 §3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    def matches(self, record: str) -> bool:
        """Tell whether a TXT record at ``place`` has the public key of this private one."""
        sample = self.sign(b"From: rdv@rdv.invalid\r\nSubject: -\r\n\r\n-\r\n")

        def published(_name: bytes, timeout: int = 0) -> bytes:  # noqa: ARG001 - as it is called
            return record.encode()

        try:
            return bool(dkim.DKIM(sample).verify(dnsfunc=published))
        except (dkim.DKIMException, ValueError):
            return False


def _key(text: str) -> tuple[str, bytes]:
    """Return the algorithm, and the key as the library takes it."""
    found = _PEM.search(text)
    if found is None:
        raise InvalidInput("the DKIM key is no private key in PEM, or has a passphrase")
    content = "".join(found[2].split())
    try:
        der = base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise InvalidInput("the DKIM key is not whole") from error
    if der.startswith(_ED25519) and len(der) == len(_ED25519) + _ED25519_LENGTH:
        return "ed25519-sha256", base64.b64encode(der[len(_ED25519) :])
    pem = f"-----BEGIN {found[1]}-----\n{content}\n-----END {found[1]}-----\n".encode()
    try:
        modulus: int = parse_pem_private_key(pem)["modulus"]
    except (UnparsableKeyError, LookupError, TypeError) as error:
        raise InvalidInput("the DKIM key is neither RSA nor Ed25519") from error
    if modulus.bit_length() < _FEWEST_BITS:
        raise InvalidInput(f"the DKIM key has less than {_FEWEST_BITS} bits")
    return "rsa-sha256", pem
