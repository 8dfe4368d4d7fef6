"""What the control table reads: dates by name, letters to search, filters that were kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000
_KEPT_OF_EACH = 300
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "\0": None})

_series = sa.table(
    "appointment",
    *(sa.column(name) for name in ("id", "start_wall", "end_wall", "zone", "is_series")),
)
_exceptions = sa.table(
    "appointment_exception",
    *(sa.column(name) for name in ("appointment_id", "original_wall", "state")),
    *(sa.column(name) for name in ("start_wall", "end_wall", "zone")),
)
_before = sa.table(
    "occurrence_before", *map(sa.column, ("appointment_id", "starts_at", "stops_at"))
)
_dates = sa.table(
    "occurrence",
    *map(sa.column, ("appointment_id", "starts_at", "stops_at", "original_wall", "state")),
)


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column(
        "appointment",
        sa.Column("is_series", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for table in ("appointment", "appointment_exception"):
        op.add_column(table, sa.Column("search_key", sa.Text(), nullable=False, server_default=""))
        _fill_search_keys(table)
    op.execute(sa.text("UPDATE appointment SET is_series = (recurrence IS NOT NULL)"))
    op.drop_index("ix_appointment_starts_at", table_name="appointment")
    op.create_index(
        "ix_appointment_listed",
        "appointment",
        [
            *("is_series", "starts_at", "id", "state", "type_code", "trashed_at", "owner_id"),
            "search_key",
        ],
    )
    # whom rows concern is found in this index alone
    op.drop_index("ix_participant_person_id_appointment_id", table_name="participant")
    op.create_index(
        "ix_participant_person_id_appointment_id",
        "participant",
        ["person_id", "appointment_id", "original_wall", "presence"],
    )
    _name_dates()
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name="fk_saved_filter_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filter"),
        sa.UniqueConstraint("account_id", "name", name="uq_saved_filter_account_id_name"),
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("saved_filter")
    op.execute(sa.text(_SET_ASIDE))
    op.drop_table("occurrence")
    _create_occurrence()
    op.execute(sa.text("INSERT INTO occurrence SELECT DISTINCT * FROM occurrence_before"))
    op.drop_table("occurrence_before")
    op.drop_index("ix_participant_person_id_appointment_id", table_name="participant")
    op.create_index(
        "ix_participant_person_id_appointment_id", "participant", ["person_id", "appointment_id"]
    )
    op.drop_index("ix_appointment_listed", table_name="appointment")
    op.create_index("ix_appointment_starts_at", "appointment", ["starts_at"])
    op.drop_column("appointment_exception", "search_key")
    op.drop_column("appointment", "search_key")
    op.drop_column("appointment", "is_series")


# -- letters ------------------------------------------------------------------------------


def _fill_search_keys(table: str) -> None:
    rows = sa.table(table, *map(sa.column, ("id", "subject", "location", "search_key")))
    connection = op.get_bind()
    fill = (
        sa.update(rows)
        .where(rows.c.id == sa.bindparam("id_"))
        .values(search_key=sa.bindparam("key"))
    )
    last = 0
    while True:
        found = connection.execute(
            sa.select(rows.c.id, rows.c.subject, rows.c.location)
            .where(rows.c.id > last)
            .order_by(rows.c.id)
            .limit(_AT_ONCE)
        ).all()
        if not found:
            return
        values = [{"id_": row.id, "key": _search_key(row.subject, row.location)} for row in found]
        connection.execute(fill, values)
        last = found[-1].id


def _search_key(subject: str, location: str) -> str:
    return f"{_folded(subject)[:_KEPT_OF_EACH]}\n{_folded(location)[:_KEPT_OF_EACH]}"


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(letters.split())


# -- dates --------------------------------------------------------------------------------

_SET_ASIDE = (
    "CREATE TABLE occurrence_before AS SELECT appointment_id, starts_at, stops_at FROM occurrence"
)


def _create_occurrence(*named: sa.Column[Any]) -> None:
    op.create_table(
        "occurrence",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("stops_at", sa.BigInteger(), nullable=False),
        *named,
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name="fk_occurrence_appointment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "appointment_id",
            "starts_at",
            "stops_at",
            *(column.name for column in named if not column.nullable),
            name="pk_occurrence",
        ),
        sqlite_with_rowid=not named,
    )


def _name_dates() -> None:
    """Give each date its original start, and those that differ their state."""
    connection = op.get_bind()
    connection.execute(sa.text(_SET_ASIDE))
    op.drop_table("occurrence")
    _create_occurrence(
        sa.Column("original_wall", sa.String(19), nullable=False),
        sa.Column("state", sa.String(10), nullable=True),
    )
    series = connection.execute(
        sa.select(_series).where(_series.c.is_series.is_(sa.true())).order_by(_series.c.id)
    ).all()
    for first in range(0, len(series), _AT_ONCE):
        part = series[first : first + _AT_ONCE]
        ids = (part[0].id, part[-1].id)
        standing = _by_series(_before, ids)
        differing = _by_series(_exceptions, ids)
        rows = [
            row
            for each in part
            for row in _named(each, standing.get(each.id, []), differing.get(each.id, []))
        ]
        if rows:
            connection.execute(sa.insert(_dates), rows)
    op.drop_table("occurrence_before")
    op.create_index(
        "ix_occurrence_starts_at", "occurrence", ["starts_at", "appointment_id", "original_wall"]
    )


def _by_series(table: sa.TableClause, ids: tuple[int, int]) -> dict[int, list[Any]]:
    rows = op.get_bind().execute(
        sa.select(table)
        .where(table.c.appointment_id.between(*ids))
        .order_by(table.c.appointment_id)
    )
    return {key: list(found) for key, found in groupby(rows, lambda row: row.appointment_id)}


def _named(
    series: Any,  # noqa: ANN401 - a row
    standing: Iterable[Any],
    differing: Iterable[Any],
) -> Iterator[dict[str, object]]:
    taken = set()
    originals = set()
    for each in differing:
        start = _instant(datetime.fromisoformat(each.start_wall), each.zone)
        stop = max(start, _instant(datetime.fromisoformat(each.end_wall), each.zone))
        taken.add((start, stop))
        originals.add(each.original_wall)
        yield _row(series.id, (start, stop), each.original_wall, each.state)
    for row in standing:
        bounds = (row.starts_at, row.stops_at)
        original = _original(series, row.starts_at)
        # two dates at the same time were one row: where one of them differs, it is that one
        if bounds not in taken and original not in originals:
            yield _row(series.id, bounds, original, None)


def _row(
    series_id: int, bounds: tuple[int, int], original: str, state: str | None
) -> dict[str, object]:
    return {
        "appointment_id": series_id,
        "starts_at": bounds[0],
        "stops_at": bounds[1],
        "original_wall": original,
        "state": state,
    }


def _original(series: Any, starts_at: int) -> str:  # noqa: ANN401 - a row
    """Return where a series puts a date, which may be in an hour that its zone leaves out."""
    zone = ZoneInfo(series.zone)
    wall = datetime.fromtimestamp(starts_at, UTC).astimezone(zone).replace(tzinfo=None, fold=0)
    planned = datetime.fromisoformat(series.start_wall).time()
    left_out = datetime.combine(wall.date(), planned)
    is_other = wall.time() != planned and abs(wall - left_out) <= timedelta(hours=3)
    if is_other and _instant(left_out, series.zone) == starts_at:
        return left_out.isoformat()
    return wall.isoformat()


def _instant(wall: datetime, zone: str) -> int:
    return int(wall.replace(tzinfo=ZoneInfo(zone)).timestamp())
