"""To be filled by rehearsal."""

revision = "0022_rehearsal"
down_revision = "0021_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
