"""What became of invoices after they were issued, and the messages that are not sent any more because of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from tidings.invoice import CREDIT_NOTES
from tidings.state import DeliveryState, Event, MessageState, sources, target, within

KINDS = ("paid", "credited", "cancelled", "disputed", "resolved")
"""What a file or a system may say of an invoice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceEvent:
    """One thing that became of an invoice; (source, external_id) is its identity."""

    invoice: int
    kind: str
    at: datetime
    source: str
    external_id: str
    amount: Decimal | None = None
    step: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue:
    """An invoice that a reminder is due for."""

    invoice: int
    customer: int
    number: str
    due_on: date
    open: Decimal
    currency: str
    step: int
    """Which, from 1."""
    again: int = 0
    """How many reminders of this step were taken back before: they count for none."""

    @property
    def named_step(self) -> str:
        """The step as keys name it: `2`, and `2.1` where it comes again."""
        return f"{self.step}.{self.again}" if self.again else str(self.step)


def invoices_of(connection: Connection, brand: str, names: Sequence[str]) -> dict[str, int]:
    """Return the invoice of each number or payment reference; what fits several is left out."""
    found = connection.execute(
        text("""
            SELECT n.name, min(i.id) AS invoice FROM unnest(CAST(:names AS text[])) AS n(name)
            JOIN invoices i ON i.brand = :brand AND (i.number = n.name OR (
                i.document ->> 'reference' <> '' AND
                replace(i.document ->> 'reference', ' ', '') = replace(n.name, ' ', '')))
            GROUP BY n.name HAVING count(DISTINCT i.id) = 1
        """),
        {"brand": brand, "names": list(names)},
    )
    return {row.name: row.invoice for row in found}


def record(connection: Connection, events: Sequence[InvoiceEvent]) -> int:
    """Write events; returns how many were new."""
    new = 0
    for one in events:
        new += connection.execute(
            text("""
                INSERT INTO invoice_events (invoice_id, kind, amount, step, source, external_id, at)
                VALUES (:invoice, :kind, :amount, :step, :source, :external_id, :at)
                ON CONFLICT (source, external_id) DO NOTHING
            """),
            {name: getattr(one, name) for name in InvoiceEvent.__slots__},
        ).rowcount
    return new


def take_payments(connection: Connection) -> int:
    """Make events of touchpoints `paid` that name an invoice of their customer; returns how many were new.

    A touchpoint names it in its detail as `invoice`, `number`, `document` or `reference`; `amount` is what was paid,
    all that was due where it says nothing.
    """
    return connection.execute(text(_PAYMENTS)).rowcount


_PAYMENTS = r"""
    INSERT INTO invoice_events (invoice_id, kind, amount, source, external_id, at)
    SELECT i.id, 'paid', CASE
               WHEN a.said ~ '^-?[0-9]{1,15}([.][0-9]+)?$' THEN round(a.said::numeric, 2)
               WHEN a.said ~ '^-?[0-9.]{1,19},[0-9]{1,2}$' THEN translate(a.said, ',.', '.')::numeric
               WHEN a.said ~ '^-?[0-9,]{1,19}[.][0-9]{1,2}$' THEN translate(a.said, ',', '')::numeric END,
           'touchpoint', t.source || ':' || t.external_id, t.at
    FROM touchpoints t
    CROSS JOIN LATERAL (SELECT regexp_replace(t.detail ->> 'amount', '[^-0-9.,]', '', 'g') AS said) a
    JOIN invoices i ON i.customer_id = t.customer_id AND i.brand NOT LIKE 'rehearsal:%' AND (
        i.number IN (t.detail ->> 'invoice', t.detail ->> 'number', t.detail ->> 'document', t.detail ->> 'reference')
        OR (i.document ->> 'reference' <> '' AND i.document ->> 'reference' = t.detail ->> 'reference'))
    WHERE t.kind = 'paid'
      AND NOT EXISTS (SELECT 1 FROM invoice_events e
                      WHERE e.source = 'touchpoint' AND e.external_id = t.source || ':' || t.external_id)
    ORDER BY t.id
    ON CONFLICT (source, external_id) DO NOTHING
"""
"""Amounts as people write them, `1 250,50 NOK` and `1,250.50` too; less than 0 is paid back. No figure: all of it."""


def credit(connection: Connection, run: str, *, now: datetime) -> list[int]:
    """Write down what credit notes credit, those of a run and those of its invoices; returns the invoices.

    A note may come before its invoice. One that names several gives them what they come to, in its order.
    """
    found = connection.execute(_CREDITED, {"run": run, "now": now})
    return [row.original for row in found]


