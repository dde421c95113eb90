"""Counts by run that a page reads instead of a million messages, and the files of billing as they were brought.

The counts are kept by triggers, a statement at a time, each connection in rows of its own: nobody waits for anybody,
and a sum over a run's rows is exactly what a scan of its messages finds in the same snapshot.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_bills"
down_revision = "0016_events"
branch_labels = None
depends_on = None

_MESSAGES = """
    INSERT INTO run_tally AS t (run_id, backend, state, reason, first_channel, channel, messages, cost)
    SELECT run_id, pg_backend_pid(), state, reason, first_channel, channel, sum(n), sum(cost) FROM (
        {changes}
    ) AS c GROUP BY run_id, state, reason, first_channel, channel HAVING sum(n) <> 0 OR sum(cost) <> 0
    ORDER BY run_id, state, reason, first_channel, channel
    ON CONFLICT (run_id, backend, state, reason, first_channel, channel)
        DO UPDATE SET messages = t.messages + excluded.messages, cost = t.cost + excluded.cost;
"""
_MESSAGE = """
        SELECT run_id, state, reason, coalesce(first_channel, '') AS first_channel, coalesce(channel, '') AS channel,
               {sign}1 AS n, {sign}cost AS cost FROM {rows} WHERE copy = 0
"""
_DELIVERIES = """
    INSERT INTO delivery_tally AS t (run_id, backend, channel, state, fallback, deliveries)
    SELECT m.run_id, pg_backend_pid(), c.channel, c.state, c.fallback, sum(c.n) FROM (
        {changes}
    ) AS c JOIN messages m ON m.id = c.message_id WHERE m.copy = 0
    GROUP BY m.run_id, c.channel, c.state, c.fallback HAVING sum(c.n) <> 0
    ORDER BY m.run_id, c.channel, c.state, c.fallback
    ON CONFLICT (run_id, backend, channel, state, fallback)
        DO UPDATE SET deliveries = t.deliveries + excluded.deliveries;
"""
_DELIVERY = """
        SELECT message_id, channel, state, number > 1 AS fallback, {sign}1 AS n FROM {rows}
        WHERE number > 1 OR state IN ('delivered', 'bounced', 'expired', 'rejected', 'recalled')
"""
"""What is on its way is not counted: the look at its message would cost a mail 17 us twice (2026-11-22)."""
_GROUNDS = """
    IF EXISTS (SELECT FROM gone WHERE state = 'planned') THEN
        INSERT INTO ground_tally AS t (run_id, backend, channel, ground, messages)
        SELECT a.run_id, pg_backend_pid(), a.channel, a.decision -> 0 ->> 'reason', count(*)
        FROM added a JOIN gone g ON g.id = a.id
        WHERE g.state = 'planned' AND a.state = 'ready' AND a.copy = 0 AND a.channel IS NOT NULL
          AND a.decision -> 0 ->> 'reason' IS NOT NULL
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (run_id, backend, channel, ground) DO UPDATE SET messages = t.messages + excluded.messages;
    END IF;
"""
_REACTIONS = """
    INSERT INTO reactions (message_id, kind, run_id, channel, ground, at)
    SELECT DISTINCT ON (m.id, c.kind) m.id, c.kind, m.run_id, m.channel, coalesce((
               SELECT entry ->> 'reason' FROM jsonb_array_elements(m.decision) AS entry
               WHERE entry ->> 'channel' = m.channel LIMIT 1), ''), c.at
    FROM (
        SELECT message_id, at, CASE kind WHEN 'complained' THEN 'complained' WHEN 'stopped' THEN 'stopped'
                                         ELSE 'answered' END AS kind
        FROM added WHERE message_id IS NOT NULL AND direction = 'in' AND NOT machine
          AND kind IN ('clicked', 'replied', 'paid', 'called', 'redeemed', 'complained', 'stopped')
    ) AS c JOIN messages m ON m.id = c.message_id WHERE m.copy = 0 AND m.channel IS NOT NULL
    ORDER BY m.id, c.kind, c.at
    ON CONFLICT DO NOTHING;
