"""Alerts."""

revision = "0009_watch"
down_revision = "0008_backup"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
