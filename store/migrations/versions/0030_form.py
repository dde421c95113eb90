"""To be filled by form."""

revision = "0030_form"
down_revision = "0029_mail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
