"""What is left of one shard is found without reading what is left of all the others.

A run of a million is planned in a hundred shards: each looked through every message of the run that was still planned,
fifty million of them in all.
"""

from alembic import op

revision = "0028_shards"
down_revision = "0027_went_on"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index of a run's states know the shard, too: the same number of indexes, as long to write."""
    op.drop_index("ix_messages_run", table_name="messages")
    op.create_index("ix_messages_run", "messages", ["run_id", "state", "shard"])
