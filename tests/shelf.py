"""Messages in any state, written straight into the tables: for tests that start in the middle of a message's life."""

import itertools
import json

from sqlalchemy import text

from tests.town import NOON

_numbers = itertools.count(1)

RUN = """
    INSERT INTO runs (id, kind, brand, title, purpose, topic, purpose_class, template_id, policy_version, mode, state,
                      requested_by, starts_at, audience)
    VALUES (:run, 'campaign', 'nordlys', :run, :purpose, :purpose, :purpose_class, 1, 1, :mode, :state, 'staff:test',
            :now, 0)
"""
BASE = (
    """INSERT INTO templates (id, name, version, purpose, purpose_class, content_hash) OVERRIDING SYSTEM VALUE
       VALUES (1, 'offer/spring', '1', 'offer', 'marketing', 'x') ON CONFLICT DO NOTHING""",
    """INSERT INTO policies (version, digest, rules) OVERRIDING SYSTEM VALUE VALUES (1, 'x', '{}')
       ON CONFLICT DO NOTHING""",
)


def add_run(connection, *, run=None, required=False, mode="live", state="sending"):
    """Add a run; return its id."""
    run = run or f"run-{next(_numbers)}"
    for statement in BASE:
        connection.execute(text(statement))
    purpose, purpose_class = ("invoice", "required") if required else ("offer", "marketing")
    connection.execute(
        text(RUN),
        {
            "run": run, "purpose": purpose, "purpose_class": purpose_class, "mode": mode, "state": state, "now": NOON,
        },
    )  # fmt: skip
    return run


def add_message(connection, run, customer, *, state="done", reason="", channel="email", ranked=("email", "sms"),
                tried=(), due_at=NOON, document=None):  # fmt: skip
    """Add a message of a run in a state; return its id."""
    connection.execute(text("UPDATE runs SET audience = audience + 1 WHERE id = :run"), {"run": run})
    return connection.execute(
        text("""
            INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, dedupe_key, state,
                reason, channel, first_channel, decision, tried, due_at, planned_at)
            SELECT gen_random_uuid(), r.id, :customer, r.brand, r.purpose, r.purpose_class, :document, :key, :state,
                :reason, :channel, :channel, CAST(:decision AS jsonb), :tried, :due_at, :now FROM runs r WHERE id = :run
            RETURNING id::text
        """),
        {
            "run": run, "customer": customer, "state": state, "reason": reason, "channel": channel,
            "key": f"key {next(_numbers)}", "document": document or f"doc {next(_numbers)}", "tried": list(tried),
            "due_at": due_at, "now": NOON,
            "decision": json.dumps([{"channel": name, "rank": n} for n, name in enumerate(ranked, 1)]),
        },
    ).scalar_one()  # fmt: skip


def add_delivery(connection, message, *, state="accepted", channel="email", address=None):
    """Add the next delivery of a message; return its id."""
    return connection.execute(
        text("""
            INSERT INTO deliveries (id, message_id, number, channel, address_id, address, state, reference, created_at)
            SELECT gen_random_uuid(), m.id,
                1 + (SELECT count(*) FROM deliveries x WHERE x.message_id = m.id), :channel, a.id, a.value, :state,
                :reference, :now
            FROM messages m JOIN addresses a ON a.customer_id = m.customer_id AND a.channel = :channel
             AND (CAST(:address AS text) IS NULL OR a.value = :address)
            WHERE m.id = CAST(:message AS uuid) ORDER BY a.id LIMIT 1 RETURNING id::text
        """),
        {
            "message": message, "channel": channel, "state": state, "address": address, "now": NOON,
            "reference": f"REF{next(_numbers):07d}",
        },
    ).scalar_one()  # fmt: skip


def add_attempt(connection, delivery, *, state="accepted", provider="peer", reference=None, started_at=NOON,
                ended_at=None, owner=0, code="", settled_by=""):  # fmt: skip
    """Add the next attempt of a delivery; return its id. Its lease is over and its owner is dead."""
    return connection.execute(
        text("""
            INSERT INTO attempts (id, delivery_id, number, provider, state, provider_reference, owner, started_at,
                lease_until, ended_at, code, settled_by)
            SELECT gen_random_uuid(), d.id, 1 + (SELECT count(*) FROM attempts x WHERE x.delivery_id = d.id), :provider,
                :state, :reference, :owner, :started_at, now() - interval '1 hour', :ended_at, :code, :settled_by
            FROM deliveries d WHERE d.id = CAST(:delivery AS uuid) RETURNING id::text
        """),
        {
            "delivery": delivery, "state": state, "provider": provider, "reference": reference, "owner": owner,
            "started_at": started_at, "code": code, "settled_by": settled_by,
            "ended_at": ended_at or (None if state == "sending" else started_at),
        },
    ).scalar_one()  # fmt: skip


def states(connection, message):
    """Return the states of a message, of its deliveries and of their attempts, in their order."""
    told = connection.execute(
        text("SELECT state FROM messages WHERE id = CAST(:id AS uuid)"), {"id": message}
    ).scalar_one()
    deliveries = connection.execute(
        text("""
            SELECT d.state, array_remove(array_agg(a.state ORDER BY a.number), NULL) AS tries
            FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id WHERE d.message_id = CAST(:id AS uuid)
            GROUP BY d.id, d.state, d.number ORDER BY d.number
        """),
        {"id": message},
    )
    return told, [(row.state, list(row.tries)) for row in deliveries]
