"""Messages of the scheduling inbox, and who takes part on some dates of a series only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "inbox",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_inbox_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["inbox.account_id"],
            name=op.f("fk_inbox_message_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("account_id", "uid", name=op.f("uq_inbox_message_account_id_uid")),
    )
    op.create_table(
        "inbox_tombstone",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["inbox.account_id"],
            name=op.f("fk_inbox_tombstone_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_inbox_tombstone")),
    )
    op.create_index("ix_inbox_tombstone_changed", "inbox_tombstone", ["account_id", "changed"])
    # nobody is reminded of what is cancelled: the place of alarms is marked so
    op.execute("UPDATE appointment SET slots = replace(slots, 'P|', 'C|') WHERE state = 'ANNULE'")
    _create_parts()


def _create_parts() -> None:
    op.create_table(
        "part",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("slots", sa.Text(), nullable=False),
        sa.Column("indexed_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_part_appointment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_part_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appointment_id", "person_id", name=op.f("pk_part")),
    )
    op.create_table(
        "part_date",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("stops_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id", "person_id"],
            ["part.appointment_id", "part.person_id"],
            name=op.f("fk_part_date_appointment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "appointment_id", "person_id", "starts_at", "stops_at", name=op.f("pk_part_date")
        ),
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("part_date")
    op.drop_table("part")
    op.execute("UPDATE appointment SET slots = replace(slots, 'C|', 'P|')")
    op.drop_table("inbox_tombstone")
    op.drop_table("inbox_message")
    op.drop_table("inbox")
