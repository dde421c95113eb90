"""Claims at speed: pace, circuits and what they need."""

import sqlalchemy as sa
from alembic import op

revision = "0003_ledger"
down_revision = "0002_append_only"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "lanes",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False, comment="the brand's sender on the channel"),
        sa.Column(
            "errors",
            sa.ARRAY(sa.DateTime(timezone=True)),
            server_default="{}",
            nullable=False,
            comment="the last",
        ),
        sa.Column(
            "sample", sa.Text(), server_default="", nullable=False, comment="the last outcomes, + or -"
        ),
        sa.Column(
            "reason",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why the circuit is open, '' closed",
        ),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True, comment="throttled"),
        sa.Column(
            "probe_until", sa.DateTime(timezone=True), nullable=True, comment="somebody tries one message"
        ),
        sa.Column(
            "paced_until", sa.DateTime(timezone=True), nullable=True, comment="calls are taken up to here"
        ),
        sa.PrimaryKeyConstraint("provider", "sender", name=op.f("pk_lanes")),
    )
    op.add_column(
        "runs",
        sa.Column(
            "paused_from", sa.Text(), nullable=True, comment="the state that a paused run goes back to"
        ),
    )
    op.drop_index("ix_messages_lane", table_name="messages")
    op.create_index(
        "ix_messages_lane",
        "messages",
        ["channel", "run_id", "shard", "due_at", "id"],
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.drop_index("ix_attempts_lease", table_name="attempts")
    op.drop_index("ix_attempts_reference", table_name="attempts")
    op.create_index(
        "ix_attempts_reference",
        "attempts",
        ["provider", "provider_reference"],
        postgresql_where=sa.text("provider_reference IS NOT NULL"),
    )
