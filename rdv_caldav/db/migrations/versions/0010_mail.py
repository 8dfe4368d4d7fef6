"""What mails need: threads, the outbox's own course, what came in, and feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_outbox = sa.table("outbox", *map(sa.column, ("method", "recipient", "recipient_key")))


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "mail_thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("first_message_id", sa.Text(), nullable=False),
        sa.Column("last_message_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("time_sequence", sa.Integer(), nullable=False),
        sa.Column("answered", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name="fk_mail_thread_appointment_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_mail_thread_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mail_thread"),
        sa.UniqueConstraint(
            "appointment_id", "recipient_key", name="uq_mail_thread_appointment_id_recipient_key"
        ),
        sa.UniqueConstraint("token", name="uq_mail_thread_token"),
    )
    op.create_index("ix_mail_thread_person_id", "mail_thread", ["person_id"])
    _extend_outbox()
    op.create_table(
        "received_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("proposal", sa.JSON(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("is_open", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("handled_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name="fk_received_mail_appointment_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_received_mail"),
    )
    for column in ("appointment_id", "fingerprint", "is_open", "received_at"):
        op.create_index(f"ix_received_mail_{column}", "received_mail", [column])
    op.create_table(
        "mail_stop",
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_mail_stop"),
    )
    progress = op.create_table(
        "reminder_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reminder_progress"),
    )
    op.bulk_insert(progress, [{"id": 1, "until_at": 0}])
    op.create_table(
        "mailbox_place",
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mailbox_place"),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("is_masked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_feed_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_feed_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
        sa.UniqueConstraint("secret_hash", name="uq_feed_secret_hash"),
    )
    op.create_index("ix_feed_person_id", "feed", ["person_id"])
    op.add_column("account", sa.Column("synchronised_at", sa.BigInteger(), nullable=True))
    for name in ("language", "contact_by"):
        op.add_column("person", sa.Column(name, sa.String(5), nullable=False, server_default=""))


def _extend_outbox() -> None:
    for name in ("recipient_key", "problem", "message_id", "object_text"):
        op.add_column("outbox", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("due_at", "claimed_until"):
        op.add_column(
            "outbox", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
    for column in (
        sa.Column("medium", sa.String(5), nullable=False, server_default="mail"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("outbox", column)
    op.create_index("ix_outbox_due", "outbox", ["status", "due_at"])
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.execute(
        sa.update(_outbox)
        .where(_outbox.c.method.in_(("REQUEST", "CANCEL")))
        .values(recipient_key=sa.literal("guest:").concat(_outbox.c.recipient))
    )


def downgrade() -> None:
    """Take the schema back."""
    for name in ("contact_by", "language"):
        op.drop_column("person", name)
    op.drop_column("account", "synchronised_at")
    op.drop_table("feed")
    op.drop_table("mailbox_place")
    op.drop_table("reminder_progress")
    op.drop_table("mail_stop")
    op.drop_table("received_mail")
    op.drop_index("ix_outbox_message_id", table_name="outbox")
    op.drop_index("ix_outbox_due", table_name="outbox")
    for name in (
        *("raw", "sent_at", "attempts", "medium", "claimed_until", "due_at"),
        *("object_text", "message_id", "problem", "recipient_key"),
    ):
        op.drop_column("outbox", name)
    op.drop_table("mail_thread")
