"""``serve``: web pages and CalDAV from one process, or several like it."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import logging
import time
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from rdv_caldav.bootstrap import AppointmentBook, open_book
from rdv_caldav.cli.background import Background, jobs_of
from rdv_caldav.cli.commands import add_command, checked_book, positive
from rdv_caldav.cli.logs import JsonFormatter, start_logging
from rdv_caldav.cli.metrics import PATH, Metrics, SharedFolder, forget_process
from rdv_caldav.cli.worker import PatientWorker
from rdv_caldav.domain.errors import DemoRefused, InvalidInput
from rdv_caldav.services.demo import DEMO_LOGINS, PASSWORD
from rdv_caldav.settings import Settings

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

EDGES = "rdv_caldav.edges"
"""Entry points of the edges: functions from the appointment book to a WSGI application."""

CALDAV_ROOT = "/dav"
access_log = logging.getLogger("rdv_caldav.access")


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    serve = add_command(commands, shared, "serve", _serve, "serve web pages and CalDAV")
    serve.add_argument("--bind", metavar="HOST:PORT", help="address and port to listen on")
    serve.add_argument("--workers", type=positive, metavar="N", help="processes")
    serve.add_argument("--threads", type=positive, metavar="N", help="threads of each process")


def _serve(options: argparse.Namespace) -> None:
    book = checked_book(options)
    settings = book.settings
    bind = options.bind or settings.bind
    _check_bind(bind)
    with book.database.reading() as tx:
        is_demo = tx.agency.settings().demo
    if is_demo and not is_loopback(bind):
        raise DemoRefused("the demo agency's passwords are public: it is served on loopback only")
    jobs_of(book)  # so that settings that cannot be used are refused now, and not in each worker
    book.database.dispose()
    _announce(bind, is_demo=is_demo)
    Server(
        settings,
        bind=bind,
        workers=options.workers or settings.workers,
        threads=options.threads or settings.threads,
    ).run()


def _check_bind(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not (host and port.isdecimal() and int(port) <= 65_535):
        raise InvalidInput(f"{bind!r} is no HOST:PORT to listen on")


def is_loopback(bind: str) -> bool:
    """Tell whether a HOST:PORT can be reached from this machine only."""
    host = bind.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _announce(bind: str, *, is_demo: bool) -> None:
    print(f"web:    http://{bind}/")
    print(f"CalDAV: http://{bind}{CALDAV_ROOT}/", flush=True)
    if is_demo:
        print(f"demo logins: {', '.join(DEMO_LOGINS)} (password {PASSWORD})", flush=True)


class _QuietLogger(Logger):  # type: ignore[misc]
    """Gunicorn's log without its access lines, which name persons in paths."""

    def access(self, *args: object, **kwargs: object) -> None:
        """Leave it to :func:`logged`."""


class _JsonLogger(_QuietLogger):
    """The same as JSON, like all other lines."""

    def setup(self, cfg: Config) -> None:
        """Take over what gunicorn decides, save the format."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, set up by our settings alone."""

    def __init__(self, settings: Settings, *, bind: str, workers: int, threads: int) -> None:
        """Remember what to serve; each worker opens the book for itself, after the fork."""
        self._settings = settings
        self._options = {
            "bind": bind,
            "workers": workers,
            "threads": threads,
            "worker_class": PatientWorker,
            "keepalive": 75,
            "graceful_timeout": 30,
            "timeout": 60,
            # at DEBUG gunicorn writes the path of each request, and with it persons' names
            "loglevel": settings.log_level.lower().replace("debug", "info"),
            "logger_class": _JsonLogger if settings.log_format == "json" else _QuietLogger,
            "proc_name": "rdv-caldav",
            "control_socket_disable": True,
            "worker_exit": self._worker_exits,
        }
        self._background: Background | None = None
        if settings.metrics_token:
            folder = SharedFolder()
            self._options["child_exit"] = _child_exits
            self._options["on_exit"] = lambda _arbiter: folder.remove()
        super().__init__()

    def load_config(self) -> None:
        """Take over the options that this version of gunicorn knows."""
        assert isinstance(self.cfg, Config)
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        """Return the application, in the worker that serves it."""
        start_logging(level=self._settings.log_level, log_format=self._settings.log_format)
        book = open_book(self._settings)
        metrics = Metrics(book) if self._settings.metrics_token else None
        app = logged(application(book), metrics)
        self._background = Background(jobs_of(book))
        self._background.start()
        # what lives as long as the worker is not looked at by every collection of garbage:
        # that took some 60 ms, in the middle of every fifth long answer
        gc.collect()
        gc.freeze()
        return app

    def _worker_exits(self, _arbiter: object, _worker: object) -> None:
        if self._background is not None:
            self._background.stop()


def _child_exits(_arbiter: object, worker: Any) -> None:  # noqa: ANN401 - gunicorn's
    forget_process(worker.pid)


def application(book: AppointmentBook) -> WsgiApp:
    """Return web pages and CalDAV as one WSGI application."""
    edges = {edge.name: edge.load()(book) for edge in entry_points(group=EDGES)}
    web, dav = edges["web"], edges["dav"]

    def dispatch(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        if path == CALDAV_ROOT or path.startswith(f"{CALDAV_ROOT}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + CALDAV_ROOT
            environ["PATH_INFO"] = path.removeprefix(CALDAV_ROOT)
            return dav(environ, start_response)  # type: ignore[no-any-return]
        if path.rstrip("/") == "/.well-known/caldav" or (path == "/" and method == "PROPFIND"):
            # RFC 6764 §5: the bootstrap redirects to the context path
            target = environ.get("SCRIPT_NAME", "") + f"{CALDAV_ROOT}/"
            start_response("301 Moved Permanently", [("Location", target), ("Content-Length", "0")])
            return [b""]
        if method == "OPTIONS":
            # programs ask what is here anywhere; other verbs have no calendars outside of /dav
            return dav(environ, start_response)  # type: ignore[no-any-return]
        return web(environ, start_response)  # type: ignore[no-any-return]

    return dispatch


def logged(app: WsgiApp, metrics: Metrics | None = None) -> WsgiApp:
    """Write one line a request, of what was asked but never of whom or by whom.

    With ``metrics``, requests are counted too, and told of at its path.
    """

    def serve(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started, answer, size = time.perf_counter(), "", "-"
        path = environ.get("PATH_INFO", "/")

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            nonlocal answer, size
            answer = status[:3]
            size = next((value for name, value in headers if name == "Content-Length"), "-")
            return start_response(status, headers, *rest)

        is_metrics = metrics is not None and path == PATH
        body = metrics.page(environ, start) if metrics and is_metrics else app(environ, start)
        duration = (time.perf_counter() - started) * 1000
        method, kind = environ["REQUEST_METHOD"], "metrics" if is_metrics else _kind_of(path)
        access_log.info(
            "%s %s %s %s bytes %.1f ms",
            *(method, kind, answer, size, duration),
            extra={"request": {"method": method, "kind": kind, "status": answer, "ms": duration}},
        )
        if metrics is not None:
            metrics.count(kind=kind, method=method, status=answer, seconds=duration / 1000)
        return body

    return serve


def _kind_of(path: str) -> str:
    if not path.startswith(f"{CALDAV_ROOT}/"):
        return "web"
    depth = path.strip("/").count("/")
    return ("root", "home", "calendar", "object")[min(depth, 3)]
