"""What the doors need besides."""

revision = "0018_doors"
down_revision = "0017_bills"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
