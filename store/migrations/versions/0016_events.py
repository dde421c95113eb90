"""Outbound events with the endpoints that hear of them, exports, files that were dropped, and two orders for lists.

What happens to messages, deliveries, runs and wishes is told by triggers: in the same transaction, one look and one
insert for all rows of a statement, and nothing at all while nobody listens.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_events"
down_revision = "0015_care"
branch_labels = None
depends_on = None

LISTENED = "EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL)"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Add the tables, the triggers that write events, and the indexes."""
    _webhooks()
    _events()
    _calls()
    _others()
    _tell_messages()
    _tell_wishes()
    _tell_runs()


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column(
            "events",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="empty: all kinds",
        ),
        sa.Column(
            "personal", sa.Boolean(), server_default="false", nullable=False, comment="more than ids is sent"
        ),
        sa.Column("secret", sa.Text(), nullable=False, comment="whsec_...; signs, so it cannot be a hash"),
        sa.Column(
            "previous_secret",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="signs too, until it ends",
        ),
        _instant("previous_until", nullable=True),
        _instant("created_at"),
        _instant("failing_since", nullable=True),
        _instant("disabled_at", nullable=True),
        sa.Column("disabled_because", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("name", name=op.f("uq_webhooks_name")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="message.sent, preference.changed, ..."),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="ids, codes and instants only",
        ),
        _instant("at"),
        _instant("taken_at", nullable=True),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("txid_current()"),
            nullable=False,
            comment="lists go by it: what commits late has its place at the end",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_order", "events", ["transaction", "id"])
    op.create_index("ix_events_waiting", "events", ["id"], postgresql_where=sa.text("taken_at IS NULL"))
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index(
        "uq_events_preference",
        "events",
        ["customer_id", "at"],
        unique=True,
        postgresql_where=sa.text("kind = 'preference.changed'"),
    )


def _calls() -> None:
    op.create_table(
        "webhook_calls",
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "answer",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the last one: a status or why not",
        ),
        _instant("due_at"),
        _instant("since"),
        _instant("sent_at", nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_webhook_calls_state")),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_webhook_calls_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_webhook_calls_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", name=op.f("pk_webhook_calls")),
    )
    op.create_index(
        "ix_webhook_calls_due", "webhook_calls", ["due_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_webhook_calls_event", "webhook_calls", ["event_id"])


def _others() -> None:
    op.create_table(
        "exports",
        sa.Column(
            "id", postgresql.UUID(as_uuid=False), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        _instant("requested_at"),
        _instant("expires_at"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_exports_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_table(
        "dropped_files",
        sa.Column("kind", sa.Text(), nullable=False, comment="the folder: customers, invoices, ..."),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of file and mapping"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="folder or bucket"),
        sa.Column("state", sa.Text(), server_default="taken", nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default="{}", nullable=False),
        _instant("taken_at"),
        _instant("ended_at", nullable=True),
        sa.CheckConstraint("state IN ('taken', 'done', 'wrong')", name=op.f("ck_dropped_files_state")),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_dropped_files")),
    )
    op.create_index("ix_customers_updated", "customers", ["updated_at", "id"])
    op.create_index(
        "ix_touchpoints_redeemed",
        "touchpoints",
        ["customer_id"],
        postgresql_where=sa.text("kind = 'redeemed'"),
    )


def _tell_messages() -> None:
    """Messages and deliveries: an event for each that came into a state worth telling."""
    op.execute(
        f"""
        CREATE FUNCTION tell_messages() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {LISTENED} THEN
                INSERT INTO events (kind, customer_id, data, at)
                SELECT 'message.' || CASE n.state WHEN 'done' THEN 'sent' WHEN 'undeliverable' THEN 'failed'
                                                  ELSE n.state END, n.customer_id,
                       jsonb_build_object('message', n.id, 'run', n.run_id, 'brand', n.brand, 'purpose', n.purpose,
                           'document', n.document, 'channel', n.channel, 'reason', n.reason), clock_timestamp()
                  FROM now_there n JOIN was_there w ON w.id = n.id JOIN runs r ON r.id = n.run_id
                 WHERE n.state <> w.state AND r.mode <> 'rehearsal'
                   AND n.state IN ('done', 'undeliverable', 'cancelled', 'suppressed', 'held');
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION tell_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {LISTENED} THEN
                INSERT INTO events (kind, customer_id, data, at)
                SELECT 'message.' || n.state, m.customer_id,
                       jsonb_build_object('message', m.id, 'run', m.run_id, 'brand', m.brand, 'purpose', m.purpose,
                           'document', m.document, 'channel', n.channel, 'reference', n.reference), clock_timestamp()
                  FROM now_there n JOIN was_there w ON w.id = n.id JOIN messages m ON m.id = n.message_id
                  JOIN runs r ON r.id = m.run_id
                 WHERE n.state <> w.state AND r.mode <> 'rehearsal' AND n.state IN ('delivered', 'bounced', 'expired');
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    for table in ("messages", "deliveries"):
        op.execute(
            f"CREATE TRIGGER told AFTER UPDATE ON {table} REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there"
            f" FOR EACH STATEMENT EXECUTE FUNCTION tell_{table}()"
        )


def _tell_wishes() -> None:
    """Statements and consents: one event for a customer and a transaction, however many rows it wrote."""
    op.execute(
        f"""
        CREATE FUNCTION tell_wishes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {LISTENED} THEN
                INSERT INTO events (kind, customer_id, at)
                SELECT DISTINCT 'preference.changed', customer_id, transaction_timestamp() FROM added
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    for table in ("statements", "consents"):
        op.execute(
            f"CREATE TRIGGER told AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            " FOR EACH STATEMENT EXECUTE FUNCTION tell_wishes()"
        )


def _tell_runs() -> None:
    op.execute(
        f"""
        CREATE FUNCTION tell_runs() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {LISTENED} THEN
                INSERT INTO events (kind, data, at) VALUES ('run.' || NEW.state, jsonb_build_object('run', NEW.id,
                    'kind', NEW.kind, 'brand', NEW.brand, 'purpose', NEW.purpose, 'audience', NEW.audience),
                    clock_timestamp());
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER told AFTER UPDATE OF state ON runs FOR EACH ROW"
        " WHEN (NEW.state <> OLD.state AND NEW.mode <> 'rehearsal'"
        " AND NEW.state IN ('sending', 'waiting_release', 'paused', 'stopped', 'finished'))"
        " EXECUTE FUNCTION tell_runs()"
    )
