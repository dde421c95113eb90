"""Nothing: what was to be narrowed for speed stays as it is (docs/decisions/0052). Later migrations come after it."""

revision = "0011_fast"
down_revision = "0010_known"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do nothing."""
