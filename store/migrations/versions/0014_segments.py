"""Segments, drafts and approvals of campaigns."""

revision = "0014_segments"
down_revision = "0013_form"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
