"""A certificate that nobody trusts, for servers on loopback."""

from __future__ import annotations

import atexit
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp


@cache
def self_signed() -> Path:
    """Return a file with a key and a certificate for localhost and 127.0.0.1; made once."""
    folder = Path(mkdtemp(prefix="rdv-certificate-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    key, certificate, both = folder / "key", folder / "certificate", folder / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *named.split(), *files], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both
