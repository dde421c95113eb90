"""A rehearsal builds every message and sends none: what would fail later fails now."""

from collections.abc import Callable
from decimal import Decimal

import structlog

from store.invoices import documents
from store.manners import manners
from store.rehearsal import as_if_claimed, note_costs, note_failures
from work.build import parcel, parts_and_cost, read_context
from work.installation import Installation

log = structlog.get_logger()


def rehearse_shard(
    installation: Installation, run_id: str, shard: int, *, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Build what a shard would send; a message that cannot be built is marked undeliverable. Returns how many were."""
    with installation.engine.begin() as connection:
        context = read_context(connection, installation, run_id)
        rows = as_if_claimed(connection, run_id, shard, at=context.run.starts_at)
        invoices = documents(connection, [row.invoice for row in rows if row.invoice is not None])
        said = manners(connection, sorted({row.customer for row in rows}))
    costs: dict[str, Decimal] = {}
    wrong: list[str] = []
    for row in rows:
        try:
            content = parcel(row, context, installation, invoices, said).content
        except Exception as error:  # the whole point is to find every message that would fail
            log.warning("a message could not be rendered", message=row.message, error=type(error).__name__)
            wrong.append(row.message)
        else:
            costs[row.message] = parts_and_cost(content, installation.organisation)[1]
        progress(1)
    with installation.engine.begin() as connection:
        note_failures(connection, wrong)
        note_costs(connection, costs)
    return len(wrong)
