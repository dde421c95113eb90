"""Find touchpoints whose time was still ahead when they were recorded: they are learnt when it has come.

Hardly any are, so the index is small, and one that is none costs nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040_ahead"
down_revision = "0039_many_went_on"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them."""
    op.create_index(
        "ix_touchpoints_ahead", "touchpoints", ["at"], postgresql_where=sa.text("at > recorded_at")
    )


def downgrade() -> None:
    """Look at all of them."""
    op.drop_index("ix_touchpoints_ahead", "touchpoints")
