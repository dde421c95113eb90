"""Outbound events and idempotency for ever."""

revision = "0016_events"
down_revision = "0015_care"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
