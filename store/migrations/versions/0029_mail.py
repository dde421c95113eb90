"""To be filled by mail."""

revision = "0029_mail"
down_revision = "0028_shards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""
