"""The CSS colour name nearest to a type's colour, for COLOR (RFC 7986 §5.9)."""

from __future__ import annotations

from functools import lru_cache

import webcolors


@lru_cache(maxsize=256)
def nearest_css_name(colour: str) -> str:
    """Return the CSS 3 name nearest to ``#rrggbb``, by distance in RGB."""
    wanted = webcolors.hex_to_rgb(colour)

    def distance(name: str) -> int:
        named = webcolors.name_to_rgb(name)
        return sum((one - other) ** 2 for one, other in zip(wanted, named, strict=True))

    names: list[str] = webcolors.names("css3")
    return min(names, key=distance)
