"""Several letters of one customer in one envelope: which went inside which; wash files that held messages wait for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0032_together"
down_revision = "0031_plan"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of envelopes, and whether messages were decided again for a register."""
    op.create_table(
        "envelopes",
        sa.Column("delivery_id", UUID(as_uuid=False), primary_key=True, comment="a letter inside"),
        sa.Column(
            "top_id",
            UUID(as_uuid=False),
            nullable=False,
            comment="the delivery whose address is in the window",
        ),
        sa.Column("sheets", sa.SmallInteger, nullable=False, comment="of the whole envelope"),
        sa.Column(
            "saved",
            sa.Numeric(12, 5),
            nullable=False,
            comment="postage, in the currency of the message's cost",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_envelopes_top", "envelopes", ["top_id"])
    op.add_column(
        "registers",
        sa.Column(
            "applied_at",
            sa.DateTime(timezone=True),
            comment="what had waited for it was decided again then",
        ),
    )
