"""To be filled by plan."""

revision = "0031_plan"
down_revision = "0030_form"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
