"""To be filled by stated."""

revision = "0019_stated"
down_revision = "0018_doors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
