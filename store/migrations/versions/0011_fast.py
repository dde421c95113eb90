"""Narrow what a message writes while it is sent."""

revision = "0011_fast"
down_revision = "0010_known"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
