"""Radicale's rights plugin: what an account may do at a path, in Radicale's letters.

It says what programs are told beforehand (``current-user-privilege-set``); the services
decide each request by themselves.
"""

from __future__ import annotations

from radicale import rights
from radicale.config import Configuration

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.errors import AccessRefused
from rdv_radicale.paths import locate
from rdv_radicale.session import default_book, session


class Rights(rights.BaseRights):
    """Everybody moves in his own home only."""

    def __init__(self, configuration: Configuration, book: AppointmentBook | None = None) -> None:
        """Ask ``book`` for roles, or the one that the environment names."""
        super().__init__(configuration)
        self._book = book or default_book()

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:
        """Return ``R`` for root and home, ``r`` or ``rw`` for calendars of the own home."""
        place = locate(path)
        if not user or place is None:
            return ""
        if not place.login:
            return "R"
        if place.login != user:
            return ""
        if not place.slug:
            return "R"
        return "rw" if self._may_write(user) else "r"

    def _may_write(self, user: str) -> bool:
        with session(self._book, user) as current:
            try:
                role = current.actor.account.role
            except AccessRefused:
                return False
            if role is Role.INTERVENANT:
                return current.tx.agency.settings().intervenants_edit_own
            return role is not Role.CLIENT
