"""Passwords of devices, and how many wrong passwords there were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column(
        "account",
        sa.Column("credentials_mark", sa.String(32), nullable=False, server_default=""),
    )
    # a word that is another one for each password
    op.execute(
        "UPDATE account SET credentials_mark = substr(password_hash, length(password_hash) - 31) "
        "WHERE length(password_hash) >= 32"
    )
    op.create_table(
        "device_password",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=True),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("program", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("ix_device_password_account_id", "device_password", ["account_id"])
    op.create_table(
        "login_budget",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_login_budget_until", "login_budget", ["until"])


def downgrade() -> None:
    """Take the schema back."""
    op.drop_index("ix_login_budget_until", "login_budget")
    op.drop_table("login_budget")
    op.drop_index("ix_device_password_account_id", "device_password")
    op.drop_table("device_password")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("credentials_mark")
