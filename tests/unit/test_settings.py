"""Settings: a file, overridden by the environment, and nothing unknown."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.settings import Settings, help_for, load_settings

EXAMPLE = Path(__file__).parents[2] / "config" / "rdv.toml"


def test_defaults() -> None:
    settings = load_settings(environ={"HOME": "/x"})
    assert settings == Settings()
    assert settings.database == f"sqlite:///{Path('var').absolute() / 'rdv.sqlite'}"


def test_a_file_overridden_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "rdv.toml"
    path.write_text('bind = "127.0.0.1:1"\nworkers = 3\ndatabase_url = "sqlite:///a"\n')
    settings = load_settings(path, environ={"RDV_WORKERS": "4"})
    assert (settings.bind, settings.workers) == ("127.0.0.1:1", 4)
    assert settings.database == "sqlite:///a"
    assert load_settings(environ={"RDV_CONFIG": str(path)}).workers == 3


@pytest.mark.parametrize(
    ("text", "environ", "sentence"),
    [
        ("colour = 1", {}, "unknown setting 'colour'"),
        ("", {"RDV_COLOUR": "1"}, "unknown setting 'colour'"),
        ("workers = 'two'", {}, "workers must be a whole number"),
        ("workers = true", {}, "workers must be a whole number"),
        ("", {"RDV_WORKERS": "two"}, "workers must be a whole number"),
        ("bind = 1", {}, "bind must be a text"),
        ("bind = ", {}, "is not TOML"),
        ("workers = 0", {}, "workers must be at least 1"),
        ("threads = -1", {}, "threads must be at least 1"),
        ("", {"RDV_MAX_BODY_SIZE": "0"}, "max_body_size must be at least 1"),
        ("log_level = 'loud'", {}, "log_level must be one of DEBUG, INFO, WARNING, ERROR"),
        ("", {"RDV_DATABASE_URL": "mysql://me:hidden@h/d"}, "must begin with one of sqlite, "),
        ("[server]", {}, "unknown setting 'server'"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, environ: dict[str, str], sentence: str) -> None:
    path = tmp_path / "rdv.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=sentence) as refused:
        load_settings(path, environ=environ)
    assert "hidden" not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        load_settings(tmp_path / "none.toml", environ={})


def test_the_example_shows_every_setting() -> None:
    text = EXAMPLE.read_text()
    load_settings(EXAMPLE, environ={})
    all_of_it = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))
    assert list(all_of_it) == [setting.name for setting in fields(Settings)]


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: object) -> None:
    assert help_for(setting)  # type: ignore[arg-type]
