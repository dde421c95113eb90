"""When customers last wrote to us: some channels take free text only for a while after that."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from store.claims import Claimed

_HEARD = text("""
    SELECT customer_id, max(at) AS at FROM touchpoints
     WHERE customer_id = ANY(:customers) AND direction = 'in' AND channel = :channel AND NOT machine
       AND kind IN ('replied', 'stopped', 'started') AND at <= :now
     GROUP BY customer_id
""")


def with_last_words(connection: Connection, claimed: Sequence[Claimed], *, now: datetime) -> list[Claimed]:
    """Return the attempts, each with the moment its customer last wrote on its channel.

    Args:
        claimed: attempts on one channel.
        now: the current instant.
    """
    if not claimed:
        return []
    rows = connection.execute(
        _HEARD,
        {"customers": sorted({c.customer for c in claimed}), "channel": claimed[0].channel, "now": now},
    )
    heard = {row.customer_id: row.at for row in rows}
    return [c._replace(heard_at=heard.get(c.customer)) for c in claimed]
