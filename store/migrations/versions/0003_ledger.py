"""Claims at speed: pace, circuits and what they need."""

revision = "0003_ledger"
down_revision = "0002_append_only"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
