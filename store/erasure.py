"""Erasing a person: what the law wants kept stays, with nobody's name on it; digests see to it that nothing is sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from tidings.reason import Reason


def remember_digests(connection: Connection, customer: int, *, now: datetime) -> None:
    """Keep salted digests of a customer's addresses and dedupe keys; whatever else is erased, these stay."""
    connection.execute(
        text("""
            INSERT INTO installation (key, value) VALUES ('erasure_salt',
                encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex')) ON CONFLICT DO NOTHING
        """)
    )
    connection.execute(
        text("""
            INSERT INTO erased (digest, kind, at)
            SELECT erased_digest('address', channel || ':' || value), 'address', :now
            FROM addresses WHERE customer_id = :customer
            UNION
            SELECT erased_digest('dedupe_key', dedupe_key), 'dedupe_key', :now
            FROM messages WHERE customer_id = :customer AND dedupe_key IS NOT NULL
            ON CONFLICT DO NOTHING
        """),
        {"customer": customer, "now": now},
    )


def lock_sent(connection: Connection, customers: Sequence[int]) -> None:
    """Lock what was sent to customers, in the order in which outcomes are recorded; before the customers themselves."""
    for statement in (
        "SELECT 1 FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id"
        " WHERE m.customer_id = ANY(:customers) ORDER BY a.id FOR UPDATE OF a",
        "SELECT 1 FROM deliveries d JOIN messages m ON m.id = d.message_id"
        " WHERE m.customer_id = ANY(:customers) ORDER BY d.id FOR UPDATE OF d",
        "SELECT 1 FROM messages WHERE customer_id = ANY(:customers) ORDER BY id FOR UPDATE",
    ):
        connection.execute(text(statement), {"customers": list(customers)})


def erased(connection: Connection, deliveries: Sequence[str]) -> set[str]:
    """Return those of some deliveries whose customer was erased."""
    found = connection.scalars(
        text("SELECT id::text FROM deliveries WHERE id = ANY(CAST(:ids AS uuid[])) AND address = 'erased'"),
        {"ids": list(deliveries)},
    )
    return set(found)


def forget(connection: Connection, customer: int, *, now: datetime) -> dict[str, int]:
    """Remove what is personal about a locked customer; returns how many rows of what, and how many the law keeps.

    Invoices and their documents stay (bookkeeping laws ask for five to ten years, GDPR art. 17(3)(b)); consents stay as
    proof of what was permitted, and messages without content as proof of what was done (art. 5(2), 7(1), 17(3)(e)), and
    so does the audit. All of them name the customer by number only, except the invoice itself.
    """
    # The one way past the trigger that keeps statements as they were said, for this transaction: see 0012_staff.
    connection.execute(text("SELECT set_config('tidings.erasing', 'on', true)"))
    values: dict[str, Any] = {"customer": customer, "now": now, "reason": str(Reason.ERASED)}
    counts = {name: connection.execute(text(statement), values).rowcount for name, statement in _FORGET}
    connection.execute(text("SELECT set_config('tidings.erasing', '', true)"))
    counts["kept_invoices"] = connection.scalar(
        text("SELECT count(*) FROM invoices WHERE customer_id = :customer"), values
    )
    return counts


_NOBODY_ELSES = """NOT EXISTS (SELECT 1 FROM addresses o WHERE (o.channel, o.value) = (a.channel, a.value)
                          AND o.customer_id <> :customer)"""
_FORGET = (
    (
        "cancelled",
        """
        UPDATE messages SET state = 'cancelled', reason = :reason, updated_at = :now
        WHERE customer_id = :customer AND state IN ('planned', 'ready', 'held') AND dedupe_key IS NOT NULL
        """,
    ),
    (
        "receipts_by_address",
        f"""
        DELETE FROM receipts r USING addresses a
        WHERE a.customer_id = :customer AND a.channel = r.payload ->> 'channel'
          AND lower(a.value) = lower(r.payload ->> 'address') AND {_NOBODY_ELSES}
        """,
    ),
    (
        "replies",
        f"""
        DELETE FROM replies p WHERE p.customer_id = :customer
           OR p.message_id IN (SELECT id FROM messages WHERE customer_id = :customer)
           OR (p.customer_id IS NULL AND EXISTS (
                  SELECT 1 FROM addresses a WHERE a.customer_id = :customer AND a.channel = p.channel
                    AND lower(a.value) = lower(p.sender) AND {_NOBODY_ELSES}))
        """,
    ),
    (
        "suppressions",
        f"""
        DELETE FROM suppressions s USING addresses a
        WHERE a.customer_id = :customer AND (a.channel, a.value) = (s.channel, s.value) AND {_NOBODY_ELSES}
        """,
    ),
    (
        "addresses",
        """
        UPDATE addresses SET value = 'erased:' || id, postal = NULL, device = '', state = 'unusable',
            problem = 'erased', removed_at = coalesce(removed_at, :now)
        WHERE customer_id = :customer
        """,
    ),
    (
        "deliveries",
        """
        UPDATE deliveries d SET address = 'erased' FROM messages m
        WHERE m.id = d.message_id AND m.customer_id = :customer
        """,
    ),
    (
        "receipts",
        """
        DELETE FROM receipts r USING attempts a JOIN deliveries d ON d.id = a.delivery_id
            JOIN messages m ON m.id = d.message_id
        WHERE r.attempt_id = a.id AND m.customer_id = :customer
        """,
    ),
    (
        "calls",
        """
        UPDATE calls c SET note = '', closed_at = coalesce(c.closed_at, :now),
            closed_by = coalesce(nullif(c.closed_by, ''), 'erasure')
        FROM messages m WHERE m.id = c.message_id AND m.customer_id = :customer
        """,
    ),
    (
        "messages",
        """
        UPDATE messages SET data = '{}', decision = '[]',
            copy_because = CASE WHEN copy > 0 THEN 'erased' ELSE '' END,
            dedupe_key = 'erased:' || encode(erased_digest('dedupe_key', dedupe_key), 'hex')
        WHERE customer_id = :customer
        """,
    ),
    (
        "attempts",
        """
        UPDATE attempts a SET detail = '' FROM deliveries d JOIN messages m ON m.id = d.message_id
        WHERE d.id = a.delivery_id AND m.customer_id = :customer
        """,
    ),
    ("statements", "DELETE FROM statements WHERE customer_id = :customer"),
    ("touchpoints", "DELETE FROM touchpoints WHERE customer_id = :customer"),
    ("exports", "DELETE FROM exports WHERE customer_id = :customer"),
    ("slips", "DELETE FROM slips WHERE customer_id = :customer"),
    ("codes", "DELETE FROM codes WHERE customer_id = :customer"),
    ("behaviour", "DELETE FROM behaviour WHERE customer_id = :customer"),
    ("best_hours", "DELETE FROM best_hours WHERE customer_id = :customer"),
    ("rehearsed", "DELETE FROM rehearsed WHERE customer_id = :customer"),
    ("references", "DELETE FROM customer_references WHERE customer_id = :customer"),
    (
        "customer",
        """
        UPDATE customers SET first_name = '', last_name = '', company = '', country = '', standing = 'former',
            attributes = '{}', holds = '{}', language = 'en', time_zone = 'UTC', updated_at = clock_timestamp()
        WHERE id = :customer
        """,
    ),
    # Last: what is changed above leaves what stood there before.
    ("customer_states", "DELETE FROM customer_states WHERE customer_id = :customer"),
    (
        "address_states",
        """
        DELETE FROM address_states s USING addresses a WHERE a.id = s.address_id AND a.customer_id = :customer
        """,
    ),
)
