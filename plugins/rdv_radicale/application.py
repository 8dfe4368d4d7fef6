"""Our CalDAV application: Radicale's, with its frame and its verbs on objects replaced."""

from __future__ import annotations

import gzip
import logging
import traceback
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any

from radicale import config, httputils, xmlutils

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import AccessRefused, CalendarFixed, DomainError
from rdv_radicale.auth import Auth
from rdv_radicale.objects import ObjectMethods, Response
from rdv_radicale.paths import BadPath, decode_path
from rdv_radicale.proppatch import PropertyMethods
from rdv_radicale.refusals import answer_for, error_body
from rdv_radicale.requests import BadRequest, Environ, credentials_of, with_spooled_body
from rdv_radicale.rights import Rights
from rdv_radicale.session import session
from rdv_radicale.storage import Storage
from rdv_radicale.xml_bodies import XML_TYPE, error_xml, read_xml

logger = logging.getLogger(__name__)

METHODS = (
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "MKCALENDAR",
    "MKCOL",
)
DAV_HEADER = "1, 3, access-control, calendar-access, extended-mkcol"
"""No class 2 without LOCK; no calendar-auto-schedule before the server does it."""

GZIP_FROM = 1_400
"""Bytes from which compressing an answer saves a packet."""

_READING = frozenset({"PROPFIND", "REPORT", "GET", "HEAD"})
_OPEN = frozenset({"OPTIONS"})
_REPORTS = frozenset(
    xmlutils.make_clark(name)
    for name in (
        "C:calendar-multiget",
        "C:calendar-query",
        "C:free-busy-query",
        "D:sync-collection",
        "D:expand-property",
        "D:principal-property-search",
        "D:principal-search-property-set",
    )
)


def create_app(book: AppointmentBook) -> Application:
    """Return the WSGI application that serves the calendars of an appointment book."""
    # Radicale's own lines name logins and paths, and settings with passwords in them
    logging.getLogger("radicale").setLevel(logging.ERROR)
    configuration = config.load()
    configuration.update(
        {
            "auth": {"type": partial(Auth, book=book), "delay": 0, "realm": "rdv-caldav"},
            "rights": {"type": partial(Rights, book=book)},
            "storage": {"type": partial(Storage, book=book)},
            "web": {"type": "none"},
            "server": {"delay_on_error": 0},
            "reporting": {"max_expand_occurrence": 100_000, "max_freebusy_occurrence": 100_000},
        },
        "rdv-caldav",
        privileged=True,
    )
    return Application(configuration, book)


