"""What the print house reports."""

revision = "0006_paper"
down_revision = "0005_talk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
