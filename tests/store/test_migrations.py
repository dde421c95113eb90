"""The migrations make exactly the schema of store/tables.py, and the schema keeps the invariants of delivery."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store import tables
from store.connect import head, migrations

CATALOGUE = """
    SELECT 'column', table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
      FROM information_schema.columns WHERE table_schema = :schema AND table_name <> 'alembic_version'
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, replace(pg_get_constraintdef(oid), :schema || '.', '')
      FROM pg_constraint WHERE connamespace = CAST(:schema AS regnamespace) AND conname NOT LIKE 'alembic_version%'
       AND contype <> 't'
    UNION ALL
    SELECT 'index', tablename, indexname, replace(indexdef, :schema || '.', '')
      FROM pg_indexes WHERE schemaname = :schema AND tablename <> 'alembic_version'
"""


def catalogue(connection, schema):
    rows = connection.execute(text(CATALOGUE), {"schema": schema})
    return {(kind, table.removeprefix(f"{schema}."), name, what) for kind, table, name, what in rows}


def test_migrated_schema_equals_the_tables(engine):
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        migrated = catalogue(connection, "public")
        connection.execute(text("CREATE SCHEMA fresh"))
        connection.execute(text("SET LOCAL search_path = fresh"))
        tables.metadata.create_all(connection, checkfirst=False)
        fresh = catalogue(connection, "fresh")

    assert migrated == fresh


def test_the_newest_file_is_the_only_head(module_engine):
    with module_engine.connect() as connection:
        scripts = ScriptDirectory.from_config(migrations(connection))

    assert scripts.get_heads() == [head()]
    assert all(step.path.endswith(f"/{step.revision}.py") for step in scripts.walk_revisions())


START = """
    INSERT INTO customers (id, language, time_zone, country) OVERRIDING SYSTEM VALUE
        VALUES (1, 'en', 'UTC', 'NO'), (2, 'en', 'UTC', 'NO');
    INSERT INTO policies (version, digest, rules) OVERRIDING SYSTEM VALUE VALUES (1, 'd', '{}');
    INSERT INTO templates (id, name, version, purpose, purpose_class, content_hash) OVERRIDING SYSTEM VALUE
        VALUES (1, 't', '1', 'offer', 'marketing', 'h');
    INSERT INTO runs (id, kind, title, purpose, topic, purpose_class, template_id, policy_version, mode, state,
                      requested_by, starts_at)
        VALUES ('r', 'campaign', 't', 'offer', 'offer', 'marketing', 1, 1, 'outbox', 'sending', 'ann', now());
    INSERT INTO messages (id, run_id, customer_id, purpose, purpose_class, document, dedupe_key, planned_at)
        VALUES ('00000000-0000-7000-8000-000000000001', 'r', 1, 'offer', 'marketing', 'd', 'key', now());
    INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
        VALUES ('00000000-0000-7000-8000-0000000000d1', '00000000-0000-7000-8000-000000000001', 1, 'email', 'a',
                'sending', 'ref1', now());
    INSERT INTO consents (customer_id, topic, action, source, actor, at)
        VALUES (1, 'offer', 'given', 'form', 'customer', now());
    INSERT INTO statements (customer_id, kind, source, actor, at) VALUES (1, 'order', 'form', 'customer', now());
    INSERT INTO audit (actor, action, subject) VALUES ('ann', 'release', 'r');
    INSERT INTO addresses (customer_id, channel, value) VALUES (1, 'email', 'a@b.example');
    INSERT INTO suppressions (channel, value, reason, source, actor, at)
        VALUES ('email', 'a@b.example', 'bounce', 'provider', 'system', now());
    INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, at)
        VALUES (1, 'crm', '1', 'in', 'call', 'called', now());
    INSERT INTO customer_references VALUES ('crm', 'A1', 1);
    INSERT INTO receipts (provider, event_id, kind, payload, at) VALUES ('ses', 'e1', 'delivered', '{}', now());
    INSERT INTO invoices (run_id, brand, customer_id, number, issued_on, due_on, currency, net, tax, gross, document)
        VALUES ('r', 'b', 1, 'N1', '2026-01-01', '2026-01-15', 'EUR', 1, 0, 1, '{}');
    INSERT INTO campaigns (name, edition, digest, definition, created_by) VALUES ('autumn', '1', 'd', '{}', 'ann');
    INSERT INTO api_keys (name, role, key_hash) VALUES ('shop', 'billing', '\\x01');
