"""To be filled by invoices."""

revision = "0024_invoices"
down_revision = "0023_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
