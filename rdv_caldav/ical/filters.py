"""What a calendar-query asks of an object, as values (RFC 4791 §9.7 to §9.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of aware instants in UTC, open where None; its end does not belong to it."""

    start: datetime | None
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Tell whether an aware instant lies in the range."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """A text that a value has in it (RFC 4791 §9.7.5), or has not where ``negated``.

    ``collation`` says what counts as the same letter: ``i;ascii-casemap`` (RFC 4790 §9.2),
    ``i;octet`` (§9.3) or ``i;unicode-casemap`` (RFC 5051). ``match_type`` is that of
    RFC 6352 §10.5.4.
    """

    text: str
    collation: str = "i;ascii-casemap"
    negated: bool = False
    match_type: Literal["contains", "equals", "starts-with", "ends-with"] = "contains"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamFilter:
    """A condition on a parameter of a property (RFC 4791 §9.7.3)."""

    name: str
    is_not_defined: bool = False
    text_match: TextMatch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropFilter:
    """A condition on a property (RFC 4791 §9.7.2): one line of that name meets all of it."""

    name: str
    is_not_defined: bool = False
    time_range: TimeRange | None = None
    text_match: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFilter:
    """A condition on a component (RFC 4791 §9.7.1): one of that name meets all of it."""

    name: str
    is_not_defined: bool = False
    time_range: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    components: tuple[ComponentFilter, ...] = ()
