"""What shows who asks, for as long as the account's passwords stay what they were."""

from __future__ import annotations

from dataclasses import dataclass

from rdv_caldav.domain.devices import DevicePassword


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A right password: ``mark`` was the account's credentials mark when it was looked at.

    ``device`` is the one whose password it is, None for the account's own.
    """

    login: str
    mark: str
    device: DevicePassword | None = None


class ProofVoid(Exception):
    """The account's passwords changed since, or the account is no longer active."""
