"""What every message writes is swept and sampled by the server less often while it is small.

While 12,000 mails went out the four tables were gone through a dozen times, some with all their indexes: 12 to 18 us of
CPU a mail. What is left lying meanwhile is as much as 20,000 messages take.
"""

from alembic import op

revision = "0029_mail"
down_revision = "0028_shards"
branch_labels = None
depends_on = None

LEAST = 20_000
"""Changed rows. From 40,000 messages on it is as before: a fifth of the table, and half of it for a sample."""


def upgrade() -> None:
    """Wait for more changes; messages, of whose states there are so different numbers, are sampled as often as before."""
    for table in ("messages", "deliveries", "attempts", "touchpoints"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_threshold = {LEAST}, autovacuum_vacuum_insert_threshold = {LEAST})"
        )
    for table in ("deliveries", "attempts", "touchpoints"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_analyze_threshold = {LEAST})")
