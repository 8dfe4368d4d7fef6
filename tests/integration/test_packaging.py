"""The wheel: built, installed elsewhere, and working outside of the tree."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "-w", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (found,) = folder.glob("*.whl")
    return found


def test_what_is_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "rdv_caldav/db/migrations/versions/0001_the_first_schema.py",
        "rdv_caldav/db/migrations/script.py.mako",
        "rdv_radicale/application.py",
        "rdv_web/templates/fr/front.html",
        "rdv_web/static/css/base.css",
        "rdv_web/static/icon.svg",
        "rdv_web/static/vendor/htmx.js",
        "rdv_web/translations/en/LC_MESSAGES/messages.mo",
    ):
        assert wanted in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "rdv_caldav",
        "rdv_radicale",
        "rdv_web",
    }


def test_it_runs_outside_of_the_tree(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    environ = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "RDV_DATA_DIR": str(tmp_path / "data"),
    }

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("import rdv_caldav, rdv_radicale, rdv_web; print(rdv_caldav.__file__)")
    assert where.startswith(str(installed))
    assert "the schema is" in run("from rdv_caldav.cli import main; main(['upgrade'])")
    page = (
        "from rdv_caldav.bootstrap import open_book\n"
        "from rdv_caldav.settings import load_settings\n"
        "from rdv_web import create_app\n"
        "book = open_book(load_settings())\n"
        "print(create_app(book).test_client().get('/').status_code)\n"
    )
    assert run(page).strip() == "200"
