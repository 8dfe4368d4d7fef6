"""The control table's statements: single rendez-vous and dates of series, as one list.

Each kind stands in an index of its own, so each statement has arms of the same shape: single
ones, dates that are as their series, and those that differ from it.
A page of many rows in order of time *walks*: it goes from date to date and asks of each whether
it is wanted. All else goes through everything, and compares with sets of participants that are
found once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from rdv_caldav.db.control_arms import (
    NOTHING,
    Arm,
    differing_dates,
    plain_dates,
    singles,
    whole_series,
)
from rdv_caldav.db.schema import AppointmentRow, ParticipantRow, PersonRow
from rdv_caldav.domain.agency import AppointmentType
from rdv_caldav.domain.control import ControlFilter, Place, Scope, Sort, Trash
from rdv_caldav.domain.searching import folded

_ESCAPE = "/"
_SHORT = timedelta(days=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is listed for whom: all that the statements are made of.

    ``types`` are those of the agency in its order, ``zone`` is its time zone. ``sees_most``
    says that the scope contains a good part of all persons.
    """

    filter: ControlFilter
    scope: Scope
    zone: str
    types: Sequence[AppointmentType]
    sort: Sort = Sort.DATE
    descending: bool = False
    sees_most: bool = False

    def page(
        self, place: Place | None, *, size: int, is_dense: bool
    ) -> CompoundSelect[*tuple[Any, ...]]:
        """Return the statement for at most ``size`` rows beyond a place, in order from there.

        ``is_dense`` says that a good part of all rows is wanted, which makes walking worth it.
        """
        walks = is_dense and self.sort is Sort.DATE and not self._is_narrow
        downwards = self.descending is not (place is not None and place.backwards)
        arms = [
            select(
                self._keys(arm)
                .where(*self._beyond(arm, place, downwards=downwards))
                .order_by(*self._order(self._ordered(arm), downwards=downwards))
                .limit(size)
                .subquery()
            )
            for arm in self._arms(walks=walks)
        ]
        return self._sorted(union_all(*arms), downwards=downwards).limit(size)

    def all(self) -> CompoundSelect[*tuple[Any, ...]]:
        """Return the statement for all rows in order."""
        arms = [self._keys(arm) for arm in self._arms(walks=False)]
        return self._sorted(union_all(*arms), downwards=self.descending)

    def some(self, appointment_ids: Sequence[int]) -> CompoundSelect[*tuple[Any, ...]]:
        """Return the statement for the rows of some rendez-vous."""
        few = AppointmentRow.id.in_(appointment_ids)
        arms = [self._keys(arm).where(few) for arm in self._arms(walks=True)]
        return self._sorted(union_all(*arms), downwards=self.descending)

    def counts(self) -> CompoundSelect[*tuple[Any, ...]]:
        """Return the statement for how many rows there are of each état and type."""
        arms = []
        for arm in self._arms(walks=False, is_counted=True):
            said = select(arm.state.label("state"), AppointmentRow.type_code.label("type_code"))
            counted = said.add_columns(arm.rows.label("rows")).select_from(arm.source)
            arms.append(
                counted.where(*arm.conditions).group_by(arm.state, AppointmentRow.type_code)
            )
        return union_all(*arms)

    # -- order ----------------------------------------------------------------------------

    def _keys(self, arm: Arm) -> Select[*tuple[Any, ...]]:
        value = self._value(arm)
        source = arm.source
        if self.sort is Sort.OWNER:
            source = source.join(PersonRow, PersonRow.id == AppointmentRow.owner_id)
        return (
            select(
                AppointmentRow.id.label("id"),
                arm.original.label("original_wall"),
                arm.differs.label("differs"),
                arm.starts_at.label("starts_at"),
                arm.state.label("state"),
                value.label("value"),
            )
            .select_from(source)
            .where(*arm.conditions)
        )

    def _beyond(
        self, arm: Arm, place: Place | None, *, downwards: bool
    ) -> Iterator[ColumnElement[bool]]:
        if place is None:
            return
        here: list[Any] = [place.starts_at, place.appointment_id, place.original]
        if self.sort is not Sort.DATE:
            here.insert(0, place.value)
        elif downwards:
            yield arm.starts_at <= place.starts_at
        else:
            yield arm.starts_at >= place.starts_at
        row, there = tuple_(*self._ordered(arm)), tuple_(*map(literal, here))
        yield row < there if downwards else row > there

    def _order(
        self, columns: Sequence[ColumnElement[Any]], *, downwards: bool
    ) -> list[ColumnElement[Any]]:
        # a constant is no order, and PostgreSQL refuses it
        columns = [column for column in columns if column is not NOTHING]
        return [column.desc() if downwards else column for column in columns]

    def _sorted(
        self, rows: CompoundSelect[*tuple[Any, ...]], *, downwards: bool
    ) -> CompoundSelect[*tuple[Any, ...]]:
        names = ["starts_at", "id", "original_wall"]
        if self.sort is not Sort.DATE:
            names.insert(0, "value")
        columns = [rows.selected_columns[name] for name in names]
        return rows.order_by(*self._order(columns, downwards=downwards))

    def _ordered(self, arm: Arm) -> list[ColumnElement[Any]]:
        """Return the columns that rows are sorted by."""
        by_time = [arm.starts_at, AppointmentRow.id, arm.original]
        return by_time if self.sort is Sort.DATE else [self._value(arm), *by_time]

    def _value(self, arm: Arm) -> ColumnElement[str]:
        """Return what rows are sorted by before their time, as text."""
        if self.sort is Sort.TYPE and self.types:
            ranks = {each.code: f"{rank:04}" for rank, each in enumerate(self.types)}
            return case(ranks, value=AppointmentRow.type_code, else_="")
        if self.sort is Sort.STATE:
            return arm.state
        if self.sort is Sort.OWNER:
            return PersonRow.last_name + " " + PersonRow.first_name
        return arm.search if self.sort is Sort.SUBJECT else NOTHING

    # -- conditions -----------------------------------------------------------------------

    @property
    def _is_narrow(self) -> bool:
        """Whether some persons' rendez-vous are asked for: few, found from these persons on."""
        wanted = self.filter
        return self.scope.is_own or bool(wanted.participants or wanted.presence_of)

    @property
    def _is_short(self) -> bool:
        """Whether a short time is asked for."""
        first, last = self.filter.first_day, self.filter.last_day
        return first is not None and last is not None and last - first <= _SHORT

    def _arms(self, *, walks: bool, is_counted: bool = False) -> list[Arm]:
        wanted = self.filter
        asks_each = walks or self._is_narrow or self._is_short
        has_time = wanted.first_day is not None or wanted.last_day is not None
        arms = []
        if wanted.series is not True:
            arms.append(singles(is_narrow=self._is_narrow))
        if wanted.series is not False:
            by_series = not (walks or self._is_narrow)
            is_whole = is_counted and not has_time
            details = self.sort is Sort.SUBJECT or bool(wanted.text or wanted.location)
            arms += [
                whole_series() if is_whole else plain_dates(by_series=by_series),
                differing_dates(with_details=details),
            ]
        return [
            arm.narrowed(
                (*self._appointment(), *self._date(arm), *self._people(arm, walks=asks_each))
            )
            for arm in arms
        ]

    def _appointment(self) -> Iterator[ColumnElement[bool]]:
        """Yield what is asked of the rendez-vous as a whole."""
        wanted, trashed_at = self.filter, AppointmentRow.trashed_at
        if wanted.trash is Trash.LEFT_OUT or not self.scope.with_trash:
            yield trashed_at.is_(None)
        if wanted.trash is Trash.ONLY:
            yield trashed_at.is_not(None)
        if wanted.owners:
            yield AppointmentRow.owner_id.in_(sorted(wanted.owners))
        codes = set(wanted.types)
        if wanted.categories:
            known = {each.code for each in self.types if each.category in wanted.categories}
            codes = codes & known if codes else known
        if wanted.types or wanted.categories:
            yield AppointmentRow.type_code.in_(sorted(codes))

    def _date(self, arm: Arm) -> Iterator[ColumnElement[bool]]:
        """Yield what is asked of a single date."""
        wanted = self.filter
        if wanted.first_day is not None:
            yield arm.starts_at >= _midnight(wanted.first_day, self.zone)
        if wanted.last_day is not None:
            yield arm.starts_at < _midnight(wanted.last_day + timedelta(days=1), self.zone)
        if wanted.states:
            yield arm.state.in_(sorted(wanted.states))
        for word in folded(wanted.text).split():
            found = arm.search.contains(word, autoescape=True)
            if wanted.in_notes and self.scope.with_notes:
                found = or_(found, arm.notes.icontains(word, autoescape=True))
            yield found
        for word in folded(wanted.location).split():
            yield arm.search.like(f"%\n%{_escaped(word)}%", escape=_ESCAPE)

    def _people(self, arm: Arm, *, walks: bool) -> Iterator[ColumnElement[bool]]:
        """Yield what is asked of those who take part in a date."""
        wanted, person_id = self.filter, ParticipantRow.person_id
        if self.scope.is_own:
            own = self.scope.person_id
            yield from arm.has_one_of(frozenset({-1 if own is None else own}))
        elif not self.scope.everybody:
            yield self._in_scope(walks=walks)
        if wanted.participants:
            yield from arm.has_one_of(wanted.participants)
        if wanted.sectors:
            of_sector = select(PersonRow.id).where(PersonRow.sector_id.in_(sorted(wanted.sectors)))
            yield arm.has(person_id.in_(of_sector), walks=walks)
        if wanted.guests is not None:
            has_guests = arm.has(person_id.is_(None), walks=True)
            yield has_guests if wanted.guests else ~has_guests
        if wanted.presences:
            answered = ParticipantRow.presence.in_(sorted(wanted.presences))
            whose = (
                wanted.participants
                if wanted.presence_of is None
                else frozenset({wanted.presence_of})
            )
            if whose:
                yield from arm.has_one_of(whose, answered)
            else:
                yield arm.has(answered, walks=walks)

    def _in_scope(self, *, walks: bool) -> ColumnElement[bool]:
        """Return the condition that the viewer may see somebody who takes part at all."""
        seen = (
            select(ParticipantRow.appointment_id)
            .join(PersonRow, PersonRow.id == ParticipantRow.person_id)
            .where(is_visible(self.scope))
        )
        if not (walks or self.sees_most):
            return AppointmentRow.id.in_(seen)
        # mostly it is the owner, who stands in the index that is read anyway
        visible = select(PersonRow.id).where(is_visible(self.scope))
        one_of_all = seen.where(ParticipantRow.appointment_id == AppointmentRow.id).exists()
        return or_(AppointmentRow.owner_id.in_(visible), one_of_all)


def is_visible(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a person is one of those whom a scope contains."""
    sectors = PersonRow.sector_id.in_(sorted(scope.sector_ids))
    persons = PersonRow.id == (-1 if scope.person_id is None else scope.person_id)
    visible = [sectors, persons]
    if scope.without_sector:
        visible.append(PersonRow.sector_id.is_(None))
    return or_(*visible)


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def _escaped(word: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return word
