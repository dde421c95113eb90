"""To be filled by observed."""

revision = "0020_observed"
down_revision = "0019_stated"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
