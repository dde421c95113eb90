"""Replies of customers, on their way to the service desk."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_replies"
down_revision = "0006_paper"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "replies",
        sa.Column(
            "id", postgresql.UUID(as_uuid=False), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True, comment="null: nobody we know"),
        sa.Column("message_id", postgresql.UUID(as_uuid=False), nullable=True),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False, comment="deliveries.reference"),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("sent_at", instant, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'held')", name=op.f("ck_replies_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_replies_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_replies_provider_event_id")),
    )
    op.create_index("ix_replies_due", "replies", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("ix_replies_sender", "replies", ["sender", "at"])