"""


def attempt(number, state):
    return f"""
        INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until)
        VALUES (gen_random_uuid(), '00000000-0000-7000-8000-0000000000d1', {number}, 'smtp', '{state}', 1, now(), now())
    """


def delivery(number, state, reference):
    return f"""
        INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
        VALUES (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', {number}, 'sms', 'a', '{state}',
                '{reference}', now())
    """


def message(columns, values):
    return f"""
        INSERT INTO messages (id, run_id, customer_id, purpose, purpose_class, document, planned_at, {columns})
        VALUES (gen_random_uuid(), 'r', 2, 'offer', 'marketing', 'd', now(), {values})
    """


@pytest.fixture
def connection(module_engine):
    with module_engine.connect() as connection:
        connection.execute(text(START))
        yield connection


REFUSED = {
    "a second open attempt of a delivery": (
        "uq_attempts_open",
        [attempt(1, "sending"), attempt(2, "unknown")],
    ),
    "a second accepted attempt of a delivery": (
        "uq_attempts_accepted",
        [attempt(1, "accepted"), attempt(2, "accepted")],
    ),
    "an attempt with a used number": (
        "uq_attempts_delivery_id_number",
        [attempt(1, "refused"), attempt(1, "sending")],
    ),
    "an attempt in no known state": ("ck_attempts_state", [attempt(1, "perhaps")]),
    "a second open delivery of a message": ("uq_deliveries_open", [delivery(2, "in_doubt", "ref2")]),
    "a delivery with a used reference": ("uq_deliveries_reference", [delivery(2, "rejected", "ref1")]),
    "a delivery with a used number": ("uq_deliveries_message_id_number", [delivery(1, "rejected", "ref2")]),
    "a message with a used dedupe key": ("uq_messages_dedupe_key", [message("dedupe_key", "'key'")]),
    "a message without a key that is not held": ("ck_messages_keyed", [message("state", "'planned'")]),
    "a held message without a reason": ("ck_messages_why", [message("state", "'held'")]),
    "a copy without a reason": ("ck_messages_copy_why", [message("dedupe_key, copy", "'k2', 1")]),
    "a message in no known state": ("ck_messages_state", [message("dedupe_key, state", "'k2', 'lost'")]),
    "the change of a consent": ("append-only", ["UPDATE consents SET action = 'withdrawn'"]),
    "the removal of a consent": ("append-only", ["DELETE FROM consents"]),
    "the emptying of consents": ("append-only", ["TRUNCATE consents"]),
    "the change of a statement": ("append-only", ["UPDATE statements SET kind = 'pause'"]),
    "the removal of a statement": ("append-only", ["DELETE FROM statements"]),
    "the emptying of statements": ("append-only", ["TRUNCATE statements"]),
    "the change of the audit": ("append-only", ["UPDATE audit SET actor = 'bob'"]),
    "the removal of the audit": ("append-only", ["DELETE FROM audit"]),
    "the emptying of the audit": ("append-only", ["SET CONSTRAINTS ALL IMMEDIATE", "TRUNCATE audit"]),
    "the change of the audit's chain": ("append-only", ["UPDATE audit_chain SET hash = ''"]),
    "the removal of the audit's chain": ("append-only", ["DELETE FROM audit_chain"]),
    "the emptying of the audit's chain": ("append-only", ["TRUNCATE audit_chain"]),
    "the same address of a customer twice": (
        "uq_addresses_customer_id_channel_value",
        ["INSERT INTO addresses (customer_id, channel, value) VALUES (1, 'email', 'a@b.example')"],
    ),
    "an address of an unknown channel": (
        "ck_addresses_channel",
        ["INSERT INTO addresses (customer_id, channel, value) VALUES (1, 'fax', '1')"],
    ),
    "a second active suppression of an address for the same reason": (
        "uq_suppressions_active",
        [
            "INSERT INTO suppressions (channel, value, reason, source, actor, at) "
            "VALUES ('email', 'a@b.example', 'bounce', 'provider', 'system', now())"
        ],
    ),
    "a touchpoint told twice": (
        "uq_touchpoints_source_external_id",
        [
            "INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, at) "
            "VALUES (2, 'crm', '1', 'in', 'call', 'called', now())"
        ],
    ),
    "a reference of two customers": (
        "pk_customer_references",
        ["INSERT INTO customer_references VALUES ('crm', 'A1', 2)"],
    ),
    "two references of a customer in one system": (
        "uq_customer_references_customer_id_source",
        ["INSERT INTO customer_references VALUES ('crm', 'A2', 1)"],
    ),
    "a receipt told twice": (
        "uq_receipts_provider_event_id",
        [
            "INSERT INTO receipts (provider, event_id, kind, payload, at) VALUES ('ses', 'e1', 'x', '{}', now())"
        ],
    ),
    "an invoice number used twice by a brand": (
        "uq_invoices_brand_number",
        [
            "INSERT INTO invoices (run_id, brand, customer_id, number, issued_on, due_on, currency, net, tax, gross, "
            "document) VALUES ('r', 'b', 2, 'N1', '2026-01-01', '2026-01-15', 'EUR', 1, 0, 1, '{}')"
        ],
    ),
    "an edition of a campaign twice": (
        "uq_campaigns_name_edition",
        [
            "INSERT INTO campaigns (name, edition, digest, definition, created_by) "
            "VALUES ('autumn', '1', 'other', '{}', 'bob')"
        ],
    ),
    "a message of a customer that is not there": (
        "messages.customer_id names what is not in customers",
        [message("dedupe_key", "'k2'").replace("'r', 2,", "'r', 999,")],
    ),
    "a delivery of a message that is not there": (
        "deliveries.message_id names what is not in messages",
        [delivery(1, "ready", "ref2").replace("0001'", "0009'")],
    ),
    "a delivery to an address that is not there": (
        "deliveries.address_id names what is not in addresses",
        [delivery(2, "rejected", "ref2").replace("(id,", "(address_id, id,").replace("(gen", "(999, gen")],
    ),
    "an attempt of a delivery that is not there": (
        "attempts.delivery_id names what is not in deliveries",
        [attempt(1, "sending").replace("00d1'", "00d9'")],
    ),
    "a touchpoint of a customer that is not there, among others": (
        "touchpoints.customer_id names what is not in customers",
        [
            "INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, at) "
            "SELECT n, 'crm', 'x' || n, 'in', 'call', 'called', now() FROM unnest(ARRAY[1, 999, 2]) n"
        ],
    ),
    "the removal of a customer": ("customers stay for ever: DELETE", ["DELETE FROM customers WHERE id = 2"]),
    "another id for a message": (
        "messages stay for ever: UPDATE",
        ["UPDATE messages SET id = gen_random_uuid()"],
    ),
    "the emptying of deliveries": ("deliveries stay for ever: TRUNCATE", ["TRUNCATE deliveries"]),
    "a delivery that moves to another message": (
        "deliveries stay for ever: UPDATE",
        ["UPDATE deliveries SET message_id = gen_random_uuid()"],
    ),
    "a run in no known mode": ("ck_runs_mode", ["UPDATE runs SET mode = 'party'"]),
    "an api key of no known role": ("ck_api_keys_role", ["UPDATE api_keys SET role = 'king'"]),
    "a customer of no known standing": ("ck_customers_standing", ["UPDATE customers SET standing = 'vip'"]),
}


@pytest.mark.parametrize(("named", "statements"), REFUSED.values(), ids=REFUSED)
def test_refused(connection, named, statements):
    for statement in statements[:-1]:
        connection.execute(text(statement))

    with pytest.raises(DBAPIError, match=named):
        connection.execute(text(statements[-1]))


def test_what_follows_from_a_closed_delivery_is_allowed(connection):
    connection.execute(text("UPDATE suppressions SET lifted_at = now()"))
    connection.execute(text("UPDATE deliveries SET state = 'rejected'"))
    for statement in (
        delivery(2, "ready", "ref2"),
        attempt(1, "refused"),
        attempt(2, "accepted"),
        attempt(3, "sending"),
    ):
        connection.execute(text(statement))
    for values in ("'held', 'no_address', NULL", "'held', 'no_address', NULL"):
        connection.execute(text(message("state, reason, dedupe_key", values)))


def test_every_append_only_table_is_protected(module_engine):
    with module_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
        )

        assert set(rows.scalars()) == set(tables.APPEND_ONLY)
