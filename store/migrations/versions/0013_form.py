"""What the preference page needs."""

revision = "0013_form"
down_revision = "0012_staff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
