"""What the print house reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_paper"
down_revision = "0005_talk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "print_confirmations",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column(
            "letter", sa.Text(), nullable=False, comment="as the print house names it; '' = the whole batch"
        ),
        sa.Column("message_id", postgresql.UUID(as_uuid=False), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=True, comment="of the whole batch"),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("times", sa.SmallInteger(), server_default="1", nullable=False, comment="in one file"),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.CheckConstraint(
            "status IN ('printed', 'posted', 'failed')", name=op.f("ck_print_confirmations_status")
        ),
        sa.PrimaryKeyConstraint("batch", "letter", name=op.f("pk_print_confirmations")),
    )
    op.create_table(
        "print_discrepancies",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False, comment="'' = the whole batch"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("found_at", instant, nullable=False),
        sa.Column("resolved_at", instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_discrepancies")),
    )
    op.create_index(
        "uq_print_discrepancies_open",
        "print_discrepancies",
        ["batch", "letter", "kind"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
