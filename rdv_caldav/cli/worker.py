"""Gunicorn's threaded worker, for programs that ask several times in a row."""

from __future__ import annotations

import select
from threading import Semaphore

from gunicorn.workers.gthread import TConn, ThreadWorker

PATIENCE_MS = 10
"""How long a thread waits for the next request of the connection that it has just answered."""

MOST_IN_A_ROW = 16
"""Requests after which others have their turn: there may be more connections than threads."""


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Lets a thread stay with its connection for a moment.

    Handing a connection back to the main thread and getting it again takes nearly half of all
    that an HTTP request costs, and no program asks only once. Half of the threads never wait.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Take over what gunicorn gives a worker."""
        super().__init__(*args, **kwargs)
        self._patient = Semaphore(self.cfg.threads // 2)

    def handle(self, conn: TConn) -> object:
        """Answer the requests of a connection; True leaves it to be watched for more."""
        for _ in range(MOST_IN_A_ROW - 1):
            kept = super().handle(conn)
            # what was read ahead does not make the socket readable: gunicorn looks for that
            if kept is not True or not self.alive or conn.parser.unreader.buf.getvalue():
                return kept
            if not self._goes_on(conn):
                return kept
        return super().handle(conn)

    def _goes_on(self, conn: TConn) -> bool:
        """Tell whether the next request comes at once."""
        if not self._patient.acquire(blocking=False):
            return False
        try:
            waiting = select.poll()
            waiting.register(conn.sock, select.POLLIN)
            return bool(waiting.poll(PATIENCE_MS))
        finally:
            self._patient.release()
