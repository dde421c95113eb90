"""Channels people talk on."""

revision = "0005_talk"
down_revision = "0004_receive"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
