"""Lists that do not fit one sheet go on in the next one."""

from __future__ import annotations

_LONGEST_TITLE = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def numbered_title(title: str, number: int) -> str:
    """Return a name that spreadsheet programs take for the sheet with this number, from 1."""
    suffix = "" if number == 1 else f" ({number})"
    name = " ".join(title.translate(_NOT_IN_TITLES).split()) or "1"
    return name[: _LONGEST_TITLE - len(suffix)] + suffix
