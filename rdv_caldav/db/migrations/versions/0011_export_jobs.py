"""Exports that are prepared in the background; lists of all rendez-vous are read faster."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "export_job",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("ending", sa.String(8), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_in_all", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_export_job_account_id", "export_job", ["account_id"])
    op.create_table(
        "export_piece",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["token"], ["export_job.token"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", "number"),
    )
    op.create_index(
        "ix_occurrence_differing",
        "occurrence",
        ["starts_at", "appointment_id", "original_wall", "state"],
        sqlite_where=sa.text("state IS NOT NULL"),
        postgresql_where=sa.text("state IS NOT NULL"),
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_index("ix_occurrence_differing", "occurrence")
    op.drop_table("export_piece")
    op.drop_index("ix_export_job_account_id", "export_job")
    op.drop_table("export_job")