_CREDITED = text("""
    WITH named AS (
        SELECT n.id, n.brand, n.number, n.gross, o.id AS original, o.number AS credited, o.gross AS most, p.place,
               o.run_id, jsonb_array_length(n.document -> 'preceding') = 1 AS alone,
               coalesce(sum(o.gross) OVER (PARTITION BY n.id ORDER BY p.place
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM invoices n
        CROSS JOIN LATERAL jsonb_array_elements(n.document -> 'preceding') WITH ORDINALITY AS p(said, place)
        JOIN invoices o ON o.brand = n.brand AND o.number = p.said ->> 'number'
        WHERE n.credits <> '' AND n.brand = (SELECT brand FROM invoices WHERE run_id = :run LIMIT 1)
    ), notes AS (
        SELECT *, CASE WHEN alone THEN gross ELSE least(most, gross - before) END AS part FROM named
        WHERE run_id = :run OR id IN (SELECT id FROM invoices WHERE run_id = :run)
    ), written AS (
        INSERT INTO invoice_events (invoice_id, kind, amount, source, external_id, at)
        SELECT original, 'credited', part, 'credit-note',
               concat_ws(':', brand, number, CASE WHEN place > 1 THEN credited END), :now
        FROM notes WHERE part > 0 OR alone
        ON CONFLICT (source, external_id) DO NOTHING
    )
    SELECT DISTINCT original FROM notes WHERE part > 0 OR alone
""")


_OVER = """
    SELECT i.id AS invoice, CASE
        WHEN bool_or(e.kind = 'cancelled') THEN 'voided'
        WHEN coalesce(sum(coalesce(e.amount, i.gross)) FILTER (WHERE e.kind = 'credited'), 0) >= i.gross
             AND i.gross > 0 AND bool_or(e.kind = 'credited') THEN 'credited'
        WHEN coalesce(sum(coalesce(e.amount, i.gross)) FILTER (WHERE e.kind IN ('paid', 'credited')), 0)
             >= coalesce(i.due, i.gross) AND bool_or(e.kind IN ('paid', 'credited'))
             THEN CASE WHEN bool_or(e.kind = 'paid') THEN 'paid' ELSE 'covered' END
        WHEN (array_agg(e.kind ORDER BY e.at DESC, e.id DESC) FILTER (WHERE e.kind IN ('disputed', 'resolved')))[1]
             = 'disputed' THEN 'disputed' END AS why
    FROM invoices i JOIN invoice_events e ON e.invoice_id = i.id
    WHERE {whom} GROUP BY i.id
"""
"""Whether an invoice is over, or in dispute, and by what: of part of it that is paid nothing follows.

`covered`: what was left to pay is credited, though not the whole invoice, which is still sent.
"""

_WAITING = within(tuple(one for one in sources(MessageState, Event.RECALL) if one != MessageState.DONE))


def withdraw(connection: Connection, *, now: datetime, invoices: Sequence[int] | None = None) -> list[str]:
    """Cancel what is planned or waits of invoices that are over; returns the messages.

    Of an invoice that is disputed, or of which nothing is left to pay, only reminders are; one of which less is left
    asks for that. A credit note whose invoice never left is not sent either. A
    letter that waits for its batch is taken back with it; what a provider has cannot be.

    Args:
        connection: in whose transaction; a message that a sender has is left to it.
        now: when.
        invoices: only these; None: all.
    """
    whom = "true" if invoices is None else "i.id = ANY(:invoices)"
    values = {"now": now} if invoices is None else {"now": now, "invoices": list(invoices)}
    rows = connection.execute(text(_GONE.format(over=_OVER.format(whom=whom))), values)
    gone = [str(row.id) for row in rows]
    connection.execute(text(_LESS.format(whom=whom)), values)
    return gone


def withdraw_due(connection: Connection, due: Mapping[str, int], *, now: datetime) -> set[str]:
    """Do the same for messages that are about to leave, by their customers: the last look, under their locks."""
    values = {"messages": list(due), "customers": list(due.values())}
    known = connection.execute(_KNOWN_OF, values).scalar_one() if due else None
    if not known:
        return set()
    connection.execute(_PAYMENTS_OF, values)
    return set(withdraw(connection, now=now, invoices=known))


_KNOWN_OF = text("""
    SELECT array_agg(DISTINCT m.invoice_id) FROM messages m
    WHERE m.id = ANY(CAST(:messages AS uuid[])) AND m.invoice_id IS NOT NULL AND (
        EXISTS (SELECT FROM invoice_events e WHERE e.invoice_id = m.invoice_id)
        OR EXISTS (SELECT FROM touchpoints t WHERE t.customer_id = m.customer_id AND t.kind = 'paid'))
""")
_PAYMENTS_OF = text(_PAYMENTS.replace("WHERE t.kind", "WHERE t.customer_id = ANY(:customers) AND t.kind"))

