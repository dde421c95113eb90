"""Letters and invoices that were laid out in full although others of their kind are filled, and why."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from store.tables import set_in_full


def keep_in_full(connection: Connection, run: str, kind: str, causes: Sequence[tuple[str, str]]) -> None:
    """Keep why documents of a run were laid out in full; one that was made before is counted once.

    Args:
        connection: in a transaction.
        run: whose they are.
        kind: `letter` or `invoice`.
        causes: (message, cause) of each.
    """
    if causes:
        kept = [
            {"message_id": message, "kind": kind, "run_id": run, "cause": cause} for message, cause in causes
        ]
        connection.execute(insert(set_in_full).values(kept).on_conflict_do_nothing())


def in_full(connection: Connection, run: str) -> dict[str, dict[str, int]]:
    """Return {kind: {cause: documents}} of a run, only what there is."""
    kind, cause = set_in_full.c.kind, set_in_full.c.cause
    query = select(kind, cause, func.count()).where(set_in_full.c.run_id == run).group_by(kind, cause)
    found: dict[str, dict[str, int]] = {}
    for its_kind, its_cause, count in connection.execute(query.order_by(kind, cause)):
        found.setdefault(its_kind, {})[its_cause] = count
    return found
