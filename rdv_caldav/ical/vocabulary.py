"""The agency's words, as writing an appointment needs them."""

from __future__ import annotations

from dataclasses import dataclass

from rdv_caldav.domain.agency import AgencySettings, AppointmentType
from rdv_caldav.domain.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Settings, types, and the persons that an appointment is about."""

    settings: AgencySettings
    types: tuple[AppointmentType, ...]
    directory: Directory

    def type_with(self, code: str) -> AppointmentType | None:
        """Return the type with this code."""
        return next((kind for kind in self.types if kind.code == code), None)