class Application(ObjectMethods, PropertyMethods):
    """Radicale's plugin loading and reports; our requests, objects and refusals."""

    def __init__(self, configuration: config.Configuration, book: AppointmentBook) -> None:
        """Serve ``book``."""
        super().__init__(configuration)
        self.book = book

    def _handle_request(self, environ: Environ) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        try:
            status, headers, body = self._answer(environ)
        except (BadPath, BadRequest) as error:
            status, headers, body = _sentence(HTTPStatus.BAD_REQUEST, str(error))
        except DomainError as error:
            status, headers, body = self._refusal(environ, error)
        except Exception as error:  # noqa: BLE001 - Radicale would log the path, which names people
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s\n%s", type(error).__name__, where)  # noqa: TRY400 - no values
            status, headers, body = _sentence(
                HTTPStatus.INTERNAL_SERVER_ERROR, "this request could not be served"
            )
        headers.setdefault("DAV", DAV_HEADER)
        return self._finished(environ, status, headers, body)

    def _answer(self, environ: Environ) -> tuple[int, dict[str, str], bytes]:
        method = environ["REQUEST_METHOD"].upper()
        if "%2f" in str(environ.get("RAW_URI", "")).partition("?")[0].lower():
            raise BadPath("an encoded slash has no place in a path")
        path = decode_path(environ.get("PATH_INFO", ""))
        environ = with_spooled_body(environ, limit=self.book.settings.max_body_size)
        if method not in METHODS:
            headers = {"Allow": ", ".join(METHODS)}
            return _sentence(HTTPStatus.METHOD_NOT_ALLOWED, "no such method here", headers)
        user = self._user(environ)
        if not user and method not in _OPEN:
            return self._challenge()
        base_prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
        do = getattr(self, f"do_{method}")
        with _transaction(self.book, user, method):
            status, headers, body, _ = do(environ, base_prefix, path, user, set(), _info(environ))
        if (status, body) == (httputils.NOT_ALLOWED[0], httputils.NOT_ALLOWED[2]):
            raise AccessRefused("access to this resource is refused")
        content = body.encode("utf-8") if isinstance(body, str) else body or b""
        return status, dict(headers), content

    def _user(self, environ: Environ) -> str:
        credentials = credentials_of(environ)
        if credentials is None:
            return ""
        assert isinstance(self._auth, Auth)
        user = self._auth.authenticate(credentials.login, credentials.password)
        if not user:
            logger.warning("a login failed")
        return user

    def _challenge(self) -> tuple[int, dict[str, str], bytes]:
        realm = f'Basic realm="{self._auth_realm}", charset="UTF-8"'
        return _sentence(HTTPStatus.UNAUTHORIZED, "please log in", {"WWW-Authenticate": realm})

    def _refusal(self, environ: Environ, error: DomainError) -> tuple[int, dict[str, str], bytes]:
        answer = answer_for(error)
        logger.info("refused %s: %s", environ["REQUEST_METHOD"], type(error).__name__)
        url = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        body = error_body(answer, error, url=url)
        if body is None:
            return _sentence(answer.status, str(error))
        return answer.status, {"Content-Type": XML_TYPE}, body

    def _finished(
        self, environ: Environ, status: int, headers: dict[str, str], body: bytes
    ) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        accepts_gzip = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        if accepts_gzip and len(body) > GZIP_FROM and environ["REQUEST_METHOD"] != "HEAD":
            body = gzip.compress(body, compresslevel=1)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            headers["Content-Length"] = str(len(body))
        phrase = HTTPStatus(status).phrase
        return f"{int(status)} {phrase}", list(headers.items()), [body]

    # -- verbs that Radicale does otherwise ------------------------------------------------

    def do_OPTIONS(self, *args: Any) -> Response:
        """Say what is here; clients ask without credentials."""
        return HTTPStatus.OK, {"Allow": ", ".join(METHODS), "DAV": DAV_HEADER}, None, None

    def do_MKCALENDAR(self, *args: Any) -> Response:
        """Refuse: persons' calendars are made by the agency."""
        raise CalendarFixed("calendars of persons are not made by programs")

    def do_MKCOL(self, *args: Any) -> Response:
        """Refuse: persons' calendars are made by the agency."""
        raise CalendarFixed("calendars of persons are not made by programs")

    def do_PROPFIND(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Any:
        """Answer properties after refusing bodies that mean nothing (RFC 4918 §9.1)."""
        xml = read_xml(environ)
        if xml is not None and (xml.tag != xmlutils.make_clark("D:propfind") or not len(xml)):
            raise BadRequest("the body is no DAV:propfind")
        return super().do_PROPFIND(environ, base_prefix, path, user, user_groups, request_info)

    def do_REPORT(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Any:
        """Answer the reports that are there, and say so of the others."""
        xml = read_xml(environ)
        if xml is None:
            raise BadRequest("a REPORT needs a body")
        if xml.tag not in _REPORTS:
            body = error_xml("D:supported-report")
            return HTTPStatus.FORBIDDEN, {"Content-Type": XML_TYPE}, body, None
        query = xml.find(xmlutils.make_clark("C:time-range"))
        if xml.tag == xmlutils.make_clark("C:free-busy-query") and query is None:
            raise BadRequest("free-busy-query needs a time-range")
        try:
            return super().do_REPORT(environ, base_prefix, path, user, user_groups, request_info)
        except (RuntimeError, TypeError, AttributeError, OverflowError) as error:
            logger.warning("a REPORT could not be answered: %s", type(error).__name__)
            body = error_xml("C:valid-filter")
            return HTTPStatus.FORBIDDEN, {"Content-Type": XML_TYPE}, body, None


def _transaction(book: AppointmentBook, user: str, method: str) -> AbstractContextManager[object]:
    """Return the transaction of a whole reading request; writers open their own, late."""
    if method in _READING:
        return session(book, user)
    return nullcontext()


def _info(environ: Environ) -> dict[str, Any]:
    return {"useragent": "", "host": "", "method": environ["REQUEST_METHOD"]}


def _sentence(
    status: int, sentence: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    content_type = {"Content-Type": "text/plain; charset=utf-8"}
    return status, {**content_type, **(headers or {})}, f"{sentence}\n".encode()
