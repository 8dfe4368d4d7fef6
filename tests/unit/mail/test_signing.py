"""Signatures, verified as a receiver does, with the public key that openssl makes of ours."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.message import build
from rdv_caldav.mail.signing import DkimKey
from support.mail_checker import check_mail
from support.mails import mail

KINDS = {
    "rsa": "genrsa 2048",
    "rsa-old": "genrsa -traditional 2048",
    "ed25519": "genpkey -algorithm ed25519",
    "weak": "genrsa 768",
    "curve": "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "locked": "genrsa -aes128 -passout pass:x 2048",
}
RAW = build(mail(unsubscribe="https://agence.example/x", references=("<visite.0@agence.example>",)))


def openssl(command: str, *, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *command.split()], input=given, capture_output=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("keys")

    def made(kind: str) -> Path:
        path = folder / f"{kind}.pem"
        if not path.exists():
            path.write_bytes(openssl(KINDS[kind]))
        return path

    return made


def published(path: Path) -> str:
    der = openssl(f"pkey -in {path} -pubout -outform DER")
    is_ed25519 = len(der) < 50
    public = base64.b64encode(der[12:] if is_ed25519 else der).decode()
    return f"v=DKIM1; k={'ed25519' if is_ed25519 else 'rsa'}; p={public}"


def verified(raw: bytes, path: Path, *, selector: str = "rdv1") -> bool:
    record = published(path).encode()
    place = f"{selector}._domainkey.agence.example.".encode()
    return bool(dkim.verify(raw, dnsfunc=lambda name, timeout=5: record if name == place else None))


@pytest.mark.parametrize("kind", ["rsa", "rsa-old", "ed25519"])
def test_a_receiver_sees_that_the_mail_is_ours(kind: str, keys: Callable[[str], Path]) -> None:
    key = DkimKey.read(keys(kind), domain="Agence.example", selector="rdv1")
    signed = key.sign(RAW)
    assert signed.endswith(RAW)
    check_mail(signed)
    assert verified(signed, keys(kind))
    assert not verified(signed, keys(kind), selector="autre")
    assert str(key.secret) not in repr(key)

    for before, after in [
        (b"Bonjour", b"Bonsoir"),
        (b"visite.1@", b"visite.3@"),
        (b"visite.0@", b"visite.3@"),
        (b"auto-generated", b"no"),
        (b"agence.example/x>", b"autre.example/x>"),
        (b"=One-Click", b"=Two-Clicks"),
        (b"\r\nTo:", b"\r\nTo: x@autre.example\r\nTo:"),
        (b"\r\nTo:", b"\r\nReply-To: x@autre.example\r\nTo:"),
        (b"\r\nTo:", b"\r\nCc: x@autre.example\r\nTo:"),
        (b"\r\nFrom:", b"\r\nFrom: x@autre.example\r\nFrom:"),
        (b"\r\nSubject:", b"\r\nSubject: x\r\nSubject:"),
    ]:
        changed = signed.replace(before, after)
        assert changed != signed
        assert not verified(changed, keys(kind)), after


def test_what_servers_on_the_way_may_do_does_not_matter(keys: Callable[[str], Path]) -> None:
    signed = DkimKey.read(keys("rsa"), domain="agence.example", selector="rdv1").sign(RAW)
    relayed = b"Received: by relay.example\r\nX-Spam: no\r\n" + signed.replace(
        b"\r\nSubject: ", b"\r\nSUBJECT:   "
    )
    assert verified(relayed + b"\r\n\r\n", keys("rsa"))


def test_two_keys_may_sign_one_mail(keys: Callable[[str], Path]) -> None:
    old = DkimKey.read(keys("rsa"), domain="agence.example", selector="rdv1")
    new = DkimKey.read(keys("ed25519"), domain="agence.example", selector="rdv2")
    signed = new.sign(old.sign(RAW))
    assert verified(signed, keys("ed25519"), selector="rdv2")
    _, _, inner = signed.partition(b"\r\nDKIM-Signature")
    assert verified(b"DKIM-Signature" + inner, keys("rsa"))


def test_a_key_file_written_on_windows_is_read(keys: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "windows.pem"
    path.write_bytes(b"Key:\r\n" + keys("rsa").read_bytes().replace(b"\n", b"\r\n"))
    assert verified(
        DkimKey.read(path, domain="agence.example", selector="rdv1").sign(RAW), keys("rsa")
    )


@pytest.mark.parametrize("kind", ["weak", "curve", "locked"])
def test_a_key_that_receivers_do_not_take_is_refused(
    kind: str, keys: Callable[[str], Path]
) -> None:
    with pytest.raises(InvalidInput):
        DkimKey.read(keys(kind), domain="agence.example", selector="rdv1")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nMAMCAQA=\n-----END RSA PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIEogIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
    ],
)
def test_a_file_that_is_no_key_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        DkimKey.read(path, domain="agence.example", selector="rdv1")


@pytest.mark.parametrize(
    ("domain", "selector"),
    [("agence example", "rdv1"), ("agence.example", ""), ("agence.example", "a;b=c")],
)
def test_a_place_that_is_none_is_refused(
    domain: str, selector: str, keys: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput):
        DkimKey.read(keys("rsa"), domain=domain, selector=selector)
    with pytest.raises(InvalidInput):
        DkimKey.read(tmp_path / "nothing", domain="agence.example", selector="rdv1")


@pytest.mark.parametrize(("kind", "other"), [("rsa", "ed25519"), ("ed25519", "rsa")])
def test_a_record_has_the_public_half_or_another(
    kind: str, other: str, keys: Callable[[str], Path]
) -> None:
    key = DkimKey.read(keys(kind), domain="agence.example", selector="rdv1")
    assert key.place == "rdv1._domainkey.agence.example"
    assert key.matches(published(keys(kind)))
    for record in (published(keys(other)), "v=DKIM1; p=", "v=DKIM1; p=%%", "nothing", "", "é"):
        assert not key.matches(record), record
