"""Text messages, by whatever gateway the agency has that speaks HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import is_loopback
from rdv_caldav.mail.delivery import Deferred, NotAccepted, NotConfigured, Refused, Unsure
from rdv_caldav.mail.telephone import mobile_number

TIMEOUT = 20.0
METHODS = ("POST", "PUT", "GET")
_LONGEST_ANSWER = 20_000
_TEXT, _NUMBER = "{text}", "{number}"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LATER = frozenset({408, 425, 429})
_PERHAPS = 504
_NOT_OURS = frozenset({401, 402, 403, 404, 405, 407})


class SmsGateway(Protocol):
    """Somebody who sends text messages."""

    def send(self, number: str, text: str) -> str:
        """Send a text to a number as people write it, and return the gateway's own id, if any.

        Raises InvalidInput for the number, and the failures of ``mail.delivery``.
        """


class NoGateway:
    """Stands where none is configured."""

    def send(self, number: str, text: str) -> str:  # noqa: ARG002 - nobody to give it to
        """Raise NotConfigured."""
        raise NotConfigured("no gateway for text messages is configured")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGateway:
    """A gateway that takes a request for each message.

    ``{number}`` (E.164) and ``{text}`` stand in the query of the URL or in the body, which is
    JSON if it reads as such, else a form (``to={number}&message={text}``). Each is encoded as its
    place demands, so that no text can become anything but a text. ``success`` is searched in the
    body of a 2xx answer, some gateways saying 200 to everything; its first group is the id.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    success: str = ""
    timeout: float = TIMEOUT

    def check(self) -> None:
        """Raise InvalidInput for what cannot be used, saying what, never what stands there."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
        if not secure or not host or parts.username or parts.fragment:
            raise InvalidInput("the URL of the SMS gateway must be https://host/path")
        if self.method not in METHODS or (self.method == "GET" and self.body):
            raise InvalidInput("the method of the SMS gateway is POST or PUT, or GET without body")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise InvalidInput("a header of the SMS gateway is not valid")
        places = parts.query + self.body
        if _TEXT not in places or _NUMBER not in places:
            raise InvalidInput("{number} and {text} must stand in the query or the body")
        if _TEXT in parts.path + parts.netloc or _NUMBER in parts.path + parts.netloc:
            raise InvalidInput("{number} and {text} cannot stand in the path")
        try:
            re.compile(self.success)
        except re.error as error:
            raise InvalidInput("the success of the SMS gateway is no regular expression") from error

    def send(self, number: str, text: str) -> str:
        """Send one message. See SmsGateway."""
        self.check()
        values = {_NUMBER: mobile_number(number), _TEXT: text.encode(errors="replace").decode()}
        body, kind = _body(self.body, values)
        headers = {"User-Agent": "rdv-caldav", **kind, **self.headers}
        status, answer = self._request(_filled_query(self.url, values), body, headers)
        return self._id(status, answer)

    def _request(self, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str]:
        try:
            with urllib3.PoolManager(retries=False, timeout=self.timeout) as pool:
                response = pool.request(
                    self.method,
                    url,
                    body=body,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                )
                answer = response.read(_LONGEST_ANSWER, decode_content=True)
                response.release_conn()
        except (NewConnectionError, ConnectTimeoutError, NameResolutionError) as error:
            raise Deferred("the SMS gateway cannot be reached") from error
        except SSLError as error:
            raise NotAccepted("TLS with the SMS gateway failed") from error
        except HTTPError as error:
            raise Unsure("the SMS gateway was lost before it answered") from error
        return response.status, answer.decode(errors="replace")

    def _id(self, status: int, answer: str) -> str:
        """Return the id in the answer to a request, or raise what the answer means."""
        if 200 <= status < 300:
            found = re.search(self.success, answer)
            if found is None:
                raise Refused("the SMS gateway did not say that it sent the message", code=status)
            return (found[1] or "")[:200] if found.re.groups else ""
        if status == _PERHAPS:
            raise Unsure("the SMS gateway waited for another that did not answer", code=status)
        if status in _LATER or status >= 500:
            raise Deferred("the SMS gateway cannot send now", code=status)
        if status in _NOT_OURS or status < 400:
            raise NotAccepted("the SMS gateway does not know us, or has another URL", code=status)
        raise Refused("the SMS gateway refuses the message", code=status)


# -- filling in ---------------------------------------------------------------------------


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Fill in all at once: a text may hold ``{number}`` itself."""
    return re.sub(r"\{(?:number|text)\}", lambda found: values[found[0]], template)


def _filled_query(url: str, values: Mapping[str, str]) -> str:
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    return _filled(url, quoted)


def _body(template: str, values: Mapping[str, str]) -> tuple[bytes | None, dict[str, str]]:
    """Return the body and its type, JSON or a form."""
    if not template:
        return None, {}
    try:
        filled = json.dumps(_filled_tree(json.loads(template), values), ensure_ascii=False)
    except ValueError:
        pairs = parse_qsl(template, keep_blank_values=True)
        form = urlencode([(name, _filled(value, values)) for name, value in pairs])
        return form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return filled.encode(), {"Content-Type": "application/json"}


def _filled_tree(tree: object, values: Mapping[str, str]) -> object:
    if isinstance(tree, str):
        return _filled(tree, values)
    if isinstance(tree, list):
        return [_filled_tree(each, values) for each in tree]
    if isinstance(tree, dict):
        return {name: _filled_tree(each, values) for name, each in tree.items()}
    return tree
