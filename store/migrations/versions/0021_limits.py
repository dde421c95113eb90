"""What a run's budget and a household leave of a message's channels."""

import sqlalchemy as sa
from alembic import op

revision = "0021_limits"
down_revision = "0020_observed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to messages what is shared out over a whole run."""
    op.add_column(
        "messages",
        sa.Column(
            "over_budget",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="channels that the run's budget closes; null: it was not shared out, or there is none",
        ),
    )
    op.add_column(
        "messages",
        sa.Column("gain", sa.Float(), nullable=True, comment="what its share of the budget gains, by unit"),
    )
    op.add_column(
        "messages",
        sa.Column(
            "covered_by",
            sa.Uuid(as_uuid=False),
            nullable=True,
            comment="the message whose letter goes to the household instead",
        ),
    )
    op.create_index(
        "ix_messages_covered",
        "messages",
        ["covered_by"],
        postgresql_where=sa.text("covered_by IS NOT NULL"),
    )
    # The plan of its first call is kept, and that one changes few rows: their old and new ones would be compared each
    # with each for ever after, which takes 24 s of 10,000 messages that are decided at once (2026-11-22).
    op.execute("ALTER FUNCTION tally_messages_update() SET enable_nestloop = off")
