"""Keep which documents were laid out in full although there is a faster way, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0033_engine"
down_revision = "0032_together"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "set_in_full",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="letter or invoice"),
        sa.Column(
            "run_id", sa.Text(), sa.ForeignKey("runs.id", name=op.f("fk_set_in_full_run_id")), nullable=False
        ),
        sa.Column("cause", sa.Text(), nullable=False, comment="templates.typeset.Cause"),
        sa.PrimaryKeyConstraint("message_id", "kind", name=op.f("pk_set_in_full")),
    )
    op.create_index("ix_set_in_full_run", "set_in_full", ["run_id"])