_LESS = f"""
    WITH left_open AS (
        SELECT i.id, coalesce(i.due, i.gross) - sum(coalesce(e.amount, i.gross)) AS open
        FROM invoices i JOIN invoice_events e ON e.invoice_id = i.id AND e.kind IN ('paid', 'credited')
        WHERE {{whom}} GROUP BY i.id
    ), stale AS (
        SELECT m.id, o.open FROM left_open o JOIN messages m ON m.invoice_id = o.id
        WHERE m.purpose = 'dunning' AND m.state IN ({_WAITING}) AND o.open > 0
          AND (m.data ->> 'open')::numeric <> o.open
          AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
        ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE messages m SET data = m.data || jsonb_build_object(
               'open', stale.open::text, 'total', (stale.open + (m.data ->> 'fee')::numeric)::text),
           updated_at = clock_timestamp()
      FROM stale WHERE m.id = stale.id
"""
"""Has reminders that wait ask for what is open now. One that was tried keeps its words: they may have arrived."""


_GONE = f"""
    WITH over AS ({{over}}), original AS (
        SELECT m.id, CASE o.why WHEN 'covered' THEN 'credited' ELSE o.why END AS why
        FROM over o JOIN messages m ON m.invoice_id = o.invoice
        WHERE m.state IN ({_WAITING}) AND o.why IS NOT NULL
          AND (o.why NOT IN ('disputed', 'covered') OR m.purpose = 'dunning')
    ), notes AS (
        SELECT m.id, 'credited' AS why FROM over o
        JOIN invoices i ON i.id = o.invoice AND o.why = 'credited'
        JOIN invoices n ON n.brand = i.brand AND n.credits = i.number
         AND jsonb_array_length(n.document -> 'preceding') = 1
        JOIN messages m ON m.invoice_id = n.id AND m.state IN ({_WAITING})
        WHERE NOT EXISTS (
            SELECT 1 FROM messages s LEFT JOIN deliveries d ON d.message_id = s.id
            WHERE s.invoice_id = i.id AND (s.state IN ('{MessageState.DONE}', '{MessageState.IN_DELIVERY}')
                                           OR d.state NOT IN ('ready', 'rejected', 'recalled')))
    ), used AS (
        SELECT m.id, g.why FROM messages m JOIN (SELECT * FROM original UNION SELECT * FROM notes) g ON g.id = m.id
        ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
    ), recalled AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.RECALL)}', updated_at = clock_timestamp()
          FROM used WHERE d.message_id = used.id AND d.state = '{DeliveryState.READY}'
    )
    UPDATE messages m SET state = '{target(MessageState, Event.RECALL)}', reason = used.why, due_at = NULL,
           updated_at = clock_timestamp()
      FROM used WHERE m.id = used.id RETURNING m.id
"""


def overdue(connection: Connection, brand: str, steps: Sequence[int], *, today: date) -> list[Overdue]:
    """Return the invoices of a brand that a reminder is due for.

    That is: sent, not credited, paid, cancelled or in dispute, past the days of its next step, and as long after the
    reminder before as the steps are apart. A reminder that was taken back for a dispute, or stopped with its run, was
    none: the same step comes again.

    Args:
        connection: any.
        brand: whose.
        steps: days after the due date, rising.
        today: the day of business.
    """
    rows = connection.execute(
        text(f"""
            WITH over AS ({_OVER.format(whom="i.brand = :brand")}), told AS (
                SELECT e.invoice_id AS invoice, e.step, max(e.at)::date AS at FROM invoice_events e
                JOIN invoices i ON i.id = e.invoice_id AND i.brand = :brand
                WHERE e.kind = 'reminded' GROUP BY 1, 2
                HAVING NOT coalesce((
                    SELECT bool_and(m.state = '{MessageState.CANCELLED}' AND m.reason IN ('disputed', 'stopped'))
                    FROM messages m JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal'
                    WHERE m.invoice_id = e.invoice_id AND m.purpose = 'dunning'
                      AND m.data ->> 'step' = e.step::text), false)
            ), open AS (
                SELECT i.id, i.customer_id, i.number, i.due_on, i.currency,
                       coalesce(i.due, i.gross) - coalesce((
                           SELECT sum(coalesce(e.amount, i.gross)) FROM invoice_events e
                           WHERE e.invoice_id = i.id AND e.kind IN ('paid', 'credited')), 0) AS open,
                       1 + coalesce((SELECT max(t.step) FROM told t WHERE t.invoice = i.id), 0) AS step,
                       (SELECT max(t.at) FROM told t WHERE t.invoice = i.id) AS last
                FROM invoices i
                WHERE i.brand = :brand AND i.credits = '' AND i.due_on < :today
                  AND NOT coalesce(i.document ->> 'type_code', '380') = ANY(:notes)
                  AND EXISTS (SELECT 1 FROM messages m WHERE m.invoice_id = i.id AND m.purpose = 'invoice'
                                AND m.state = '{MessageState.DONE}')
                  AND NOT EXISTS (SELECT 1 FROM over o WHERE o.invoice = i.id AND o.why IS NOT NULL)
            )
            SELECT o.*, (SELECT count(*) FROM invoice_events e
                         WHERE e.invoice_id = o.id AND e.kind = 'reminded' AND e.step = o.step) AS again
            FROM open o
            WHERE o.open > 0 AND o.step <= cardinality(CAST(:steps AS int[]))
              AND o.due_on + (CAST(:steps AS int[]))[o.step] <= :today
              AND (o.last IS NULL OR o.last + (CAST(:steps AS int[]))[o.step] - (CAST(:steps AS int[]))[o.step - 1]
                                     <= :today)
            ORDER BY o.id
        """),
        {"brand": brand, "steps": list(steps), "today": today, "notes": sorted(CREDIT_NOTES)},
    )
    return [
        Overdue(
            invoice=row.id,
            customer=row.customer_id,
            number=row.number,
            due_on=row.due_on,
            open=row.open,
            currency=row.currency,
            step=row.step,
            again=row.again,
        )
        for row in rows
    ]


