"""Settings: a file, overridden by the environment, and nothing unknown."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.settings import Settings, help_for, load_settings


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
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, environ: dict[str, str], sentence: str) -> None:
    path = tmp_path / "rdv.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        load_settings(path, environ=environ)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        load_settings(tmp_path / "none.toml", environ={})


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: object) -> None:
    assert help_for(setting)  # type: ignore[arg-type]
