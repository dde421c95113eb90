"""To be filled by limits."""

revision = "0021_limits"
down_revision = "0020_observed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
