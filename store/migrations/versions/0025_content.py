"""To be filled by content."""

revision = "0025_content"
down_revision = "0024_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
