"""The agency's settings and appointment types."""

from __future__ import annotations

import dataclasses
from datetime import time
from enum import Enum
from functools import cached_property

from sqlalchemy import Connection, delete, insert, select, update

from rdv_caldav.db import mapping
from rdv_caldav.db.kept import Kept
from rdv_caldav.db.schema import AppointmentTypeRow, SettingRow
from rdv_caldav.domain.agency import AgencySettings, AppointmentType
from rdv_caldav.domain.conflicts import ConflictRule
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.domain.errors import InvalidInput

_SETTINGS = select(SettingRow.name, SettingRow.value)
_TYPES = select(AppointmentTypeRow.__table__).order_by(
    AppointmentTypeRow.position, AppointmentTypeRow.code
)


class AgencyRepository:
    """Reads are kept for the length of the transaction, and beyond it while they hold."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection
        self._kept = kept

    def settings(self) -> AgencySettings:
        """Return the settings, defaults where nothing is stored."""
        return self._settings

    def types(self) -> tuple[AppointmentType, ...]:
        """Return all appointment types, retired ones too, in the agency's order."""
        return self._types

    @cached_property
    def _settings(self) -> AgencySettings:
        return self._kept.get("settings", self._read_settings)

    @cached_property
    def _types(self) -> tuple[AppointmentType, ...]:
        return self._kept.get("types", self._read_types)

    def _read_settings(self) -> AgencySettings:
        stored = {row.name: row.value for row in self._connection.execute(_SETTINGS)}
        return mapping.settings_of(stored)

    def _read_types(self) -> tuple[AppointmentType, ...]:
        return tuple(mapping.type_of(row) for row in self._connection.execute(_TYPES))

    def save_setting(self, name: str, value: object) -> None:
        """Store one setting by its field name. Raises InvalidInput for an unknown one."""
        if name not in {field.name for field in dataclasses.fields(AgencySettings)}:
            raise InvalidInput(f"no such setting: {name}")
        self._connection.execute(delete(SettingRow).where(SettingRow.name == name))
        self._connection.execute(insert(SettingRow).values(name=name, value=_plain(value)))
        self.__dict__.pop("_settings", None)

    def save_type(self, kind: AppointmentType) -> None:
        """Store a new appointment type, or the next state of a known one."""
        values = {
            field.name: _plain(getattr(kind, field.name)) for field in dataclasses.fields(kind)
        }
        known = self._connection.execute(
            update(AppointmentTypeRow).where(AppointmentTypeRow.code == kind.code).values(values)
        )
        if known.rowcount == 0:
            self._connection.execute(insert(AppointmentTypeRow).values(values))
        self.__dict__.pop("_types", None)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, ConflictRule | AppointmentDefaults):
        return _plain(dataclasses.asdict(value))
    return value