"""
_BY_INDEX = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off"
"""Plans are kept while the tables grow."""


def upgrade() -> None:
    """Add the counts, fill them from what there is, keep them from now on; add the files of billing."""
    _tables()
    added, gone = {"rows": "added", "sign": "+"}, {"rows": "gone", "sign": "-"}
    for name, count, one in (("messages", _MESSAGES, _MESSAGE), ("deliveries", _DELIVERIES, _DELIVERY)):
        plan = _BY_INDEX if name == "deliveries" else ""
        more = _GROUNDS if name == "messages" else ""
        fresh = one.format(**added)
        changed = f"{fresh} UNION ALL {one.format(**gone)}"
        _trigger(name, "INSERT", "NEW TABLE AS added", count.format(changes=fresh), plan)
        _trigger(
            name,
            "UPDATE",
            "OLD TABLE AS gone NEW TABLE AS added",
            count.format(changes=changed) + more,
            plan,
        )
        op.execute(count.format(changes=one.format(rows=name, sign="+")).rstrip().rstrip(";"))
    _trigger("touchpoints", "INSERT", "NEW TABLE AS added", _REACTIONS, _BY_INDEX)
    op.execute(_REACTIONS.replace("FROM added", "FROM touchpoints").rstrip().rstrip(";"))
    op.execute(
        """
        INSERT INTO ground_tally (run_id, backend, channel, ground, messages)
        SELECT run_id, pg_backend_pid(), first_channel, decision -> 0 ->> 'reason', count(*) FROM messages
        WHERE first_channel IS NOT NULL AND state NOT IN ('planned', 'held') AND copy = 0
          AND decision -> 0 ->> 'reason' IS NOT NULL GROUP BY 1, 3, 4
        """
    )


def _trigger(table: str, event: str, tables: str, body: str, plan: str) -> None:
    name = f"tally_{table}_{event.lower()}"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {plan} AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER tally_{event.lower()} AFTER {event} ON {table} REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _tables() -> None:
    text, big = sa.Text(), sa.BigInteger()
    op.create_table(
        "run_tally",
        sa.Column("run_id", text, sa.ForeignKey("runs.id", name=op.f("fk_run_tally_run_id")), nullable=False),
        sa.Column("backend", sa.Integer(), nullable=False, comment="whose row: no two connections write one"),
        sa.Column("state", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("first_channel", text, nullable=False, comment="'' = none"),
        sa.Column("channel", text, nullable=False, comment="'' = none"),
        sa.Column("messages", big, nullable=False, comment="may be negative: the sum over backends counts"),
        sa.Column("cost", sa.Numeric(18, 5), nullable=False),
        sa.PrimaryKeyConstraint(
            "run_id", "backend", "state", "reason", "first_channel", "channel", name=op.f("pk_run_tally")
        ),
    )
    op.create_table(
        "delivery_tally",
        sa.Column(
            "run_id", text, sa.ForeignKey("runs.id", name=op.f("fk_delivery_tally_run_id")), nullable=False
        ),
        sa.Column("backend", sa.Integer(), nullable=False),
        sa.Column("channel", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("fallback", sa.Boolean(), nullable=False, comment="not its message's first delivery"),
        sa.Column("deliveries", big, nullable=False),
        sa.PrimaryKeyConstraint(
            "run_id", "backend", "channel", "state", "fallback", name=op.f("pk_delivery_tally")
        ),
    )
    op.create_table(
        "ground_tally",
        sa.Column(
            "run_id", text, sa.ForeignKey("runs.id", name=op.f("fk_ground_tally_run_id")), nullable=False
        ),
        sa.Column("backend", sa.Integer(), nullable=False),
        sa.Column("channel", text, nullable=False),
        sa.Column("ground", text, nullable=False, comment="tidings.reason.Reason of the first choice"),
        sa.Column("messages", big, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "backend", "channel", "ground", name=op.f("pk_ground_tally")),
    )
    op.create_table(
        "reactions",
        sa.Column("message_id", postgresql.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("run_id", text, sa.ForeignKey("runs.id", name=op.f("fk_reactions_run_id")), nullable=False),
        sa.Column("channel", text, nullable=False, comment="by which the message was sent"),
        sa.Column("ground", text, nullable=False, comment="why by that channel; '' = unknown"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "kind", name=op.f("pk_reactions")),
        sa.CheckConstraint("kind IN ('answered', 'complained', 'stopped')", name=op.f("ck_reactions_kind")),
    )
    op.create_index("ix_reactions_run", "reactions", ["run_id", "kind", "channel", "ground"])
    op.create_index("ix_runs_created", "runs", ["created_at"])
    op.drop_index("ix_invoices_run", table_name="invoices")
    op.create_index("ix_invoices_run", "invoices", ["run_id", "id"])
    op.create_index(
        "ix_messages_without",
        "messages",
        ["run_id", "reason", "id"],
        postgresql_where=sa.text("state IN ('held', 'suppressed', 'cancelled', 'undeliverable')"),
    )
    op.create_table(
        "bill_files",
        sa.Column("digest", text, nullable=False, comment="SHA-256 of the bytes"),
        sa.Column("name", text, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("brought_by", text, nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "mapping",
            postgresql.JSONB(),
            nullable=False,
            server_default="{}",
            comment="work.bills.BillMapping",
        ),
        sa.Column("brand", text, nullable=False, server_default=""),
        sa.Column(
            "expected",
            postgresql.JSONB(),
            nullable=False,
            server_default="{}",
            comment="currency to gross total",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bill_files")),
    )
    op.create_index("ix_bill_files_brought", "bill_files", ["brought_at"])
