"""Every text of the panel has an English one, with the same variables, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).parents[3] / "web" / "rdv_web"
CATALOGUES = PACKAGE / "translations" / "en" / "LC_MESSAGES"
_VARIABLE = re.compile(r"%\(\w+\)[sd]")
_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]

Text = str | tuple[str, ...]


def _texts() -> set[Text]:
    keywords = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
    options = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
    found = extract_from_dir(PACKAGE, _METHODS, options, keywords)
    return {_key(text) for _, _, text, *_ in found}


def _key(text: Any) -> Text:
    return text if isinstance(text, str) else tuple(text)


def _english() -> dict[Text, tuple[str, ...]]:
    found: dict[Text, tuple[str, ...]] = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id:
                    key = _key(message.id)
                    assert key not in found, f"{path.name}: {key} has an English text already"
                    assert not message.fuzzy, f"{path.name}: {key} is marked as doubtful"
                    words = message.string
                    found[key] = (words,) if isinstance(words, str) else tuple(words or ())
    return found


def test_every_text_has_an_english_one() -> None:
    english = _english()
    missing = sorted(str(text) for text in _texts() if not all(english.get(text, ("",))))
    assert not missing


def test_no_english_text_is_left_over() -> None:
    left_over = sorted(str(text) for text in _english().keys() - _texts())
    assert not left_over


def test_translations_use_the_same_variables() -> None:
    for text, words in _english().items():
        french = text if isinstance(text, str) else text[-1]
        assert sorted(_VARIABLE.findall(french)) == sorted(_VARIABLE.findall(words[-1])), text
