"""Invoice runs as billing handles them in pages."""

revision = "0017_bills"
down_revision = "0016_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
