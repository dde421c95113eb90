"""What comes back: receipts, doubts, calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_receive"
down_revision = "0003_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.add_column("receipts", sa.Column("provider_reference", sa.Text(), nullable=True))
    op.add_column(
        "receipts",
        sa.Column(
            "folded_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null: waits for what it speaks of, or speaks of nothing of ours",
        ),
    )
    op.create_index("ix_receipts_attempt", "receipts", ["attempt_id"])
    op.create_index(
        "ix_receipts_waiting",
        "receipts",
        ["provider", "provider_reference"],
        postgresql_where=sa.text("folded_at IS NULL"),
    )
    op.create_index("ix_attempts_started", "attempts", ["started_at"], postgresql_using="brin")
    op.drop_index("uq_suppressions_active", table_name="suppressions")
    op.create_index(
        "uq_suppressions_active",
        "suppressions",
        ["channel", "value", "brand", "reason"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("message_id", postgresql.UUID(as_uuid=False), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("closed_at IS NULL OR closed_by <> ''", name=op.f("ck_calls_who")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_calls_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("message_id", name=op.f("uq_calls_message_id")),
    )
    op.create_index(
        "ix_messages_stuck",
        "messages",
        ["id"],
        postgresql_where=sa.text(
            "purpose_class = 'required'"
            " AND (state = 'undeliverable' OR (state = 'held' AND reason = 'no_channel'))"
        ),
    )
