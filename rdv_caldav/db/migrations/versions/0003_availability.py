"""Working hours of persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("person", sa.Column("availability", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the schema back."""
    op.drop_column("person", "availability")
