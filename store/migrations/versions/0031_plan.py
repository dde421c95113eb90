"""Write a campaign's messages once, decided: until then its audience waits as lists of customers.

A frozen audience of a million was a million rows that were all written again when they were decided, in every index.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031_plan"
down_revision = "0030_form"
branch_labels = None
depends_on = None

_WAITING = """
    INSERT INTO run_tally AS t (run_id, backend, state, reason, first_channel, channel, messages, cost)
    SELECT run_id, pg_backend_pid(), 'planned', '', '', '', {sign}sum(cardinality(customers)), 0
    FROM {rows} GROUP BY run_id ORDER BY run_id
    ON CONFLICT (run_id, backend, state, reason, first_channel, channel)
        DO UPDATE SET messages = t.messages + excluded.messages;
"""
"""Who waits to be decided is counted among a run's messages, like the planned ones of 0017_bills."""
_GROUNDS = """
    INSERT INTO ground_tally AS t (run_id, backend, channel, ground, messages)
    SELECT run_id, pg_backend_pid(), channel, decision -> 0 ->> 'reason', count(*) FROM added
    WHERE state = 'ready' AND copy = 0 AND channel IS NOT NULL AND decision -> 0 ->> 'reason' IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (run_id, backend, channel, ground) DO UPDATE SET messages = t.messages + excluded.messages;
"""
_HELD = """
    IF EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL) THEN
        INSERT INTO events (kind, customer_id, data, at)
        SELECT 'message.held', n.customer_id,
               jsonb_build_object('message', n.id, 'run', n.run_id, 'brand', n.brand, 'purpose', n.purpose,
                   'document', n.document, 'channel', n.channel, 'reason', n.reason), clock_timestamp()
          FROM added n JOIN runs r ON r.id = n.run_id WHERE n.state = 'held' AND r.mode <> 'rehearsal';
    END IF;
"""
"""As 0016_events tells it of messages that are held later."""
_CUSTOMERS = """
    IF EXISTS (SELECT FROM added a WHERE NOT EXISTS (SELECT FROM customers n WHERE n.id = a.customer_id)) THEN
        RAISE EXCEPTION '%.customer_id names what is not in customers', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'known_' || TG_TABLE_NAME || '_customer_id';
    END IF;
"""
_RUNS = """
    IF EXISTS (SELECT FROM (SELECT DISTINCT run_id FROM added) a
                WHERE NOT EXISTS (SELECT FROM runs n WHERE n.id = a.run_id)) THEN
        RAISE EXCEPTION 'messages.run_id names what is not in runs'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'known_messages_run_id';
    END IF;
"""
_EMPTY = """
    IF EXISTS (SELECT FROM gone g JOIN messages m ON m.run_id = g.id) THEN
        RAISE EXCEPTION 'runs with messages stay for ever'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'known_messages_run_id';
    END IF;
"""
_BY_INDEX = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off"
"""Plans are kept while the tables grow."""


def upgrade() -> None:
    """Add the lists, count them, and tell, count and check messages that come decided, a statement at a time."""
    op.create_table(
        "undecided",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False, comment="the smallest of `customers`"),
        sa.Column("customers", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="sorted"),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column(
            "key_prefix", sa.Text(), nullable=False, comment="of their dedupe keys; the customer follows"
        ),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_undecided_run_id")),
        sa.PrimaryKeyConstraint("run_id", "shard", "first", name=op.f("pk_undecided")),
    )
    _trigger(
        "tally_insert", "undecided", "INSERT", "NEW TABLE AS added", _WAITING.format(sign="+", rows="added")
    )
    _trigger(
        "tally_delete", "undecided", "DELETE", "OLD TABLE AS gone", _WAITING.format(sign="-", rows="gone")
    )
    _trigger("grounds_insert", "messages", "INSERT", "NEW TABLE AS added", _GROUNDS)
    _trigger("told_insert", "messages", "INSERT", "NEW TABLE AS added", _HELD)
    # A foreign key looks at every row, and locks what it names: 10 us of CPU for each message (2026-11-22).
    for table, column in (
        ("messages", "run_id"),
        ("messages", "customer_id"),
        ("behaviour", "customer_id"),
        ("best_hours", "customer_id"),
    ):
        op.drop_constraint(f"fk_{table}_{column}", table)
        known = _RUNS if column == "run_id" else _CUSTOMERS
        _trigger(f"known_{column}", table, "INSERT", "NEW TABLE AS added", known, _BY_INDEX)
        op.execute(
            f"CREATE TRIGGER fixed_{column} BEFORE UPDATE OF {column} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal()"
        )
    _trigger("empty", "runs", "DELETE", "OLD TABLE AS gone", _EMPTY, _BY_INDEX)


def _trigger(name: str, table: str, event: str, rows: str, body: str, plan: str = "") -> None:
    op.execute(
        f"CREATE FUNCTION {name}_{table}() RETURNS trigger LANGUAGE plpgsql {plan} AS"
        f" $$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}_{table}()"
    )
