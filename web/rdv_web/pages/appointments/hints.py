"""Whether the participants of a form are free at the time that it says, and when they are."""

from __future__ import annotations

from typing import Any

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Recurrence, Span
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.services import conflicts
from rdv_caldav.services.appointment_pages import AppointmentPage
from rdv_caldav.services.conflicts import Wanted
from rdv_caldav.services.free_slots import alternatives
from rdv_caldav.services.scheduling import may_know
from rdv_web import work
from rdv_web.pages.appointments.filling import Filling


def hints(tx: Transaction, filling: Filling, page: AppointmentPage | None) -> dict[str, Any]:
    """Return who is free at the time that the form says, and when all are, as far as it says any.

    Nothing of participants whom the reader may not ask about. A hint is no reason to fail:
    saving says what is wrong.
    """
    actor = work.actor()
    wanted_ids = [seat.person_id for seat in filling.seats if seat.person_id is not None]
    persons = tx.people.by_ids(wanted_ids)
    ids = tuple(key for key in wanted_ids if key in persons and may_know(actor, persons[key]))
    when = span_typed(filling)
    recurrence = _recurrence(filling, page)
    if when is None or not ids or (recurrence is None and when.ends_at <= work.now()):
        return {"prospects": []}
    wanted = Wanted(
        person_ids=ids,
        span=when,
        recurrence=recurrence,
        appointment_id=page.id if page else 0,
    )
    try:
        found = conflicts.prospects(tx, actor, wanted, now=work.now())
        is_free = all(each.is_free for each in found)
        is_one = recurrence is None
        others = [] if is_free or not is_one else alternatives(tx, actor, wanted, now=work.now())
    except DomainError:
        return {"prospects": []}
    return {"prospects": found, "alternatives": others}


def span_typed(filling: Filling) -> Span | None:
    """Return when the form says it is, None where that is unclear; it says nothing of that."""
    errors = {each.name: list(each.errors) for each in filling.form}
    span = filling.form.span(filling.base.span.zone)
    for each in filling.form:
        each.errors = errors[each.name]
    return span


def _recurrence(filling: Filling, page: AppointmentPage | None) -> Recurrence | None:
    if (page is not None and page.original is not None) or not filling.base.rule:
        return None
    return Recurrence(rules=tuple(filling.base.rule.split("\n")))
