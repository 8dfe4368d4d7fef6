"""Time ranges in statements: what of an index overlaps one (RFC 4791 §9.9)."""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_
from sqlalchemy.orm import InstrumentedAttribute

START: BindParameter[int] = bindparam("start")
END: BindParameter[int] = bindparam("end")


def overlaps(
    starts_at: InstrumentedAttribute[int], stops_at: InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """Return the condition that bounds overlap the range; without length they are met there."""
    return and_(
        starts_at < END,
        or_(stops_at > START, and_(starts_at == stops_at, starts_at >= START)),
    )
