"""To be filled by engine."""

revision = "0033_engine"
down_revision = "0032_together"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
