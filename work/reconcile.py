"""Every batch that was handed over, beside what the print house confirmed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from store import paper
from tidings.problem import Problem
from work.confirmations import BATCHES


def reconciled(connection: Connection, batch: str | None = None) -> list[dict[str, Any]]:
    """Return the batches, the newest first, each with its open discrepancies; one that only they know comes last.

    Raises:
        Problem: nobody knows the batch.
    """
    open_now: dict[str, list[Mapping[str, Any]]] = {}
    for one in paper.open_differences(connection, batch):
        open_now.setdefault(one["batch"], []).append(one)
    found = [
        asdict(one) | {"discrepancies": open_now.pop(one.batch, [])}
        for one in paper.batches(connection, BATCHES, batch)
    ]
    found += [_unknown(name, listed) for name, listed in open_now.items()]
    if batch is not None and not found:
        raise Problem(f"There is no batch {batch}.", todo="`tidings print reconcile` lists them.")
    return found


def _unknown(name: str, listed: list[Mapping[str, Any]]) -> dict[str, Any]:
    nothing = dict.fromkeys(("letters", "sheets", "printed", "posted"), 0)
    unsaid = dict.fromkeys(("provider", "handed_over_at", "confirmed_at"))
    return {"batch": name, **unsaid, **nothing, "discrepancies": listed}
