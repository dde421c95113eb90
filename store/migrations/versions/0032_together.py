"""To be filled by together."""

revision = "0032_together"
down_revision = "0031_plan"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
