"""Which calendars show an appointment, and the change numbers that tell clients so.

Every write takes the counters of all calendars it touches in one statement and in order of
ids (no deadlock), as late as it can, and holds them until it commits: a change number is
never handed out before every lower one is visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    delete,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from rdv_caldav.db.mapping import Row, seconds
from rdv_caldav.db.overlays import OverlayRepository
from rdv_caldav.db.schema import (
    FOREVER,
    AccountRow,
    AppointmentRow,
    CalendarRow,
    CalendarViewRow,
    HiddenRow,
    MemberRow,
    TombstoneRow,
)
from rdv_caldav.domain.timeindex import TimeIndex

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_APPOINTMENT: BindParameter[int] = bindparam("appointment")
_PERSON: BindParameter[int] = bindparam("person")


def _take(which: ColumnElement[bool]) -> ReturningUpdate[*tuple[Any, ...]]:
    """Return the statement that takes the counters of some calendars, in order."""
    in_order = (
        select(CalendarRow.person_id)
        .where(which)
        .order_by(CalendarRow.person_id)
        .with_for_update()
        .cte("in_order")
    )
    return (
        update(CalendarRow)
        .where(CalendarRow.person_id.in_(select(in_order.c.person_id)))
        .values(counter=CalendarRow.counter + 1, updated_at=bindparam("now"))
        .returning(CalendarRow.person_id, CalendarRow.counter)
        .add_cte(in_order)
    )


_TAKE_COUNTERS = _take(CalendarRow.person_id.in_(_IDS))
_showing = select(MemberRow.person_id).where(MemberRow.appointment_id == _APPOINTMENT)
_TAKE_COUNTERS_OF = _take(CalendarRow.person_id.in_(_showing))
_MEMBERS = select(MemberRow.person_id, MemberRow.href).where(
    MemberRow.appointment_id == _APPOINTMENT
)
_MEMBERS_AND_HIDDEN = _MEMBERS.union_all(
    select(HiddenRow.person_id, null()).where(HiddenRow.appointment_id == _APPOINTMENT)
)
_ARRIVE = insert(MemberRow)
_BURY = insert(TombstoneRow)
_TAKEN: Select[*tuple[Any, ...]] = select(
    MemberRow.person_id, literal_column("0").label("is_gone")
).where(MemberRow.person_id.in_(_IDS), MemberRow.href == bindparam("href"))
_TAKEN_OR_GONE = _TAKEN.union_all(
    select(TombstoneRow.person_id, literal_column("1")).where(
        TombstoneRow.person_id.in_(_IDS), TombstoneRow.href == bindparam("href")
    )
)
_counter_of_member = (
    select(CalendarRow.counter)
    .where(CalendarRow.person_id == MemberRow.person_id)
    .scalar_subquery()
)
_TOUCH_ANSWERS = (
    update(MemberRow)
    .where(MemberRow.appointment_id == _APPOINTMENT)
    .values(changed=_counter_of_member)
)
_TOUCH = _TOUCH_ANSWERS.values(settled=_counter_of_member)
_BOUNDS: dict[str, Any] = {
    "starts_at": bindparam("starts"),
    "stops_at": bindparam("stops"),
    "is_long": bindparam("long"),
}
_REFRESH_ANSWERS = _TOUCH_ANSWERS.where(MemberRow.person_id.in_(_IDS)).values(_BOUNDS)
_REFRESH = _TOUCH.where(MemberRow.person_id.in_(_IDS)).values(_BOUNDS)
_of_type = select(AppointmentRow.id).where(AppointmentRow.type_code == bindparam("type"))
_READERS_OF_TYPE = (
    select(MemberRow.person_id)
    .where(
        MemberRow.appointment_id.in_(_of_type),
        MemberRow.person_id.in_(select(AccountRow.person_id)),
    )
    .distinct()
)
_RENEW = (
    update(MemberRow)
    .where(MemberRow.appointment_id.in_(_of_type), MemberRow.person_id.in_(_IDS))
    .values(changed=_counter_of_member, settled=_counter_of_member)
)
_REMOVE = delete(MemberRow).where(
    MemberRow.appointment_id == _APPOINTMENT, MemberRow.person_id.in_(_IDS)
)
_FORGET_TOMBSTONE = delete(TombstoneRow).where(
    TombstoneRow.person_id == _PERSON, TombstoneRow.href == bindparam("href_")
)
_UNHIDE = delete(HiddenRow).where(
    HiddenRow.person_id == _PERSON, HiddenRow.appointment_id == _APPOINTMENT
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a calendar shows an appointment, and the number of the change."""

    href: str
    changed: int


