"""To be filled by words."""

revision = "0034_words"
down_revision = "0033_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
