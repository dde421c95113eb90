"""What outlives erasure and a restore."""

revision = "0008_backup"
down_revision = "0007_replies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
