"""To be filled by letters."""

revision = "0023_letters"
down_revision = "0022_rehearsal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
