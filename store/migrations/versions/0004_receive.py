"""What comes back: receipts, doubts, calls."""

revision = "0004_receive"
down_revision = "0003_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
