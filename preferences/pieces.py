"""Many customers decided a part at a time: what is worked on stays small and near, and the time each takes the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tidings.facts import SCHEMAS, Facts

PIECE = 100_000
"""Customers decided at once; columns of more leave the processor's memory, and each takes longer."""


def pieces(facts: Facts) -> Iterator[Facts]:
    """Yield the facts of some customers after the others; all at once where they are few or not sorted by customer.

    It makes no difference to any answer: each depends on its own customer alone.
    """
    if facts.asked.height <= PIECE or not all(
        getattr(facts, name)["customer"].is_sorted() for name in SCHEMAS
    ):
        yield facts
        return
    customers = facts.asked["customer"].to_numpy()
    edges = np.array([*customers[::PIECE], np.iinfo(np.int64).max])
    edges = np.unique(edges)
    places = {
        name: np.searchsorted(getattr(facts, name)["customer"].to_numpy(), edges[:-1]) for name in SCHEMAS
    }
    for nth, _ in enumerate(pairwise(edges)):
        parts = {}
        for name, begins in places.items():
            frame = getattr(facts, name)
            end = int(begins[nth + 1]) if nth + 1 < len(begins) else frame.height
            parts[name] = frame.slice(int(begins[nth]), end - int(begins[nth]))
        yield replace(facts, **parts)
