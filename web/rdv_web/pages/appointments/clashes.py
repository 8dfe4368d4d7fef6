"""Both versions of what two people changed at the same time, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask_babel import lazy_gettext

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Span
from rdv_web.formats import span
from rdv_web.pages.appointments.filling import Filling
from rdv_web.pages.appointments.hints import span_typed
from rdv_web.pages.appointments.wording import repetition_words

FIELD_LABELS = {
    "type_code": lazy_gettext("Type"),
    "subject": lazy_gettext("Objet"),
    "span": lazy_gettext("Date et horaires"),
    "location": lazy_gettext("Lieu"),
    "notes": lazy_gettext("Notes"),
    "rule": lazy_gettext("Répéter"),
    "owner": lazy_gettext("Propriétaire"),
}


def clash_rows(tx: Transaction, filling: Filling) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, label and both versions of each field that two people changed."""
    if not filling.clashes:
        return
    types = {kind.code: kind.label for kind in tx.agency.types()}
    keys = [key for key in (filling.base.owner, filling.owner) if isinstance(key, int)]
    persons = tx.people.by_ids(keys)
    span_now = span_typed(filling)
    base, form = filling.base, filling.form
    typed = {name: str(form[name].data or "") for name in ("subject", "location", "notes")}
    mine = {
        **typed,
        "type_code": types.get(form.type_code.data, ""),
        "owner": _name(persons, filling.owner),
        "span": span(span_now) if span_now else "",
        "rule": _rule_words(filling, span_now),
    }
    theirs = {
        **{name: getattr(base, name) for name in typed},
        "type_code": types.get(base.type_code, ""),
        "owner": _name(persons, base.owner),
        "span": span(base.span),
        "rule": repetition_words(base.rule, base.span) or str(lazy_gettext("Jamais")),
    }
    for name in filling.clashes:
        yield name, str(FIELD_LABELS[name]), theirs[name], mine[name]


def _rule_words(filling: Filling, when: Span | None) -> str:
    rule = filling.form.rule(when, filling.base) if when is not None else None
    return repetition_words(rule or "", when or filling.base.span) or str(lazy_gettext("Jamais"))


def _name(persons: Mapping[int, Person], key: int | str) -> str:
    person = persons.get(key) if isinstance(key, int) else None
    return person.name if person else ""
