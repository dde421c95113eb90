"""Alerts that hold, and who has heard of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009_watch"
down_revision = "0008_backup"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the alerts."""
    op.create_table(
        "alerts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="of which lane, run, brand; '' the whole"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "telling_until", sa.DateTime(timezone=True), nullable=True, comment="somebody tells it now"
        ),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", "subject", name=op.f("pk_alerts")),
    )
