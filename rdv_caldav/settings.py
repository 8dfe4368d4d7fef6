"""Settings of the program: declared once, read from a TOML file, overridden by ``RDV_*``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from rdv_caldav.domain.errors import InvalidInput

PREFIX = "RDV_"
CONFIG_VARIABLE = "RDV_CONFIG"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_FOREIGN = frozenset({CONFIG_VARIABLE, "RDV_TEST_POSTGRESQL_URL"})


def _setting(default: str | int, help_text: str) -> Any:  # noqa: ANN401 - a dataclass field
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is decided outside of the database. Each has an ``RDV_*`` variable of its name."""

    bind: str = _setting("127.0.0.1:5232", "address and port to listen on")
    data_dir: str = _setting("var", "folder of the embedded database and other files")
    database_url: str = _setting("", "SQLAlchemy URL; empty: SQLite in data_dir")
    workers: int = _setting(1, "processes that answer requests")
    threads: int = _setting(8, "threads of each process")
    public_url: str = _setting("", "URL under which people reach the server")
    trusted_proxies: int = _setting(0, "proxies of one's own that write X-Forwarded-For")
    max_body_size: int = _setting(10_000_000, "bytes of a request body that are read at most")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: str = _setting("text", "lines of the log: text or json")
    metrics_token: str = _setting("", "secret that opens /metrics; empty: there is none")
    smtp_url: str = _setting("", "smtp://, smtps:// or smtp+starttls:// server for mails")
    smtp_timeout: int = _setting(30, "seconds to wait for an answer of the mail server")
    mail_worker: int = _setting(1, "1: serve sends and fetches mails itself, 0: commands do")
    dkim_domain: str = _setting("", "domain that signs mails; empty: mails are not signed here")
    dkim_selector: str = _setting("rdv", "selector of the key in the DNS")
    dkim_key_file: str = _setting("", "file of the private key that signs (PEM)")
    imap_url: str = _setting("", "imap(s):// mailbox where answers arrive")
    imap_poll: int = _setting(60, "seconds between looks into a mailbox that cannot wait (IDLE)")
    lmtp_listen: str = _setting("", "address and port, or a path, to take answers by LMTP at")
    authserv_id: str = _setting("", "name by which one's mail server reports DMARC results")
    sms_url: str = _setting("", "address of an HTTP gateway for text messages")
    sms_method: str = _setting("POST", "method of its requests")
    sms_headers: str = _setting("", "headers of its requests, one a line")
    sms_body: str = _setting(
        '{"to": "{number}", "message": "{text}"}', "body of its requests, in JSON or as a form"
    )
    sms_success: str = _setting("", "regular expression that its answers match; empty: any 2xx")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL to open."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{Path(self.data_dir).absolute() / 'rdv.sqlite'}"


def help_for(setting: Field[Any]) -> str:
    """Return the sentence that explains a setting."""
    return str(setting.metadata["help"])


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a TOML file, overridden by the environment.

    Without ``path`` the file that ``RDV_CONFIG`` names is read, if any. Unknown keys and
    values of a wrong type are refused. Raises InvalidInput.
    """
    environ = os.environ if environ is None else environ
    if path is None and environ.get(CONFIG_VARIABLE):
        path = Path(environ[CONFIG_VARIABLE])
    values = _file_values(path) if path is not None else {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in _FOREIGN:
            values[name.removeprefix(PREFIX).lower()] = value
    known = {setting.name: setting for setting in fields(Settings)}
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        raise InvalidInput(f"unknown setting {unknown[0]!r}; there are: {', '.join(known)}")
    typed: dict[str, Any] = {name: _typed(known[name], value) for name, value in values.items()}
    settings = Settings(**typed)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    for name in ("workers", "threads", "max_body_size"):
        if getattr(settings, name) < 1:
            raise InvalidInput(f"{name} must be at least 1")
    if settings.log_level not in LOG_LEVELS:
        raise InvalidInput(f"log_level must be one of {', '.join(LOG_LEVELS)}")
    if settings.log_format not in LOG_FORMATS:
        raise InvalidInput(f"log_format must be one of {', '.join(LOG_FORMATS)}")
    # the sentence goes to logs: it must not repeat the URL, which may hold a password
    if settings.database_url and settings.database_url.partition(":")[0] not in DATABASES:
        raise InvalidInput(f"database_url must begin with one of {', '.join(DATABASES)}")


def _file_values(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not TOML: {error}") from error


def _typed(setting: Field[Any], value: object) -> str | int:
    assert setting.default is not MISSING, "every setting has a default"
    if isinstance(setting.default, str):
        if isinstance(value, str):
            return value
        raise InvalidInput(f"{setting.name} must be a text")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    raise InvalidInput(f"{setting.name} must be a whole number")
