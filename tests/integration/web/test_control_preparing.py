"""Large workbooks: the page that shows how far one is, and the file when it is ready."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.export_jobs import SILENCE
from rdv_caldav.services import export_jobs
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.control_exports import ExportFormat
from rdv_web import create_app
from rdv_web.pages.control import preparing
from support.busy_agency import fill
from support.panel import PanelClient
from support.scenario import Clock

TABLE = "/analyse/rendez-vous"
EXPORTS = f"{TABLE}/exports"
EVERYTHING = "lancer=1"
MAGIC = {"xlsx": b"PK", "xls": b"\xd0\xcf\x11\xe0"}


@pytest.fixture
def panel(any_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch) -> PanelClient:
    """Somebody logged in, who waits for workbooks of more than ten rows."""
    monkeypatch.setattr("rdv_web.pages.control.table.MOST_QUICK_ROWS", 10)
    fill(any_book, 18)
    app = create_app(any_book)
    app.test_client_class = PanelClient
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in("alice")
    return client


def ended(client: PanelClient, url: str) -> str:
    """Return the page once nothing is under way any more."""
    for _ in range(200):
        page = client.get(url).text
        if "<progress" not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("it never ends")


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_large_workbook_is_prepared_and_fetched(panel: PanelClient, ending: str) -> None:
    page = panel.get(f"{TABLE}?{EVERYTHING}").text
    assert re.findall(r'name="format" value="(\w+)"', page) == ["xlsx", "xls"]
    assert "/export.xlsx" not in page
    assert "/export.csv" in page
    wish = {"filtre": EVERYTHING, "format": ending}
    where = panel.post_form(EXPORTS, wish, follow_redirects=False)
    assert where.status_code == 303
    assert "Le fichier est prêt." in ended(panel, where.location)
    file = panel.get(f"{where.location}/fichier")
    assert file.data.startswith(MAGIC[ending])
    assert file.content_length == len(file.data)
    assert file.headers["Content-Disposition"].endswith(f'2026-11-24.{ending}"')
    assert where.location in panel.get(TABLE).text, "a link leads back to it"
    panel.post_form(f"{where.location}/abandon")
    assert panel.get(where.location).status_code == 404
    assert where.location not in panel.get(TABLE).text


def _asked(book: AppointmentBook, login: str = "alice") -> str:
    with book.database.writing() as tx:
        actor = actor_for(tx, login, channel=Channel.WEB)
        return export_jobs.ask(
            tx, actor, EVERYTHING, ExportFormat.XLSX, language="fr", now=book.clock()
        )


def test_how_far_it_is_is_shown_without_scripts_too(
    any_book: AppointmentBook, panel: PanelClient, clock: Clock
) -> None:
    token = _asked(any_book)
    with any_book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.WEB)
        job = export_jobs.claim(tx, actor, token, now=clock.now)
        assert job is not None
        tx.export_jobs.note(token, job.tries, now=clock.now, rows_done=job.rows_in_all // 2)
    page = panel.get(f"{EXPORTS}/{token}").text
    half = 100 * (job.rows_in_all // 2) // job.rows_in_all
    assert f'value="{half}"' in page
    assert f"{job.rows_in_all // 2} lignes sur {job.rows_in_all}" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'hx-trigger="every' in page
    assert panel.get(f"{EXPORTS}/{token}/fichier").location == f"{EXPORTS}/{token}"
    # whoever worked on it is gone: the next look at the page goes on with it
    clock.now += SILENCE + timedelta(seconds=1)
    page = ended(panel, f"{EXPORTS}/{token}")
    assert "Le fichier est prêt." in page
    assert "http-equiv" not in page


def test_one_waits_for_another(any_book: AppointmentBook, panel: PanelClient) -> None:
    token = _asked(any_book)
    with preparing._turn:
        page = panel.get(f"{EXPORTS}/{token}").text
        assert "Un autre export se termine d’abord…" in page
    assert "Le fichier est prêt." in ended(panel, f"{EXPORTS}/{token}")


def test_what_fails_is_said(
    any_book: AppointmentBook, panel: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    token = _asked(any_book)
    monkeypatch.setattr("rdv_caldav.services.export_jobs.export", broken)
    page = ended(panel, f"{EXPORTS}/{token}")
    assert "Le fichier n’a pas pu être préparé." in page
    assert "Essayer de nouveau" in page
    monkeypatch.undo()
    assert preparing._turn.acquire(timeout=5), "the next one has its turn"
    preparing._turn.release()


def test_signs_of_life_are_given_while_it_is_written(
    any_book: AppointmentBook, panel: PanelClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "SIGN_EVERY", 0.01)
    began = clock.now

    def slow(*_: object, **__: object) -> list[bytes]:
        clock.now += timedelta(minutes=5)
        for _try in range(200):
            with any_book.database.reading() as tx:
                found = tx.export_jobs.find(token)
            if found is not None and found.seen_at > began:
                return [b"PK"]
            time.sleep(0.02)
        return []

    token = _asked(any_book)
    monkeypatch.setattr("rdv_caldav.services.export_jobs.export", slow)
    assert "Le fichier est prêt." in ended(panel, f"{EXPORTS}/{token}")
    assert panel.get(f"{EXPORTS}/{token}/fichier").data == b"PK", "a sign came before the file"


def test_exports_are_for_staff_and_ones_own(any_book: AppointmentBook, panel: PanelClient) -> None:
    theirs = _asked(any_book, "admin")
    for path in ("", "/fichier"):
        assert panel.get(f"{EXPORTS}/{theirs}{path}").status_code == 404
    assert panel.post_form(f"{EXPORTS}/{theirs}/abandon").status_code == 404
    assert panel.post_form(EXPORTS, {"format": "csv"}).status_code == 404
    assert panel.post_form(EXPORTS, {"format": "xls", "filtre": "du=hier"}).status_code == 422
    with any_book.database.reading() as tx:
        assert tx.export_jobs.find(theirs) is not None
