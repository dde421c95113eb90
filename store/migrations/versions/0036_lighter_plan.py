"""Find statements by customer and topic, and keep no statistics of columns that no query asks for by their value.

A decision reads what was said of its own topics, and looked at everything that its customers ever said.

While a campaign is planned, `messages` is analysed again and again as it grows, samples of decisions and frozen inputs
sorted: 4 us of CPU for each message, 2.6 without (2026-11-22).
"""

from alembic import op

revision = "0036_lighter_plan"
down_revision = "0035_doors"
branch_labels = None
depends_on = None

_UNASKED = (
    "decision",
    "data",
    "input_digest",
    "copy_because",
    "over_budget",
    "gain",
    "propensity",
    "cost_currency",
)


def upgrade() -> None:
    """Index statements by topic too, and leave those columns out when messages are analysed."""
    op.drop_index("ix_statements_customer", table_name="statements")
    op.create_index("ix_statements_customer", "statements", ["customer_id", "topic"])
    for column in _UNASKED:
        op.execute(f"ALTER TABLE messages ALTER COLUMN {column} SET STATISTICS 0")
