"""Templates of mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    for name in ("subject", "body", "html"):
        op.add_column("outbox", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the schema back."""
    for name in ("html", "body", "subject"):
        op.drop_column("outbox", name)
