"""Calendars and folders of accounts' own; when a person's calendar last changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.drop_index("ix_participant_person_id", table_name="participant")
    op.create_index(
        "ix_participant_person_id_appointment_id", "participant", ["person_id", "appointment_id"]
    )
    op.add_column(
        "member", sa.Column("settled", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute("UPDATE member SET settled = changed")
    op.add_column(
        "calendar", sa.Column("updated_at", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_table(
        "personal_account",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_personal_account_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_personal_account")),
    )
    op.create_table(
        "personal_collection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("is_calendar", sa.Boolean(), nullable=False),
        sa.Column("components", sa.String(length=100), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_personal_collection_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["personal_collection.id"],
            name=op.f("fk_personal_collection_parent_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_collection")),
        sa.UniqueConstraint(
            "account_id", "path", name=op.f("uq_personal_collection_account_id_path")
        ),
    )
    with op.batch_alter_table("personal_collection", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_personal_collection_parent_id"), ["parent_id"], unique=False
        )

    op.create_table(
        "personal_object",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("href", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("stops_at", sa.BigInteger(), nullable=False),
        sa.Column("is_long", sa.Boolean(), nullable=False),
        sa.Column("is_series", sa.Boolean(), nullable=False),
        sa.Column("indexed_until", sa.BigInteger(), nullable=True),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["personal_collection.id"],
            name=op.f("fk_personal_object_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_object")),
        sa.UniqueConstraint(
            "collection_id", "href", name=op.f("uq_personal_object_collection_id_href")
        ),
    )
    with op.batch_alter_table("personal_object", schema=None) as batch_op:
        batch_op.create_index(
            "ix_personal_object_changed", ["collection_id", "changed", "href"], unique=False
        )
        batch_op.create_index(
            "ix_personal_object_range",
            ["collection_id", "component", "is_long", "starts_at", "stops_at"],
            unique=False,
        )
        batch_op.create_index(
            "uq_personal_object_uid",
            ["collection_id", "uid"],
            unique=True,
            sqlite_where=sa.text("uid <> ''"),
            postgresql_where=sa.text("uid <> ''"),
        )

    op.create_table(
        "personal_tombstone",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("href", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["personal_collection.id"],
            name=op.f("fk_personal_tombstone_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "href", name=op.f("pk_personal_tombstone")),
    )
    with op.batch_alter_table("personal_tombstone", schema=None) as batch_op:
        batch_op.create_index(
            "ix_personal_tombstone_changed", ["collection_id", "changed"], unique=False
        )

    op.create_table(
        "personal_occurrence",
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("stops_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["personal_object.id"],
            name=op.f("fk_personal_occurrence_object_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "object_id", "starts_at", "stops_at", name=op.f("pk_personal_occurrence")
        ),
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("personal_occurrence")
    with op.batch_alter_table("personal_tombstone", schema=None) as batch_op:
        batch_op.drop_index("ix_personal_tombstone_changed")

    op.drop_table("personal_tombstone")
    with op.batch_alter_table("personal_object", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_personal_object_uid",
            sqlite_where=sa.text("uid <> ''"),
            postgresql_where=sa.text("uid <> ''"),
        )
        batch_op.drop_index("ix_personal_object_range")
        batch_op.drop_index("ix_personal_object_changed")

    op.drop_table("personal_object")
    with op.batch_alter_table("personal_collection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_personal_collection_parent_id"))

    op.drop_table("personal_collection")
    op.drop_table("personal_account")
    op.drop_column("calendar", "updated_at")
    op.drop_column("member", "settled")
    op.drop_index("ix_participant_person_id_appointment_id", table_name="participant")
    op.create_index("ix_participant_person_id", "participant", ["person_id"])
