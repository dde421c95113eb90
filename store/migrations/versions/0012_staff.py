"""Staff, their sessions, and the audit as a hash chain."""

revision = "0012_staff"
down_revision = "0011_fast"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
