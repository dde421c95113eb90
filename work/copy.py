"""A copy: the same message once more, because a person asked for it and said why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from store.messages import UUID7
from tidings.channel import Channel
from tidings.problem import Problem


def ask_for_copy(
    connection: Connection, message: str, *, by: str, because: str, channel: Channel | None, now: datetime
) -> str:
    """Make the next copy of a message ready; returns the copy's id. Consent and suppression bind it as any message.

    Raises:
        Problem: no such message, it was never sent, or name or reason are missing.
    """
    if not by.strip() or not because.strip():
        raise Problem("A copy needs a name and a reason.", todo='Say --by NAME --because "...".')
    try:
        wanted = str(UUID(message))
    except ValueError as error:
        raise Problem(f"{message!r} is not a message's id.", todo="The timeline shows them.") from error
    row = connection.execute(
        text("SELECT state, dedupe_key, channel, copy FROM messages WHERE id = CAST(:id AS uuid) FOR UPDATE"),
        {"id": wanted},
    ).one_or_none()
    if row is None:
        raise Problem(f"There is no message {message}.", todo="`tidings timeline CUSTOMER` shows them.")
    if row.state not in {"done", "undeliverable"} or row.copy:
        raise Problem(f"Message {message} is {row.state}; only what was sent, or failed, can be copied.")
    made = connection.execute(
        _COPY,
        {
            "id": wanted,
            "channel": channel,
            "others": [other for other in Channel if channel is not None and other is not channel],
            "because": f"{' '.join(by.split())}: {' '.join(because.split())}",
            "now": now,
        },
    ).scalar_one()
    connection.execute(
        text("INSERT INTO audit (actor, action, subject, detail) VALUES (:actor, 'copy', :subject, jsonb_build_object("
             "'because', CAST(:because AS text), 'message', CAST(:copy AS text)))"),
        {"actor": f"staff:{by}", "subject": wanted, "because": because, "copy": str(made)},
    )
    return str(made)


_COPY = text(f"""
    INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, invoice_id, dedupe_key,
        copy, copy_because, state, channel, first_channel, language, data, decision, input_digest, tried, shard,
        cost, cost_currency, due_at, planned_at)
    SELECT {UUID7}, m.run_id, m.customer_id, m.brand, m.purpose, m.purpose_class, m.document, m.invoice_id,
        m.dedupe_key || ':copy:' || n.copy, n.copy, :because, 'ready', coalesce(CAST(:channel AS text), m.channel),
        m.first_channel, m.language, m.data, m.decision, m.input_digest, CAST(:others AS text[]), m.shard,
        m.cost, m.cost_currency, :now, :now
    FROM messages m
    CROSS JOIN LATERAL (SELECT 1 + max(x.copy) AS copy FROM messages x
                        WHERE x.run_id = m.run_id AND x.customer_id = m.customer_id AND x.document = m.document) n
    WHERE m.id = CAST(:id AS uuid)
    RETURNING id
""")
