"""A real mail server for tests: Dovecot with folders, ports and a configuration of its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

USER = "rdv@agence.example"
PASSWORD = "mot de passe é"  # with what programs get wrong: spaces and letters
ALL_CAPABILITIES = "IMAP4rev1 LITERAL+ NAMESPACE UIDPLUS MOVE IDLE"
PATIENCE = 10.0

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:~/mail
mail_fsync = never
maildir_stat_dirs = no
first_valid_uid = 1
imap_capability = {capabilities}
imap_idle_notify_interval = 2 mins
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
passdb {{
  driver = passwd-file
  args = {folder}/passwords
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
ssl = {ssl}
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
"""


@dataclass
class Dovecot:
    """One server. ``folder`` holds all that is its own; nothing of it survives the test."""

    folder: Path
    owner: str
    imap_port: int
    imaps_port: int
    lmtp_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its mailbox without TLS, as a setting gives it."""
        return self.url_of("imap", self.imap_port)

    def url_of(self, scheme: str, port: int, *, folder: str = "") -> str:
        """Any address of it: ``imaps`` with ``imaps_port``, a folder that isn't INBOX."""
        password = "mot%20de%20passe%20%C3%A9"
        return f"{scheme}://rdv%40agence.example:{password}@127.0.0.1:{port}/{folder}"

    @property
    def certificate(self) -> Path:
        """The certificate of its own making, for ``127.0.0.1``."""
        return self.folder / "certificate.pem"

    def trusting(self) -> ssl.SSLContext:
        """A context of TLS that trusts its certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))

    # -- running --------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and wait until it listens. Nobody of it outlives the master process."""
        program = find_dovecot()
        self.process = subprocess.Popen(
            [program, "-F", "-c", self.folder / "dovecot.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **_as(self.owner),
        )
        deadline = time.monotonic() + PATIENCE
        while not _listens(self.imap_port) or not _listens(self.lmtp_port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"dovecot did not start: {self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it with all its connections, within no time; its mails stay."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
            self.process = None

    def cut_connections(self) -> None:
        """Kill what serves each connection, as a crash of the server's would."""
        for number in self._serving():
            os.kill(number, signal.SIGKILL)

    def connections(self) -> int:
        """How many connections are logged in."""
        return len(self._serving())

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "log"
        return path.read_text("utf-8") if path.exists() else ""

    def _serving(self) -> list[int]:
        assert self.process is not None, "it was started"
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split()
        return [int(child) for child in children if _name_of(child) == "imap"]

    # -- mails ----------------------------------------------------------------------------

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A connection of its own, logged in."""
        with IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=PATIENCE) as client:
            client.plain_login(USER, PASSWORD)
            yield client

    def put(self, *mails: bytes, folder: str = "INBOX", flags: Sequence[str] = ()) -> list[int]:
        """Put mails into a folder and return their UIDs."""
        with self.client() as client:
            for mail in mails:
                client.append(folder, mail, flags)
            client.select_folder(folder, readonly=True)
            found: list[int] = client.search()
            return found[-len(mails) :]

    def deliver(self, mail: bytes, *recipients: str, sender: str = "") -> None:
        """Deliver a mail as the agency's own mail server would, by LMTP."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, local_hostname="localhost") as server:
            server.sendmail(sender, recipients or (USER,), mail)

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """Whole mails of a folder, oldest first; none if there is no such folder."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            fetched = client.fetch(client.search(), ["BODY.PEEK[]"])
            return [fetched[uid][b"BODY[]"] for uid in sorted(fetched)]

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """Flags of each mail of a folder, by UID."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search())
            return {uid: {flag.decode() for flag in flags} for uid, flags in found.items()}

    def folders(self) -> set[str]:
        """The names of all folders."""
        with self.client() as client:
            return {name for _, _, name in client.list_folders()}

    def set_uid_validity(self, value: int, *, folder: str = "INBOX") -> None:
        """Say that the UIDs known so far mean nothing any more (RFC 3501 §2.3.1.1)."""
        command = ["mailbox", "update", "-u", USER, "--uid-validity", str(value), folder]
        configuration = self.folder / "dovecot.conf"
        subprocess.run(["doveadm", "-c", configuration, *command], check=True, **_as(self.owner))


def find_dovecot() -> str:
    """Where the program is. Without it a test is skipped, except in CI, where it fails."""
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Dovecot to test with")
        pytest.skip("Dovecot is not installed")
    return found


@contextmanager
def running_dovecot(
    *,
    capabilities: str = ALL_CAPABILITIES,
    prefix: str = "",
    tls: bool = False,
    mechanisms: str = "plain login",
) -> Iterator[Dovecot]:
    """Start a server with an empty mailbox; it takes a third of a second.

    ``capabilities`` are what it offers after login: take ``IDLE`` or ``MOVE`` out to see
    what a program does without. ``prefix`` is what names of folders begin with, as
    ``INBOX/`` is in many a hosted mailbox.
    """
    find_dovecot()
    owner = "dovecot" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="rdv-imap-") as name:
        folder = Path(name)
        (folder / "users").mkdir()
        _make_certificate(folder)
        imap_port, imaps_port, lmtp_port = _free_ports(3)
        server = Dovecot(folder, owner, imap_port, imaps_port, lmtp_port)
        configuration = _CONFIGURATION.format(
            folder=folder,
            user=owner,
            group=_group(owner),
            capabilities=capabilities,
            separator=prefix[-1:] or "/",
            prefix=prefix,
            ssl="yes" if tls else "no",
            mechanisms=mechanisms,
            imap_port=server.imap_port,
            imaps_port=server.imaps_port if tls else 0,
            lmtp_port=server.lmtp_port,
        )
        (folder / "dovecot.conf").write_text(configuration, "utf-8")
        (folder / "passwords").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", "utf-8")
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, owner, _group(owner))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def _as(owner: str) -> dict[str, Any]:
    # it refuses to read mails as root, and another user cannot become anybody else
    if os.geteuid() != 0:
        return {}
    return {"user": owner, "group": _group(owner), "extra_groups": []}


def _group(owner: str) -> str:
    return grp.getgrgid(pwd.getpwnam(owner).pw_gid).gr_name


def _name_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text("ascii").strip()
    except OSError:
        return ""


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
