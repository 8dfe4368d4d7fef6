"""What fiches hold besides name and address, and what lists of them sort and search by."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEPT_OF_NAME = 300
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "\0": None})
_ADDED = ("phone", "notes", "name_key", "search_key")

_persons = sa.table(
    "person",
    *map(sa.column, ("id", "last_name", "first_name", "home_address", "name_key", "search_key")),
)
_addresses = sa.table("person_address", *map(sa.column, ("person_id", "address", "position")))


def upgrade() -> None:
    """Bring the schema forward."""
    for name in _ADDED:
        kind = sa.String(100) if name == "phone" else sa.Text()
        op.add_column("person", sa.Column(name, kind, nullable=False, server_default=""))
    _fill_keys()
    op.create_index("ix_person_listed", "person", ["kind", "name_key", "id"])


def downgrade() -> None:
    """Take the schema back."""
    op.drop_index("ix_person_listed", table_name="person")
    for name in reversed(_ADDED):
        op.drop_column("person", name)


def _fill_keys() -> None:
    connection = op.get_bind()
    addresses = defaultdict(list)
    for row in connection.execute(sa.select(_addresses).order_by(_addresses.c.position)):
        addresses[row.person_id].append(row.address)
    values = []
    for row in connection.execute(sa.select(_persons)):
        key = f"{_folded(row.last_name)} {_folded(row.first_name)}".strip()[:_KEPT_OF_NAME]
        name = f"{row.first_name} {row.last_name}".strip()
        parts = (name, *addresses[row.id], row.home_address)
        search = "\n".join(_folded(part) for part in parts if part)
        values.append({"id_": row.id, "key": key, "search": search})
    if values:
        connection.execute(
            sa.update(_persons)
            .where(_persons.c.id == sa.bindparam("id_"))
            .values(name_key=sa.bindparam("key"), search_key=sa.bindparam("search")),
            values,
        )


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(letters.split())
