"""What had left when a store was lost, beside what its backup knows."""

import sqlalchemy as sa
from alembic import op

revision = "0018_doors"
down_revision = "0017_bills"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a restored backup has heard of."""
    op.create_table(
        "departed",
        sa.Column("message", sa.Uuid(), nullable=False, comment="may be one that is planned only later"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_departed")),
    )
