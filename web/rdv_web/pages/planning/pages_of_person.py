"""The planning of one person: day, week, month and list."""

from __future__ import annotations

from typing import Any

from flask import render_template

from rdv_caldav.services import planning
from rdv_web import work
from rdv_web.pages.planning import pages
from rdv_web.pages.planning.moving import Answer, Toast, answer_move
from rdv_web.pages.planning.periods import View
from rdv_web.pages.planning.showing import Asked, asked, drawn

_VIEWS = (View.DAY, View.WEEK, View.MONTH, View.LIST)


@pages.get("/<slug>")
def person(slug: str) -> str:
    """Show what a person has."""
    return render_template("planning/person.html", **_values(slug, _asked()))


@pages.post("/<slug>")
def move(slug: str) -> Answer:
    """Move a date that the page of a person shows."""
    wanted = _asked()
    with work.reading() as tx:
        planning.person(tx, work.actor(), slug)

    def again(toast: Toast) -> str:
        return render_template("planning/moved.html", toast=toast, **_values(slug, wanted))

    return answer_move(again, here=wanted.url())


def _asked() -> Asked:
    return asked(_VIEWS, View.WEEK)


def _values(slug: str, wanted: Asked) -> dict[str, Any]:
    with work.reading() as tx:
        found = planning.person(tx, work.actor(), slug)
        part = f"planning/{wanted.period.view.name.lower()}_of_person.html"
        return {"person": found, "part": part, **drawn(tx, [found], wanted)}
