"""Deciding: a million customers by all rules, against the row-by-row reading that the tests hold it to."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from bench.crowd import NOW, POLICY, crowd, part
from bench.figure import Figure, bound, cpu_seconds, rate
from preferences.decision import decide
from tests.preferences.oracle import Oracle
from tidings.facts import SCHEMAS, Decisions, Facts
from tidings.reason import Reason

MANY = 1_000_000
SIZES = (10_000, 30_000, 100_000, 300_000, MANY)
ONE_BY_ONE = 1_000
"""Customers drawn by lot whom the oracle decides, too."""
BATCH = 50
ROUNDS = 40
GIB = 2**30
LEAST = 0.01
"""Of the customers, for each rule."""
ELSEWHERE = frozenset({
    Reason.ALREADY_SENT, Reason.WRONG_TOTAL, Reason.WRONG_DOCUMENT, Reason.UNKNOWN_CUSTOMER, Reason.DUPLICATE_NUMBER,
    Reason.REHEARSAL, Reason.STOPPED, Reason.RECALLED, Reason.ERASED, Reason.REDEEMED, Reason.MERGED, Reason.HOUSEHOLD,
    Reason.CUT_OFF, Reason.RELEASE, Reason.BACK_OFF, Reason.FALLBACK, Reason.CALL_WISHED, Reason.CO_MAILED,
    Reason.PAID, Reason.CREDITED, Reason.VOIDED, Reason.DISPUTED,
})  # fmt: skip
"""Reasons that are found before a message is decided, or after."""


def figures() -> Iterable[Figure]:
    """Measure in this process; the peak of memory in one of its own, which makes the facts, too."""
    decide(crowd(SIZES[0]), POLICY, NOW)
    costs = {size: _cost(size) for size in SIZES}
    _print(costs)
    yield bound("decide 1M", ours=costs[MANY], most=3.0, unit="CPU-s")
    each = [costs[size] / size for size in (SIZES[0], MANY)]
    yield bound("linear 10k-1M", ours=each[1] / each[0], most=1.2, unit="times as long each")
    facts = crowd(MANY)
    start = time.process_time()
    answer = decide(facts, POLICY, NOW)
    told = time.process_time() - start
    yield bound("decide 1M, with evidence and digests", ours=told, most=8.0, unit="CPU-s")
    every_rule_spoke(answer, MANY)
    alone = as_the_oracle_says(facts, answer)
    yield rate(
        "decide: columns against rows",
        ours=MANY / told,
        other=ONE_BY_ONE / alone,
        unit="customers/CPU-s",
        goal=20,
    )
    small = part(facts, range(1, BATCH + 1))
    start = time.process_time()
    for _ in range(ROUNDS):
        decide(small, POLICY, NOW, explained=False)
    yield bound(
        "decide: CPU of a claim of 50",
        ours=(time.process_time() - start) / ROUNDS * 1000,
        most=20.0,
        unit="ms",
    )
    del facts, small, answer
    yield bound("decide memory", ours=_peak() / GIB, most=4.0, unit="GiB")


def _cost(size: int) -> float:
    """Return the CPU seconds, all threads, in which so many are decided; the better of two, for others compute, too."""
    facts = crowd(size)
    return min(cpu_seconds(lambda: decide(facts, POLICY, NOW, explained=False)) for _ in range(2))


def _peak() -> int:
    """Return the most memory, bytes, of a process that makes the facts about a million and decides."""
    script = (
        "import resource; from bench.crowd import NOW, POLICY, crowd; from preferences.decision import decide;"
        f"decide(crowd({MANY}), POLICY, NOW, explained=False);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return int(found.stdout) * 1024


def _print(costs: Mapping[int, float]) -> None:
    table = Table("customers", "CPU-s", "us each")
    for size, cost in costs.items():
        table.add_row(f"{size:,}", f"{cost:.3f}", f"{cost / size * 1e6:.2f}")
    Console(width=120).print(table)


def every_rule_spoke(decisions: Decisions, count: int) -> None:
    """Hold that every reason that a decision may have is there for at least LEAST of the customers.

    Raises:
        RuntimeError: names those that are not.
    """
    spoke = Counter(dict(decisions.verdicts["reason"].value_counts().iter_rows()))
    placed = decisions.ranked.group_by("reason").agg(pl.col("message").n_unique())
    for reason, messages in placed.iter_rows():
        spoke[reason] = max(spoke[reason], messages)
    rare = [
        reason.value for reason in Reason if reason not in ELSEWHERE and spoke[reason.value] < LEAST * count
    ]
    if rare:
        raise RuntimeError(f"These rules spoke for less than 1 % of the customers: {', '.join(rare)}.")


def as_the_oracle_says(facts: Facts, decisions: Decisions) -> float:
    """Hold that customers drawn by lot are decided as the row-by-row reading does; returns its CPU seconds.

    Raises:
        RuntimeError: names the first one that is not.
    """
    drawn = np.random.default_rng(11).choice(facts.asked.height, ONE_BY_ONE, replace=False) + 1
    few = part(facts, drawn.tolist())
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    alone = cpu_seconds(lambda: found.extend(one_by_one(few)))
    mine = pl.col("message").is_in(few.asked["message"].to_list())
    kept = Decisions(verdicts=decisions.verdicts.filter(mine), ranked=decisions.ranked.filter(mine))
    for ours, theirs in zip(_plain(kept), found, strict=True):
        if ours != theirs:
            raise RuntimeError(f"The oracle differs: {ours} is {theirs}.")
    return alone


def _plain(decisions: Decisions) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    from tests.preferences.batches import answers

    found: list[tuple[dict[str, Any], dict[str, Any]]] = answers(decisions)
    return found


def one_by_one(facts: Facts) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Decide every message by the row-by-row reading, with what `decide` makes: evidence as JSON and a digest."""
    rows = {name: getattr(facts, name).to_dicts() for name in SCHEMAS}
    judge: Any = Oracle(facts.question, rows, POLICY, NOW, facts.washed)  # type: ignore[no-untyped-call]
    found = []
    for line in rows["asked"]:
        answer = judge.decide_line(line)
        known = json.dumps([judge.of(name, line["customer"]) for name in SCHEMAS], default=str)
        hashlib.blake2b(known.encode(), digest_size=8).hexdigest()
        found.append(answer)
    return found
