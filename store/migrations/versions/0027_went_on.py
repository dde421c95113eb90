"""Keep what a message had cost on the channel that it left on, when it goes on to the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0027_went_on"
down_revision = "0026_lighter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the trigger that keeps it; of older fallbacks the price is not known any more, only the count."""
    op.create_table(
        "went_on",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="that had taken it before the next one"),
        sa.Column(
            "run_id", sa.Text(), sa.ForeignKey("runs.id", name=op.f("fk_went_on_run_id")), nullable=False
        ),
        sa.Column("cost", sa.Numeric(18, 5), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "channel", name=op.f("pk_went_on")),
    )
    op.create_index("ix_went_on_run", "went_on", ["run_id"])
    op.execute(
        """
        INSERT INTO went_on (message_id, channel, run_id, cost)
        SELECT m.id, d.channel, m.run_id, 0 FROM deliveries d JOIN messages m ON m.id = d.message_id
        WHERE d.state IN ('silent', 'bounced', 'expired') AND m.copy = 0 AND d.channel <> m.channel
        ON CONFLICT DO NOTHING
        """
    )
    op.execute(
        """
        CREATE FUNCTION keep_went_on() RETURNS trigger LANGUAGE plpgsql
            SET enable_hashjoin = off SET enable_mergejoin = off AS $$
        BEGIN
            IF EXISTS (SELECT FROM gone WHERE state = 'done') THEN
                INSERT INTO went_on (message_id, channel, run_id, cost)
                SELECT g.id, g.channel, g.run_id, g.cost FROM gone g JOIN added a ON a.id = g.id
                WHERE g.state = 'done' AND a.state <> 'done' AND g.copy = 0 AND g.channel IS NOT NULL
                ON CONFLICT DO NOTHING;
            END IF;
            IF EXISTS (SELECT FROM added WHERE state = 'done' AND reason = 'recalled') THEN
                DELETE FROM went_on w USING added a JOIN gone g ON g.id = a.id
                WHERE a.state = 'done' AND g.state <> 'done' AND w.message_id = a.id AND w.channel = a.channel;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER went_on AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION keep_went_on()"
    )
