"""The fields of the rendez-vous form, and what they say together."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    widgets,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.editing import Sheet
from rdv_caldav.domain.repetition import (
    Frequency,
    Repetition,
    carried_along,
    repetition_of,
    rule_of,
)
from rdv_caldav.services.appointment_editing import FIRST_YEAR, LAST_YEAR, Scope
from rdv_caldav.services.reminders import LONGEST
from rdv_web.forms import Form, refuse

KEPT = "kept"
"""The choice that leaves a repetition as it is which the form has no words for."""

WEEKDAYS = (
    lazy_gettext("lundi"),
    lazy_gettext("mardi"),
    lazy_gettext("mercredi"),
    lazy_gettext("jeudi"),
    lazy_gettext("vendredi"),
    lazy_gettext("samedi"),
    lazy_gettext("dimanche"),
)
FREQUENCIES = {
    Frequency.DAILY: lazy_gettext("Chaque jour"),
    Frequency.WEEKLY: lazy_gettext("Chaque semaine"),
    Frequency.MONTHLY: lazy_gettext("Chaque mois"),
    Frequency.YEARLY: lazy_gettext("Chaque année"),
}
SCOPES = {
    Scope.DATE: lazy_gettext("Cette date seulement"),
    Scope.FOLLOWING: lazy_gettext("Cette date et les suivantes"),
    Scope.ALL: lazy_gettext("Toutes les dates"),
}
_DAY = timedelta(days=1)


class AppointmentForm(Form):
    """Everything but the participants, who are no fields of fixed number."""

    type_code = SelectField(lazy_gettext("Type"))
    subject = StringField(lazy_gettext("Objet"), validators=[Length(max=500)])
    all_day = BooleanField(lazy_gettext("Toute la journée"))
    start_day = DateField(lazy_gettext("Date de début"), validators=[InputRequired()])
    start_time = TimeField(lazy_gettext("Heure de début"), validators=[Optional()])
    end_day = DateField(lazy_gettext("Date de fin"), validators=[Optional()])
    end_time = TimeField(lazy_gettext("Heure de fin"), validators=[Optional()])
    location = StringField(lazy_gettext("Lieu"), validators=[Length(max=1000)])
    notes = TextAreaField(lazy_gettext("Notes"), validators=[Length(max=50_000)])
    repeat = SelectField(lazy_gettext("Répéter"), validate_choice=False)
    interval = IntegerField(
        lazy_gettext("Intervalle"),
        default=1,
        validators=[Optional(), NumberRange(min=1, max=999)],
    )
    weekdays = SelectMultipleField(
        lazy_gettext("Jours de la semaine"),
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    by_weekday = BooleanField(lazy_gettext("Le même jour de la semaine (par exemple le 2ᵉ mardi)"))
    ends = RadioField(lazy_gettext("Fin de la répétition"), default="never", validate_choice=False)
    count = IntegerField(
        lazy_gettext("Nombre de dates"), validators=[Optional(), NumberRange(min=1, max=5000)]
    )
    until = DateField(lazy_gettext("Dernier jour"), validators=[Optional()])
    scope = RadioField(lazy_gettext("Appliquer à"), default=Scope.DATE.value, validate_choice=False)

    reminder = IntegerField(
        lazy_gettext("Rappel, en minutes avant le début"),
        validators=[Optional(), NumberRange(min=0, max=LONGEST)],
    )
    invite = BooleanField(
        lazy_gettext("Écrire aux participants qui ont une adresse e-mail, dès l’enregistrement")
    )

    def offer(self, types: list[tuple[str, str]], *, keeps_rule: bool) -> None:
        """Fill the lists that are chosen from."""
        self.type_code.choices = types
        frequencies = [(each.value, str(words)) for each, words in FREQUENCIES.items()]
        kept = [(KEPT, _("Répétition particulière, gardée"))] if keeps_rule else []
        self.repeat.choices = [("", _("Jamais")), *frequencies, *kept]
        self.weekdays.choices = [(day, str(words)) for day, words in enumerate(WEEKDAYS)]
        self.ends.choices = [
            ("never", _("Sans fin")),
            ("count", _("Après un nombre de dates")),
            ("until", _("À une date")),
        ]
        self.scope.choices = [(each.value, str(words)) for each, words in SCOPES.items()]

    # -- from a sheet ---------------------------------------------------------------------

    def show(self, sheet: Sheet) -> None:
        """Show what a sheet says, whatever was typed."""
        for name in ("type_code", "subject", "location", "notes"):
            self.show_field(name, sheet)
        self.show_span(sheet.span)
        self._show_rule(sheet.rule, sheet.span)

    def show_field(self, name: str, sheet: Sheet) -> None:
        """Show one field of a sheet."""
        if name == "rule":
            self._show_rule(sheet.rule, sheet.span)
        elif name in ("subject", "location"):
            # browsers drop line breaks from what is one line
            _set(self[name], " ".join(getattr(sheet, name).splitlines()))
        else:
            _set(self[name], getattr(sheet, name))

    def show_location(self, place: str) -> None:
        """Show a place."""
        _set(self.location, place)

    def show_span(self, span: Span) -> None:
        """Show a time, whatever was typed."""
        last = span.end - _DAY if span.all_day else span.end
        _set(self.all_day, span.all_day)
        _set(self.start_day, span.start.date())
        _set(self.end_day, max(last.date(), span.start.date()))
        _set(self.start_time, None if span.all_day else span.start.time())
        _set(self.end_time, None if span.all_day else span.end.time())

    def _show_rule(self, rule: str, span: Span) -> None:
        said = repetition_of(rule, span) if rule else None
        _set(self.repeat, KEPT if rule else "")
        _set(self.weekdays, [span.start.weekday()])
        if said is None:
            return
        _set(self.repeat, said.frequency.value)
        _set(self.interval, said.interval)
        _set(self.weekdays, sorted(said.weekdays | {span.start.weekday()}))
        _set(self.by_weekday, said.by_weekday)
        _set(self.count, said.count)
        _set(self.until, said.until)
        ends = "count" if said.count else "until" if said.until else "never"
        _set(self.ends, ends)

    # -- what they say --------------------------------------------------------------------

    def span(self, zone: str) -> Span | None:
        """Return when it takes place; None, and words beside the fields, where that is unclear."""
        first = self.start_day.data
        last = self.end_day.data or first
        if first is None or last is None or self.end_day.errors:
            return None
        for field, day in ((self.start_day, first), (self.end_day, last)):
            if not FIRST_YEAR <= day.year <= LAST_YEAR:
                refuse(field, _("Cette année n’est pas possible."))
                return None
        if self.all_day.data:
            return self._whole_days(first, last, zone)
        return self._timed(first, last, zone)

    def _whole_days(self, first: date, last: date, zone: str) -> Span | None:
        if last < first:
            refuse(self.end_day, _("La fin précède le début."))
            return None
        start, end = datetime.combine(first, time()), datetime.combine(last, time())
        return Span(start=start, end=end + _DAY, zone=zone, all_day=True)

    def _timed(self, first: date, last: date, zone: str) -> Span | None:
        begins, ends = self.start_time.data, self.end_time.data
        for field, value in ((self.start_time, begins), (self.end_time, ends)):
            if value is None and not field.errors:
                refuse(field, _("Indiquez l’heure, ou cochez « Toute la journée »."))
        if begins is None or ends is None:
            return None
        start, end = datetime.combine(first, begins), datetime.combine(last, ends)
        if end <= start:
            refuse(self.end_day if last < first else self.end_time, _("La fin précède le début."))
            return None
        return Span(start=start, end=end, zone=zone)

    def rule(self, span: Span, base: Sheet) -> str | None:
        """Return how it repeats; None, and words beside the fields, where that is unclear."""
        if self.repeat.data == KEPT:
            return base.rule
        if self.repeat.data not in FREQUENCIES:
            return ""
        said = self._repetition(span, base.span)
        if said is None:
            return None
        if said.until is not None and said.until < span.start.date():
            refuse(self.until, _("La répétition finit avant la première date."))
            return None
        # who did not touch it gets no other words for the same
        is_same = bool(base.rule) and repetition_of(base.rule, span) == said
        return base.rule if is_same else rule_of(said, span)

    def _repetition(self, span: Span, before: Span) -> Repetition | None:
        frequency = Frequency(self.repeat.data)
        is_counted, is_dated = self.ends.data == "count", self.ends.data == "until"
        for is_meant, field in ((is_counted, self.count), (is_dated, self.until)):
            if is_meant and field.data is None:
                if not field.errors:
                    refuse(field, _("Indiquez la fin de la répétition."))
                return None
        is_weekly = frequency is Frequency.WEEKLY
        said = Repetition(
            frequency=frequency,
            interval=self.interval.data or 1,
            weekdays=frozenset(self.weekdays.data or ()) if is_weekly else frozenset(),
            by_weekday=frequency is Frequency.MONTHLY and bool(self.by_weekday.data),
            count=self.count.data if is_counted else None,
            until=self.until.data if is_dated else None,
        )
        if is_weekly:
            said = carried_along(said, before.start, span.start)
            said = Repetition(
                frequency=frequency,
                interval=said.interval,
                weekdays=said.weekdays | {span.start.weekday()},
                count=said.count,
                until=said.until,
            )
        return said


def _set(field: Any, value: object) -> None:  # noqa: ANN401 - any field of a form
    field.data = value
    field.raw_data = None