class CalendarRepository(OverlayRepository):
    """Writes members, tombstones and counters; nobody else does."""

    def publish(
        self,
        appointment_id: int,
        *,
        href: str,
        person_ids: Collection[int],
        index: TimeIndex,
        now: datetime,
        answers_only: bool = False,
        is_new: bool = False,
    ) -> dict[int, Shown]:
        """Make the calendars of exactly these persons show the appointment, as changed.

        Calendars that show it already keep its place in them; the others take ``href``, or
        one like it where that is another's. Whoever hid it does not see it again.
        ``answers_only`` leaves Schedule-Tags as they are; one that ``is_new`` stands nowhere yet.
        Returns how the calendars show it now, by person.
        """
        which = {"appointment": appointment_id}
        found: Sequence[Row] = []
        if not is_new:
            found = self._connection.execute(_MEMBERS_AND_HIDDEN, which).all()
        places = {row.person_id: row.href for row in found if row.href is not None}
        shown = set(person_ids) - {row.person_id for row in found if row.href is None}
        gone = {person: places[person] for person in places.keys() - shown}
        counters = self._take_counters(places.keys() | shown, now)
        arriving, gone_before = self._free_places(appointment_id, href, shown - places.keys())
        self._bury(appointment_id, gone, counters, now)
        bounds = {
            "starts": seconds(index.starts_at),
            "stops": FOREVER if index.stops_at is None else seconds(index.stops_at),
            "long": index.is_long,
        }
        kept = sorted(places.keys() & shown)
        if kept:
            refresh = _REFRESH_ANSWERS if answers_only else _REFRESH
            self._connection.execute(refresh, {**which, "ids": kept, **bounds})
        self._forget_tombstones(gone_before)
        self._arrive(appointment_id, arriving, counters, bounds)
        hrefs = {**{person: places[person] for person in kept}, **arriving}
        return {person: Shown(place, counters[person]) for person, place in hrefs.items()}

    def touch(
        self, appointment_id: int, *, now: datetime, answers_only: bool = False
    ) -> dict[int, int]:
        """Tell the calendars that show the appointment of a change of what is in it.

        The same as :meth:`publish` where neither its persons nor its times are others. Returns
        the change numbers by person.
        """
        which = {"appointment": appointment_id}
        rows = self._connection.execute(_TAKE_COUNTERS_OF, {**which, "now": seconds(now)})
        counters = {row.person_id: row.counter for row in rows}
        self._connection.execute(_TOUCH_ANSWERS if answers_only else _TOUCH, which)
        return counters

    def withdraw(self, appointment_id: int, now: datetime) -> None:
        """Take the appointment out of every calendar."""
        rows = self._connection.execute(_MEMBERS, {"appointment": appointment_id})
        gone = {row.person_id: row.href for row in rows}
        self._bury(appointment_id, gone, self._take_counters(gone, now), now)

    def hide(self, appointment_id: int, person_id: int, now: datetime) -> None:
        """Take the appointment out of one calendar, for good."""
        self.unhide(appointment_id, person_id)
        self._connection.execute(
            insert(HiddenRow).values(person_id=person_id, appointment_id=appointment_id)
        )
        rows = self._connection.execute(_MEMBERS, {"appointment": appointment_id})
        gone = {row.person_id: row.href for row in rows if row.person_id == person_id}
        self._bury(appointment_id, gone, self._take_counters(gone, now), now)

    def unhide(self, appointment_id: int, person_id: int) -> None:
        """Let the next :meth:`publish` show it to this person again."""
        self._connection.execute(_UNHIDE, {"appointment": appointment_id, "person": person_id})

    def rename(self, appointment_id: int, person_id: int, href: str, now: datetime) -> None:
        """Give the appointment another place in one calendar."""
        rows = self._connection.execute(_MEMBERS, {"appointment": appointment_id})
        old = {row.person_id: row.href for row in rows}[person_id]
        counter = self._take_counters([person_id], now)[person_id]
        self._forget_tombstones({person_id: href})
        self._connection.execute(
            update(MemberRow)
            .where(MemberRow.appointment_id == appointment_id, MemberRow.person_id == person_id)
            .values(href=href, changed=counter, settled=counter)
        )
        self._remember_gone({person_id: old}, {person_id: counter}, now)

    def _free_places(
        self, appointment_id: int, href: str, person_ids: Iterable[int]
    ) -> tuple[dict[int, str], dict[int, str]]:
        """Return where persons' calendars can show it, and which places have tombstones."""
        wanted = sorted(person_ids)
        if not wanted:
            return {}, {}
        found = self._connection.execute(_TAKEN_OR_GONE, {"ids": wanted, "href": href}).all()
        taken = {row.person_id for row in found if not row.is_gone}
        places = {
            person: f"{appointment_id}-{href}" if person in taken else href for person in wanted
        }
        gone = {row.person_id: href for row in found if row.is_gone and row.person_id not in taken}
        # such a place of its own is so rare that whether it was one before is not asked
        return places, gone | {person: places[person] for person in taken}

    def _take_counters(self, person_ids: Collection[int], now: datetime) -> dict[int, int]:
        if not person_ids:
            return {}
        which = {"ids": sorted(person_ids), "now": seconds(now)}
        rows = self._connection.execute(_TAKE_COUNTERS, which)
        return {row.person_id: row.counter for row in rows}

    def _arrive(
        self,
        appointment_id: int,
        places: dict[int, str],
        counters: dict[int, int],
        bounds: dict[str, Any],
    ) -> None:
        if not places:
            return
        rows = [
            {
                "person_id": person_id,
                "appointment_id": appointment_id,
                "href": href,
                "changed": counters[person_id],
                "settled": counters[person_id],
                "starts_at": bounds["starts"],
                "stops_at": bounds["stops"],
                "is_long": bounds["long"],
            }
            for person_id, href in places.items()
        ]
        self._connection.execute(_ARRIVE, rows)

    def _bury(
        self, appointment_id: int, gone: dict[int, str], counters: dict[int, int], now: datetime
    ) -> None:
        if gone:
            which = {"appointment": appointment_id, "ids": sorted(gone)}
            self._connection.execute(_REMOVE, which)
            self._remember_gone(gone, counters, now)

    def _remember_gone(self, gone: dict[int, str], counters: dict[int, int], now: datetime) -> None:
        self._forget_tombstones(gone)
        rows = [
            {
                "person_id": person_id,
                "href": href,
                "changed": counters[person_id],
                "at": seconds(now),
            }
            for person_id, href in gone.items()
        ]
        self._connection.execute(_BURY, rows)

    def _forget_tombstones(self, places: dict[int, str]) -> None:
        which = [{"person": person, "href_": href} for person, href in places.items()]
        if which:
            self._connection.execute(_FORGET_TOMBSTONE, which)

    def renew(self, type_code: str, now: datetime) -> None:
        """Tell the calendars of persons with accounts that appointments of a type are read anew."""
        persons = self._connection.scalars(_READERS_OF_TYPE, {"type": type_code}).all()
        self._take_counters(persons, now)
        which = {"type": type_code, "ids": sorted(persons)}
        self._connection.execute(_RENEW, which)

    def renew_all(self, now: datetime) -> None:
        """Tell all calendars that every appointment in them is read anew."""
        persons = self._connection.scalars(select(MemberRow.person_id).distinct()).all()
        self._take_counters(persons, now)
        self._connection.execute(
            update(MemberRow).values(changed=_counter_of_member, settled=_counter_of_member)
        )

    # -- how an account sees calendars -----------------------------------------------------

    def save_view(
        self,
        account_id: int,
        person_id: int,
        *,
        properties: dict[str, str] | None = None,
        followed: bool | None = None,
        position: int | None = None,
    ) -> None:
        """Store how an account sees a calendar; what is None stays as it was."""
        given = {"properties": properties, "followed": followed, "position": position}
        values = {name: value for name, value in given.items() if value is not None}
        which = (CalendarViewRow.account_id == account_id, CalendarViewRow.person_id == person_id)
        if self._connection.scalar(select(CalendarViewRow.account_id).where(*which)) is None:
            self._connection.execute(
                insert(CalendarViewRow).values(account_id=account_id, person_id=person_id)
            )
        if values:
            self._connection.execute(update(CalendarViewRow).where(*which).values(**values))

    def follow(self, account_id: int, person_ids: Iterable[int]) -> None:
        """List these persons' calendars in an account's home, in this order."""
        for position, person_id in enumerate(person_ids):
            self.save_view(account_id, person_id, followed=True, position=position)

    # -- housekeeping ---------------------------------------------------------------------

    def prune(self, before: datetime) -> int:
        """Forget deletions older than an instant and return how many.

        Sync tokens from before the newest forgotten one are void from then on.
        """
        old = TombstoneRow.at < seconds(before)
        rows = self._connection.execute(
            select(TombstoneRow.person_id, TombstoneRow.changed).where(old)
        ).all()
        floors: dict[int, int] = {}
        for row in rows:
            floors[row.person_id] = max(row.changed, floors.get(row.person_id, 0))
        for person_id, floor in sorted(floors.items()):
            self._connection.execute(
                update(CalendarRow)
                .where(CalendarRow.person_id == person_id, CalendarRow.floor < floor)
                .values(floor=floor)
            )
        self._connection.execute(delete(TombstoneRow).where(old))
        return len(rows)
