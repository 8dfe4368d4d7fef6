"""The menu: which line says that one is there."""

from __future__ import annotations

import re
from html import unescape

import pytest

from support.panel import PanelClient

CURRENT = re.compile(r'aria-current="(page|true)"><svg.*?</svg>([^<]+)</a></li>', re.DOTALL)


@pytest.mark.parametrize(
    ("path", "line", "mark"),
    [
        ("/", "Accueil", "page"),
        ("/planning", "Planning", "page"),
        ("/planning/claire", "Planning", "true"),
        ("/clients", "Clients", "page"),
        ("/clients/nouveau", "Clients", "true"),
        ("/intervenants?q=ivan", "Intervenants", "page"),
        ("/personnes/ivan", "Intervenants", "true"),
        ("/personnes/claire/rendez-vous", "Clients", "true"),
        ("/personnes/alice/modifier", "Gestionnaires", "true"),
        ("/analyse/rendez-vous", "Tous les rendez-vous", "page"),
        ("/analyse/rendez-vous/imprimer?lancer=1", "Tous les rendez-vous", "true"),
        ("/administration/options", "Mes options", "page"),
        ("/administration/parametres", "Paramètres", "page"),
        ("/administration/valeurs-par-defaut/rendez-vous", "Paramètres", "true"),
        ("/compte/rendez-vous", "Mes rendez-vous", "page"),
        ("/compte", "Mes préférences", "page"),
    ],
)
def test_the_line_of_a_page_is_marked(admin: PanelClient, path: str, line: str, mark: str) -> None:
    menu = admin.get(path).text.partition('class="menu"')[2].partition("<main")[0]
    found = [(kind, unescape(words).strip()) for kind, words in CURRENT.findall(menu)]
    assert found == [(mark, line)]


@pytest.mark.parametrize("path", ["/rendez-vous/nouveau", "/fiches/importer", "/rien"])
def test_a_page_of_no_line_marks_none(admin: PanelClient, path: str) -> None:
    page = admin.get(path).text
    assert 'class="menu"' in page
    menu = page.partition('class="menu"')[2].partition("<main")[0]
    assert "aria-current" not in menu
