"""Keep what messages had cost that go on to their next channel, also when a hundred thousand do so at once.

The trigger compared every old row with every new one: 3,000 silent e-mails took two seconds, 12,000 a minute. Grouping
old and new rows by message is as quick by any plan, and plans of triggers are kept from when they saw few rows.
"""

from alembic import op

revision = "0039_many_went_on"
down_revision = "0038_told_news"
branch_labels = None
depends_on = None

_FUNCTION = """
    CREATE OR REPLACE FUNCTION keep_went_on() RETURNS trigger LANGUAGE plpgsql
        SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    BEGIN
        IF EXISTS (SELECT FROM gone WHERE state = 'done') THEN
            INSERT INTO went_on (message_id, channel, run_id, cost)
            {went}
            ON CONFLICT DO NOTHING;
        END IF;
        IF EXISTS (SELECT FROM added WHERE state = 'done' AND reason = 'recalled') THEN
            {came_back};
        END IF;
        RETURN NULL;
    END
    $$
"""


def upgrade() -> None:
    """Group instead of joining; the hash joins stay off for the few rows of `went_on` that are found by their key."""
    op.execute(
        _FUNCTION.format(
            went="""
            SELECT id, min(channel), min(run_id), min(cost) FROM (
                SELECT id, channel, run_id, cost FROM gone WHERE state = 'done' AND copy = 0 AND channel IS NOT NULL
                 UNION ALL SELECT id, NULL, NULL, NULL FROM added WHERE state <> 'done') c
             GROUP BY id HAVING count(*) = 2 AND count(channel) = 1""",
            came_back="""
            DELETE FROM went_on w USING (
                SELECT id, min(channel) AS channel FROM (
                    SELECT id, channel FROM added WHERE state = 'done' AND channel IS NOT NULL
                     UNION ALL SELECT id, NULL FROM gone WHERE state <> 'done') c
                 GROUP BY id HAVING count(*) = 2 AND count(channel) = 1) a
             WHERE w.message_id = a.id AND w.channel = a.channel""",
        )
    )


def downgrade() -> None:
    """Join them again."""
    op.execute(
        _FUNCTION.format(
            went="""
            SELECT g.id, g.channel, g.run_id, g.cost FROM gone g JOIN added a ON a.id = g.id
            WHERE g.state = 'done' AND a.state <> 'done' AND g.copy = 0 AND g.channel IS NOT NULL""",
            came_back="""
            DELETE FROM went_on w USING added a JOIN gone g ON g.id = a.id
            WHERE a.state = 'done' AND g.state <> 'done' AND w.message_id = a.id AND w.channel = a.channel""",
        )
    )