def add_reminders(
    connection: Connection,
    reminders: Sequence[tuple[Overdue, Mapping[str, object]]],
    *,
    run: Mapping[str, str],
    space: str,
    shard_size: int,
    now: datetime,
) -> None:
    """Insert one planned message for each reminder.

    Args:
        connection: in a transaction.
        reminders: each with its own data.
        run: its `id`, `brand`, `purpose` and `purpose_class`.
        space: of its dedupe keys: the brand, or the rehearsal.
        shard_size: messages of a shard.
        now: when it is planned.
    """
    connection.execute(
        text("""
            WITH d AS (
                SELECT *, row_number() OVER () AS place FROM jsonb_to_recordset(:reminders) AS d(
                    invoice bigint, customer bigint, number text, key text, data jsonb)
            )
            INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, invoice_id,
                                  dedupe_key, data, shard, planned_at)
            SELECT message_id(d.key), :id, d.customer, :brand, :purpose, :purpose_class, d.number, d.invoice, d.key,
                   d.data || jsonb_build_object('customer', jsonb_build_object('first_name', c.first_name,
                       'last_name', c.last_name, 'company', c.company)),
                   (d.place - 1) / :shard_size, :now
            FROM d JOIN customers c ON c.id = d.customer
            ON CONFLICT DO NOTHING
        """).bindparams(bindparam("reminders", type_=JSONB)),
        {
            **run,
            "shard_size": shard_size,
            "now": now,
            "reminders": [
                {
                    "invoice": one.invoice,
                    "customer": one.customer,
                    "number": one.number,
                    "key": f"{space}:dunning:{one.number}:{one.customer}:{one.named_step}",
                    "data": data,
                }
                for one, data in reminders
            ],
        },
    )


def followed(connection: Connection, run: str, shard: int) -> list[tuple[str, list[dict[str, object]], str]]:
    """Return (message, decision, channel) of messages that shall take one channel where they can.

    A credit note takes the channel that its invoice went on; a reminder whose step says so takes the letter.
    """
    rows = connection.execute(
        text(f"""
            SELECT m.id::text AS id, m.decision, coalesce(
                CASE WHEN m.data ->> 'by_letter' = 'true' THEN 'letter' END,
                (SELECT s.channel FROM invoices n JOIN invoices o ON o.brand = n.brand AND o.number = n.credits
                 JOIN messages s ON s.invoice_id = o.id AND s.purpose = 'invoice' AND s.state = '{MessageState.DONE}'
                 WHERE n.id = m.invoice_id AND n.credits <> '' ORDER BY s.updated_at DESC LIMIT 1)) AS wanted
            FROM messages m WHERE m.run_id = :run AND m.shard = :shard AND m.state = 'ready' AND m.tried = '{{}}'
            ORDER BY m.id FOR UPDATE
        """),
        {"run": run, "shard": shard},
    )
    return [(row.id, row.decision, row.wanted) for row in rows if row.wanted]


def put_first(connection: Connection, message: str, channel: str, decision: str) -> None:
    """Give a message another first channel; `decision` is JSON, its channels in their new order."""
    connection.execute(
        text("""
            UPDATE messages SET channel = :channel, first_channel = :channel, decision = CAST(:decision AS jsonb),
                   updated_at = clock_timestamp() WHERE id = CAST(:id AS uuid)
        """),
        {"id": message, "channel": channel, "decision": decision},
    )
