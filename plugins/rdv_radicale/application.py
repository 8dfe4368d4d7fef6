"""Our CalDAV application: Radicale's plugin loading, and a frame and verbs of our own."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from radicale import config
from radicale.app import Application as RadicaleApplication

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.domain.throttling import client_address
from rdv_radicale.answers import Answer, DavRefused, error_answer, sentence
from rdv_radicale.auth import Auth
from rdv_radicale.malformed import BadRequest
from rdv_radicale.paths import BadPath, check_raw_uri, decode_path
from rdv_radicale.proof import Proof, ProofVoid
from rdv_radicale.refusals import refusal_answer
from rdv_radicale.requests import Environ, Request, credentials_of, read_body
from rdv_radicale.rights import Rights
from rdv_radicale.session import Session, opened
from rdv_radicale.storage import Storage
from rdv_radicale.streaming import delivered
from rdv_radicale.verbs.delete import delete
from rdv_radicale.verbs.get import get
from rdv_radicale.verbs.make import mkcalendar, mkcol
from rdv_radicale.verbs.options import DAV_HEADER, METHODS, options
from rdv_radicale.verbs.post import post
from rdv_radicale.verbs.propfind import propfind
from rdv_radicale.verbs.proppatch import proppatch
from rdv_radicale.verbs.put import put
from rdv_radicale.verbs.report import report
from rdv_radicale.verbs.transfer import copy, move

logger = logging.getLogger(__name__)

READING: Mapping[str, Callable[[Request, Session], Answer]] = {
    "GET": get,
    "HEAD": get,
    "POST": post,
    "PROPFIND": propfind,
    "REPORT": report,
}
"""Verbs that work in one reading transaction, which lasts until the answer is written."""

WRITING: Mapping[str, Callable[[Request], Answer]] = {
    "PUT": put,
    "DELETE": delete,
    "COPY": copy,
    "MOVE": move,
    "PROPPATCH": proppatch,
    "MKCALENDAR": mkcalendar,
    "MKCOL": mkcol,
}
"""Verbs that read the body first, and open a writing transaction as late as they can."""

WsgiAnswer = tuple[str, list[tuple[str, str]], Iterable[bytes]]


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
        },
        "rdv-caldav",
        privileged=True,
    )
    return Application(configuration, book)


class Application(RadicaleApplication):
    """Takes requests apart, logs accounts in, and turns refusals into answers."""

    def __init__(self, configuration: config.Configuration, book: AppointmentBook) -> None:
        """Serve ``book``."""
        super().__init__(configuration)
        self.book = book

    def _handle_request(self, environ: Environ) -> WsgiAnswer:
        with ExitStack() as stack:
            answer = self._answer(environ, stack)
            answer.headers.setdefault("DAV", DAV_HEADER)
            return delivered(environ, answer, stack)

    def _answer(self, environ: Environ, stack: ExitStack) -> Answer:
        """Answer a request; what its body still needs is left open in ``stack``."""
        try:
            return self._served(environ, stack)
        except (BadPath, BadRequest) as error:
            status = error.status if isinstance(error, BadRequest) else HTTPStatus.BAD_REQUEST
            return sentence(status, str(error))
        except DavRefused as error:
            logger.info("refused %s: %s", environ["REQUEST_METHOD"], error.precondition)
            return error_answer(error.status, error.precondition, str(error))
        except DomainError as error:
            logger.info("refused %s: %s", environ["REQUEST_METHOD"], type(error).__name__)
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            return refusal_answer(error, url=quote(path.encode("latin-1"), safe="/@"))
        except Exception as error:  # noqa: BLE001 - Radicale would log the path, which names people
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s\n%s", type(error).__name__, where)  # noqa: TRY400 - no values
            return sentence(HTTPStatus.INTERNAL_SERVER_ERROR, "this request could not be served")

    def _served(self, environ: Environ, stack: ExitStack) -> Answer:
        method = environ["REQUEST_METHOD"]
        check_raw_uri(str(environ.get("RAW_URI", "")))
        path = decode_path(environ.get("PATH_INFO", ""))
        body = read_body(environ, limit=self.book.settings.max_body_size)
        if method not in METHODS:
            allowed = {"Allow": ", ".join(METHODS)}
            return sentence(HTTPStatus.METHOD_NOT_ALLOWED, "no such method here", allowed)
        if method == "OPTIONS":
            return options()
        for _ in range(2):
            proof = self._proof(environ)
            if proof is None:
                break
            request = Request(
                book=self.book,
                environ=environ,
                method=method,
                path=path,
                login=proof.login,
                body=body,
                proof=proof,
            )
            try:
                return self._answered(request, stack)
            except ProofVoid:
                # the password was changed, or revoked, since it was last looked at
                self._accounts.forget(proof)
        return self._challenge()

    def _answered(self, request: Request, stack: ExitStack) -> Answer:
        if request.method in WRITING:
            return WRITING[request.method](request)
        now = stack.enter_context(opened(self.book, request.login, proof=request.proof))
        if request.method != "POST":
            self._accounts.note_reading(request.login)
        answer = READING[request.method](request, now)
        answer.begin()
        return answer

    def _proof(self, environ: Environ) -> Proof | None:
        """Return who asks; programs ask first without a password, which costs nothing."""
        credentials = credentials_of(environ)
        if credentials is None:
            return None
        proof = self._accounts.authenticate(
            credentials.login,
            credentials.password,
            address=client_address(
                environ.get("REMOTE_ADDR", ""),
                environ.get("HTTP_X_FORWARDED_FOR", ""),
                trusted_proxies=self.book.settings.trusted_proxies,
            ),
            program=str(environ.get("HTTP_USER_AGENT", "")),
        )
        if proof is None:
            logger.warning("a login failed")
        return proof

    @property
    def _accounts(self) -> Auth:
        assert isinstance(self._auth, Auth)
        return self._auth

    def _challenge(self) -> Answer:
        realm = f'Basic realm="{self._auth_realm}", charset="UTF-8"'
        return sentence(HTTPStatus.UNAUTHORIZED, "please log in", {"WWW-Authenticate": realm})
