"""Why messages took the channel they took, counted."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

_CHOSEN = text("""
    SELECT m.channel, entry ->> 'reason' AS reason, count(*) AS n
      FROM messages m CROSS JOIN LATERAL jsonb_array_elements(m.decision) AS entry
     WHERE m.run_id = :run AND m.state = 'done' AND entry ->> 'channel' = m.channel
     GROUP BY 1, 2
     ORDER BY 1, 3 DESC, 2
""")


def chosen(connection: Connection, run: str) -> Iterator[tuple[str, str, int]]:
    """Yield (channel, reason, messages) of what a run sent: the reason that the channel had its rank for."""
    for row in connection.execute(_CHOSEN, {"run": run}):
        yield row.channel, row.reason, row.n
