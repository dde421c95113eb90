"""What is learnt of a population and of a customer's hours, and how likely each choice of a channel was."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020_observed"
down_revision = "0019_stated"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add best hours, base rates and propensities."""
    op.create_table(
        "best_hours",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="whose clock the cells are on"),
        sa.Column(
            "cells",
            postgresql.ARRAY(sa.SmallInteger()),
            nullable=False,
            comment="24 * weekday (Monday 0) + hour",
        ),
        sa.Column(
            "weights",
            postgresql.ARRAY(sa.Float()),
            nullable=False,
            comment="exponentially forgotten counts at as_of",
        ),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_best_hours_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_best_hours")),
    )
    op.create_table(
        "base_rates",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column(
            "rates",
            postgresql.JSONB(),
            nullable=False,
            comment="by class and channel: reached, engaged at as_of",
        ),
        sa.Column(
            "hours",
            postgresql.JSONB(),
            nullable=False,
            comment="168 counts of the whole population at as_of",
        ),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_base_rates")),
    )
    op.add_column(
        "messages",
        sa.Column(
            "propensity",
            sa.Float(),
            nullable=False,
            server_default="1",
            comment="of the first channel, as decided",
        ),
    )
