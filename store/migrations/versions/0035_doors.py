"""To be filled by doors."""

revision = "0035_doors"
down_revision = "0034_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
