"""Large workbooks: asked for, prepared by a thread of whichever process is asked, then fetched."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from threading import BoundedSemaphore, Event, Thread
from urllib.parse import parse_qsl

from flask import Response, abort, redirect, render_template, request, url_for
from flask_babel import format_decimal
from werkzeug.wrappers import Response as Redirect

from rdv_caldav.domain.export_jobs import KEPT_FOR, ExportJob, ExportStatus
from rdv_caldav.services import export_jobs
from rdv_caldav.services.control_exports import ExportFormat, media_type
from rdv_caldav.services.export_jobs import Preparation, TakenOver
from rdv_web import languages, work
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import read, read_text
from rdv_web.pages.control.table import SLOW_FORMATS, Answer, table_page
from rdv_web.pages.control.words import FORMATS

logger = logging.getLogger(__name__)

SIGN_EVERY = 2.0
"""Seconds between two signs of life."""

_turn = BoundedSemaphore(1)
"""One at a time in each process: others wait, so that pages go on being answered."""


@pages.post("/exports")
def prepare() -> Redirect | Answer:
    """Begin to prepare a file with what the filter lists."""
    asked = read_text(request.form.get("filtre", ""))
    wanted = request.form.get("format", "")
    if asked.problems:
        with work.reading() as tx:
            return table_page(tx, asked)
    if wanted not in SLOW_FORMATS:
        abort(404)
    actor, language, now = work.actor(), languages.current_language(), work.now()
    token = work.write(
        lambda tx: export_jobs.ask(
            tx, actor, asked.written, ExportFormat(wanted), language=language, now=now
        )
    )
    _go_on(token)
    return redirect(url_for("control.prepared", token=token), 303)


@pages.get("/exports/<string(length=32):token>")
def prepared(token: str) -> str:
    """Show how far a file is; go on with one that was abandoned."""
    job = _job(token)
    if job.is_free(work.now()):
        _go_on(token)
        job = _job(token)
    return render_template(
        "control/export.html",
        job=job,
        asked=read(parse_qsl(job.query)),
        label=FORMATS[ExportFormat(job.ending)],
        ExportStatus=ExportStatus,
        until=job.created_at + KEPT_FOR,
        rows_done=format_decimal(job.rows_done),
        rows_in_all=format_decimal(job.rows_in_all),
        megabytes=format_decimal(round(job.size / 1_000_000, 1)),
    )


@pages.get("/exports/<string(length=32):token>/fichier")
def fetch(token: str) -> Response | Redirect:
    """Send a file that is ready."""
    job = _job(token)
    if job.status is not ExportStatus.READY:
        return redirect(url_for("control.prepared", token=token))
    stack = ExitStack()
    tx = stack.enter_context(work.reading())
    response = Response(
        tx.export_jobs.pieces(token), content_type=media_type(ExportFormat(job.ending))
    )
    response.call_on_close(stack.close)
    response.content_length = job.size
    name = f"rendez-vous-{job.created_at:%Y-%m-%d}.{job.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.post("/exports/<string(length=32):token>/abandon")
def abandon(token: str) -> Redirect:
    """Give up a file, or throw it away."""
    job, actor, now = _job(token), work.actor(), work.now()
    work.write(lambda tx: export_jobs.forget(tx, actor, token, now=now))
    return redirect(read(parse_qsl(job.query)).url())


def _job(token: str) -> ExportJob:
    with work.reading() as tx:
        return export_jobs.of_actor(tx, work.actor(), token, now=work.now())


def _go_on(token: str) -> None:
    """Work on an export, unless somebody does or this process is busy with another one."""
    if not _turn.acquire(blocking=False):
        return
    try:
        actor, now, book = work.actor(), work.now(), work.book()
        job = work.write(lambda tx: export_jobs.claim(tx, actor, token, now=now))
        if job is None:
            _turn.release()
            return
        preparation = Preparation(database=book.database, clock=book.clock, actor=actor, job=job)
        Thread(target=_run, args=[preparation], name="export", daemon=True).start()
    except BaseException:
        _turn.release()
        raise


def _run(preparation: Preparation) -> None:
    done = Event()
    signs = Thread(target=_give_signs, args=[preparation, done], name="export-signs", daemon=True)
    signs.start()
    try:
        preparation.run()
    except TakenOver:
        logger.info("an export was given up, or taken over")
    except Exception:
        logger.exception("an export failed")
    finally:
        done.set()
        signs.join()
        _turn.release()


def _give_signs(preparation: Preparation, done: Event) -> None:
    while not done.wait(SIGN_EVERY):
        if not preparation.give_sign():
            return
