"""``/metrics``: numbers for Prometheus, of all worker processes together.

Each process counts in files of a folder that all share (the client library's multiprocess mode);
whichever is asked adds them up. What waits in the database is asked for at that moment. Labels
are kinds, methods and states: no path, name or address is among them.
"""

from __future__ import annotations

import hmac
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.measuring import Measured

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PATH = "/metrics"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Read by the client library when it is imported: in the worker, after the master has set it."""

METHODS = frozenset(
    {
        *("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "COPY", "MOVE"),
        *("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL"),
    }
)
BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Of durations, in seconds."""

_OUTBOX_STATES = ("queued", "sending", "retry", "sent", "failed", "bounced", "skipped")


class SharedFolder:
    """The folder that the processes of one server count in, gone when the server ends."""

    def __init__(self) -> None:
        """Make it, and tell the processes to come."""
        self.path = tempfile.mkdtemp(prefix="rdv-caldav-metrics-")
        os.environ[FOLDER_VARIABLE] = self.path

    def remove(self) -> None:
        """Remove it with all that was counted."""
        shutil.rmtree(self.path, ignore_errors=True)


def forget_process(pid: int) -> None:
    """Let the gauges of a process that ended count no more; what it answered still does."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - reads the folder when imported

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Metrics:
    """Counts the requests of one process, and answers for all of them."""

    def __init__(self, book: AppointmentBook) -> None:
        """Begin to count; make one per process, in the worker."""
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415

        self._book = book
        registry = _registry()
        self._requests = Counter(
            "rdv_requests", "Requests answered", ("kind", "method", "status"), registry=registry
        )
        self._durations = Histogram(
            "rdv_request_seconds",
            "Until the answer begins",
            ("kind",),
            buckets=BOUNDS,
            registry=registry,
        )
        self._connections = Gauge(
            "rdv_database_connections",
            "Connections in use",
            multiprocess_mode="livesum",
            registry=registry,
        )

    def count(self, *, kind: str, method: str, status: str, seconds: float) -> None:
        """Count a request that was answered."""
        known = method if method in METHODS else "other"
        self._requests.labels(kind, known, status).inc()
        self._durations.labels(kind).observe(seconds)
        self._connections.set(self._book.database.connections_in_use())

    def page(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer those who know the token; a WSGI application.

        A token rather than an address: behind a proxy everybody comes from this machine.
        """
        wanted = f"Bearer {self._book.settings.metrics_token}".encode()
        given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
        if not hmac.compare_digest(wanted, given):
            headers = [("WWW-Authenticate", "Bearer"), ("Content-Length", "0")]
            start_response("401 Unauthorized", headers)
            return [b""]
        with self._book.database.reading() as tx:
            measured = tx.measuring.measure(self._book.clock())
        body = self._exposed(measured)
        headers = [
            ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK", headers)
        return [body]

    def _exposed(self, measured: Measured) -> bytes:
        from prometheus_client import (  # noqa: PLC0415
            CollectorRegistry,
            generate_latest,
            multiprocess,
        )

        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        asked = CollectorRegistry()
        asked.register(_Asked(measured))
        return generate_latest(counted) + generate_latest(asked)


class _Asked:
    """What the database said, as a collector."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Any]:
        """Return it as metrics."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        outbox = GaugeMetricFamily("rdv_outbox_messages", "Messages by state", labels=["state"])
        for state in _OUTBOX_STATES:
            outbox.add_metric([state], self._measured.outbox.get(state, 0))
        return [
            outbox,
            GaugeMetricFamily(
                "rdv_outbox_overdue_seconds",
                "Since the oldest unsent message was due",
                value=self._measured.outbox_overdue,
            ),
            GaugeMetricFamily(
                "rdv_open_answers",
                "Mails that somebody has to look at",
                value=self._measured.open_answers,
            ),
            GaugeMetricFamily("rdv_sessions", "Logins of browsers", value=self._measured.sessions),
        ]


def _registry() -> CollectorRegistry:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    return CollectorRegistry()
