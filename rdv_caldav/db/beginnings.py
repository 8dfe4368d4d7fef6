"""How far an agency has come: whether there is anything at all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select, true

from rdv_caldav.db.journal_schema import AuditRow
from rdv_caldav.db.schema import AppointmentRow, PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Whether there are fiches of others, and rendez-vous, those of the corbeille too."""

    has_people: bool
    has_appointments: bool


class Beginnings:
    """Asks whether there is anything, never how much."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def found(self, *, besides: int | None) -> Beginning:
        """Return what there is, ``besides`` this person."""
        other = true() if besides is None else PersonRow.id != besides
        persons = exists().where(and_(PersonRow.active, other))
        appointments = select(AppointmentRow.id).exists()
        row = self._connection.execute(select(persons, appointments)).one()
        return Beginning(has_people=bool(row[0]), has_appointments=bool(row[1]))

    def wrote_through(self, channel: str) -> bool:
        """Tell whether anybody ever wrote through this channel."""
        wrote = exists().where(AuditRow.channel == channel)
        return bool(self._connection.execute(select(wrote)).scalar_one())
