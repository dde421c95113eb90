"""The counts by run are what a scan of the rows finds, whatever is done to a run and in whatever transaction."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as rounds
from sqlalchemy import text

from store.messages import counts
from store.tally import answers, arrivals, grounds
from tests.town import NOON, settle

SCANNED = text("""
    SELECT state, reason, first_channel, channel, count(*), sum(cost)
    FROM messages WHERE run_id = :run AND copy = 0 GROUP BY 1, 2, 3, 4
""")
ARRIVED = text("""
    SELECT d.channel, d.state, d.number > 1, count(*) FROM deliveries d JOIN messages m ON m.id = d.message_id
    WHERE m.run_id = :run AND m.copy = 0
      AND (d.number > 1 OR d.state IN ('delivered', 'bounced', 'expired', 'rejected', 'recalled')) GROUP BY 1, 2, 3
""")
STATES = ("planned", "ready", "in_delivery", "done", "undeliverable", "cancelled", "held")
CHANNELS = (None, "email", "sms", "letter")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("add", "move", "deliver", "arrive")),
        st.integers(0, 40),
        st.sampled_from(STATES),
        st.sampled_from(CHANNELS),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def runs(module_engine):
    """Two runs of the same customers, which every example begins anew and none commits."""
    settle(module_engine, 3)
    with module_engine.begin() as connection:
        template = connection.scalar(
            text("""INSERT INTO templates (name, version, purpose, purpose_class, content_hash)
                    VALUES ('offer/autumn', '1', 'offer', 'marketing', '') RETURNING id""")
        )
        policy = connection.scalar(
            text("INSERT INTO policies (digest, rules) VALUES ('', '{}') RETURNING version")
        )
        for run in ("one", "two"):
            connection.execute(
                text("""INSERT INTO runs (id, kind, title, purpose, topic, purpose_class, template_id, policy_version,
                            mode, state, requested_by, starts_at)
                        VALUES (:run, 'campaign', '', 'offer', 'offer', 'marketing', :template, :policy, 'outbox',
                            'sending', 'staff:ada', :now)"""),
                {"run": run, "template": template, "policy": policy, "now": NOON},
            )
    return module_engine


@rounds(max_examples=40)
@given(changes=CHANGES)
def test_counts_are_what_a_scan_of_the_rows_finds(runs, changes):
    with runs.connect() as connection:
        for change in changes:
            apply(connection, *change)

        for run in ("one", "two"):
            told = sorted(map(repr, ((*row[:5], row.cost + 0) for row in counts(connection, run))))
            assert told == sorted(map(repr, connection.execute(SCANNED, {"run": run}).all()))
            told = [tuple(row) for row in arrivals(connection, [run])]
            scanned = connection.execute(ARRIVED, {"run": run}).all()
            assert sorted(told) == sorted((run, *row) for row in scanned)
        connection.rollback()


def apply(connection, what, number, state, channel):
    """Change many rows by one statement, or none where they do not allow it."""
    values = {"n": number, "state": state, "channel": channel, "now": NOON}
    if what == "add":
        connection.execute(
            text("""INSERT INTO messages (id, run_id, customer_id, purpose, purpose_class, document, dedupe_key, copy,
                        copy_because, state, reason, channel, first_channel, cost, planned_at)
                    SELECT gen_random_uuid(), (ARRAY['one', 'two'])[1 + i % 2], (SELECT min(id) FROM customers),
                        'offer', 'marketing', 'd', gen_random_uuid()::text, (i % 5 = 4)::int, 'asked', :state,
                        'because', :channel, :channel, i * 0.001, :now FROM generate_series(1, :n) i"""),
            values,
        )
    elif what == "move":
        connection.execute(
            text("""UPDATE messages SET state = :state, channel = coalesce(:channel, channel), cost = cost * 2
                    WHERE hashtext(id::text) % 41 <= :n - 20"""),
            values,
        )
    elif what == "deliver":
        connection.execute(
            text("""INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
                    SELECT gen_random_uuid(), m.id, 1 + coalesce((SELECT max(number) FROM deliveries d
                            WHERE d.message_id = m.id), 0), 'sms', 'x', 'accepted', gen_random_uuid()::text, :now
                    FROM messages m WHERE hashtext(m.id::text) % 41 <= :n - 20"""),
            values,
        )
    else:
        connection.execute(
            text("UPDATE deliveries SET state = 'delivered' WHERE hashtext(id::text) % 41 <= :n - 20"), values
        )


def test_a_reaction_counts_once_a_message_and_no_machine_counts(runs):
    with runs.connect() as connection:
        apply(connection, "add", 8, "done", "sms")
        connection.execute(
            text('UPDATE messages SET decision = \'[{"channel": "sms", "reason": "observed"}]\'')
        )
        for kind, machine in (
            ("clicked", True),
            ("clicked", False),
            ("replied", False),
            ("complained", False),
        ):
            connection.execute(
                text("""INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, machine,
                            message_id, at)
                        SELECT customer_id, 'test', :kind || :machine || id, 'in', 'sms', :kind, :machine, id, :now
                        FROM messages WHERE run_id = 'one'"""),
                {"kind": kind, "machine": machine, "now": NOON},
            )

        found = {tuple(row) for row in answers(connection, ["one", "two"])}
        assert found == {
            ("one", "answered", "sms", "observed", 3),
            ("one", "complained", "sms", "observed", 3),
        }
        connection.rollback()


def test_why_a_channel_was_chosen_is_counted_when_it_is_decided(runs):
    with runs.connect() as connection:
        apply(connection, "add", 10, "planned", None)
        connection.execute(
            text("""UPDATE messages SET state = 'ready', channel = 'email', first_channel = 'email',
                        decision = '[{"channel": "email", "rank": 1, "reason": "stated_all"}]' WHERE run_id = 'one'""")
        )
        connection.execute(text("UPDATE messages SET state = 'in_delivery' WHERE run_id = 'one'"))

        assert [tuple(row) for row in grounds(connection, ["one", "two"])] == [
            ("one", "email", "stated_all", 4)
        ]
        connection.rollback()
