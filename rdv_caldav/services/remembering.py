"""A memory of one process that never grows beyond a size: the oldest is forgotten first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

_T = TypeVar("_T")

MOST_REMEMBERED = 10_000


class Remembering(Generic[_T]):
    """Values by digests, for any number of threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        """Know nothing."""
        self._most = most
        self._known: dict[bytes, _T] = {}
        self._writing = Lock()

    def get(self, key: bytes) -> _T | None:
        """Return what is remembered."""
        return self._known.get(key)

    def keep(self, key: bytes, value: _T) -> None:
        """Remember a value."""
        with self._writing:
            self._known.pop(key, None)
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)))
            self._known[key] = value

    def forget(self, is_void: Callable[[_T], bool]) -> None:
        """Forget all values that are void."""
        with self._writing:
            self._known = {key: known for key, known in self._known.items() if not is_void(known)}
