"""Channels people talk on: WhatsApp is one."""

from alembic import op

revision = "0005_talk"
down_revision = "0004_receive"
branch_labels = None
depends_on = None

CHANNELS = "'email', 'sms', 'push', 'letter', 'whatsapp'"


def upgrade() -> None:
    """Let addresses, consents and suppressions be of the new channel."""
    for table, allowed in (
        ("addresses", CHANNELS),
        ("consents", f"{CHANNELS}, 'all'"),
        ("suppressions", CHANNELS),
    ):
        name = op.f(f"ck_{table}_channel")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"channel IN ({allowed})")
