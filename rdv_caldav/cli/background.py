"""Work beside the requests of a process that serves: a thread for each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services.mailing.fetching import lmtp_job, mailbox_job
from rdv_caldav.services.mailing.sending import MailWorker

Job = Callable[[Event], None]
"""Works until the event is set."""

PATIENCE = 10.0
"""Seconds that a thread has to finish what it does; what it leaves undone is done again."""


def jobs_of(book: AppointmentBook) -> Sequence[Job]:
    """Return what a process does beside its requests. Raises InvalidInput for settings."""
    settings = book.settings
    jobs: list[Job] = []
    if settings.mail_worker:
        jobs.append(MailWorker(book).run)
    if settings.mail_worker and settings.imap_url:
        jobs.append(mailbox_job(book))
    if settings.lmtp_listen:
        jobs.append(lmtp_job(book))
    return jobs


class Background:
    """The threads of one process; start them after any fork."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Remember what to do."""
        self._stop = Event()
        # daemons: a server that does not answer must not keep the process from ending
        self._threads = [Thread(target=job, args=(self._stop,), daemon=True) for job in jobs]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have all of them end, and wait a moment for it."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
