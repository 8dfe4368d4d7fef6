"""Moves that a planning sends: done at once, told with a button that takes them back.

A browser with JavaScript gets the planning anew with what is told of the move; without, it is
led back to the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, Span
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import (
    Conflicting,
    DomainError,
    InvalidInput,
    OwnerCannotLeave,
    PreconditionFailed,
)
from rdv_caldav.services import conflicts, planning
from rdv_caldav.services.planning_moves import Move, move
from rdv_web import work
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.planning.showing import zone_name
from rdv_web.pages.planning.wording import conflict_words, moved_words
from rdv_web.refusals import refusal_of

Answer = Response | str | tuple[str, int]

PART = "X-Planning-Part"
"""The header by which our script asks for the planning alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """What is told of a move; ``undo`` is what takes it back."""

    words: str
    category: str
    warning: str = ""
    undo: Move | None = None

    @property
    def answers(self) -> list[str]:
        """The answers that taking it back gives back, as its form carries them."""
        given = self.undo.answers if self.undo else {}
        return [f"{key_text(key)}:{presence.value}" for key, presence in given.items()]


def answer_move(again: Callable[[Toast], str], *, here: str) -> Answer:
    """Do the move that was sent, and show the planning ``again`` or lead back to it."""
    asked_by_script = PART in request.headers
    try:
        wanted = _sent()
        toast = _done(wanted, is_undo=request.form.get("undo") == "yes")
    except DomainError as refusal:
        words = _refusal_words(refusal)
        if asked_by_script:
            toast = Toast(words=words, category="error")
            return render_template("planning/toast.html", toast=toast), refusal_of(refusal).status
        flash(words, "error")
        return redirect(here)
    if asked_by_script:
        return again(toast)
    flash(toast.words, toast.category)
    if toast.warning:
        flash(toast.warning, "warning")
    return redirect(here)


def _sent() -> Move:
    """Return the move of the form. Raises InvalidInput and UnknownObject."""
    form = request.form
    all_day = form.get("all_day") == "yes"
    return Move(
        key=RowKey.read(form.get("entry", "")),
        seen=_span(form.get("was_start", ""), form.get("was_end", ""), all_day=all_day),
        wanted=_span(form.get("start", ""), form.get("end", ""), all_day=all_day),
        source=form.get("from", ""),
        target=form.get("to", ""),
        answers=dict(_answers(form.getlist("answer"))),
    )


def _answers(written: list[str]) -> Iterator[tuple[int | str, Presence]]:
    for each in written:
        who, _colon, said = each.rpartition(":")
        key = key_of(who)
        if key is not None and said in list(Presence):
            yield key, Presence(said)


def _span(start: str, end: str, *, all_day: bool) -> Span:
    try:
        begin, stop = (_moment(each, all_day=all_day) for each in (start, end))
    except ValueError as error:
        raise InvalidInput(f"no times of a move: {start!r}, {end!r}"[:100]) from error
    return Span(start=begin, end=stop, zone=zone_name(), all_day=all_day)


def _moment(written: str, *, all_day: bool) -> datetime:
    if all_day:
        return datetime.combine(date.fromisoformat(written), time())
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        raise ValueError(written)
    return moment


def _done(wanted: Move, *, is_undo: bool) -> Toast:
    actor, now = work.actor(), work.now()

    def change(tx: Transaction) -> Toast:
        moved = move(tx, actor, wanted, now=now)
        is_other = wanted.source != wanted.target
        name = planning.person(tx, actor, wanted.target).name if is_other else ""
        words = moved_words(moved.details.subject, wanted.wanted, name)
        told = [
            each
            for each in conflicts.of_appointment(tx, actor, wanted.key.appointment_id)
            if each.start < wanted.wanted.ends_at and each.end > wanted.wanted.starts_at
        ]
        return Toast(
            words=_("Déplacement annulé. %(what)s", what=words) if is_undo else words,
            category="success",
            warning=_("En conflit : %(who)s.", who=conflict_words(told)) if told else "",
            undo=None if is_undo else moved.undo,
        )

    return work.write(change)


def _refusal_words(refusal: DomainError) -> str:
    words = refusal_of(refusal).words
    if isinstance(refusal, PreconditionFailed):
        words = _("Quelqu’un d’autre l’a déplacé entre-temps : rechargez la page.")
    elif isinstance(refusal, OwnerCannotLeave):
        words = _(
            "Une seule date ne peut pas être retirée au propriétaire de la série : donnez "
            "d’abord l’étoile de la série à un autre participant."
        )
    elif isinstance(refusal, Conflicting) and refusal.conflicts:
        with work.reading() as tx:
            told = conflicts.explain(tx, work.actor(), refusal.conflicts)
        words = _("Impossible, une règle bloque : %(who)s.", who=conflict_words(told))
    return str(words)
