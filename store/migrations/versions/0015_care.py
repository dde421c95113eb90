"""Merged customers, notes and gaps."""

revision = "0015_care"
down_revision = "0014_segments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
