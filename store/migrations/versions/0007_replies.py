"""Replies and bounce mail."""

revision = "0007_replies"
down_revision = "0006_paper"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
