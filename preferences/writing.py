"""A decision as frames: reasons by name, instants, and the evidence of every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preferences.batch import Batch
from preferences.behaviour import base_rates
from preferences.evidence import Evidence
from preferences.grounds import Ground, chances, grounds, permissions, waits
from preferences.reach import OPEN, REASONS
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Floats, Ints, Small, flat, where
from preferences.timing import Timing

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line per message; matrices are messages x channels in the order of CHANNELS."""

    person: Ints
    """The customer's row in the sheet."""
    reason: Small
    order: Small
    """Channels as they are listed: possible ones by rank, then the others by house order."""
    rank: Small
    """Along `order`; NOBODY: not possible."""
    propensity: Floats
    """How likely it was that the first channel comes first."""
    held: Small
    """Why the message is held, OPEN when it is ready."""
    timing: Timing
    line: Ints
    """The line of `timing`, NOBODY for messages without a channel."""


def ranked_frame(batch: Batch, answer: Answer, ground: Ground, *, explained: bool) -> pl.DataFrame:
    """Return one row per message and channel, as `tidings.facts.Decisions.ranked` says; `explained`: with evidence."""
    import polars as pl

    count = len(answer.person)
    message = np.repeat(np.arange(count, dtype=np.uint32), WIDTH)
    channel = answer.order.ravel()
    cell = channel * np.int64(batch.size) + np.repeat(answer.person, WIDTH)
    reason = flat(answer.reason)[channel * np.int64(count) + message]
    rank = answer.rank.ravel()
    addresses = pl.concat([batch.addresses.frame["address"], pl.Series([None], dtype=pl.Int64)])
    address = flat(ground.reach.address)[cell]
    endless = (np.append(answer.timing.due, 0) == NEVER)[answer.line]
    line = where((rank == 1) | np.repeat(endless, WIDTH), np.repeat(answer.line, WIDTH), NOBODY)
    return pl.DataFrame(
        {
            "message": batch.asked.frame["message"][message],
            "channel": pl.Series(CHANNELS)[channel.astype(np.uint32)],
            "rank": pl.Series([*range(1, WIDTH + 1), None], dtype=pl.Int8)[
                where(rank == NOBODY, np.int8(WIDTH), rank - np.int8(1)).astype(np.uint32)
            ],
            "reason": _names(reason),
            "address": addresses[where(address == NOBODY, len(addresses) - 1, address).astype(np.uint32)],
            "evidence": _evidence(batch, answer, ground, cell, reason, line)
            if explained
            else pl.Series([None], dtype=pl.String).new_from_index(0, len(cell)),
            "expected": pl.Series(_expected(batch, ground, cell)),
        }
    )


def _expected(batch: Batch, ground: Ground, cell: Ints) -> Floats:
    if ground.observed is None:
        return base_rates(batch.question, batch.policy)[cell // max(batch.size, 1)]
    return flat(ground.observed.mean)[cell]


def _evidence(
    batch: Batch, answer: Answer, ground: Ground, cell: Ints, reason: Ints, line: Ints
) -> pl.Series:
    evidence = Evidence()
    return evidence.text(
        np.maximum(
            grounds(batch, ground, evidence, cell, reason),
            chances(batch, evidence, reason, np.repeat(answer.propensity, WIDTH)),
        ),
        permissions(batch, ground, evidence, cell, reason),
        waits(batch, answer.timing, evidence, line),
    )


def verdicts_frame(
    batch: Batch, answer: Answer, languages: pl.Series, tracking: pl.Series, digests: list[str]
) -> pl.DataFrame:
    """Return one row per message, as `tidings.facts.Decisions.verdicts` says."""
    import polars as pl

    ready = answer.held == OPEN
    due = where(ready, np.append(answer.timing.due, batch.now)[answer.line], batch.now)
    waits = np.append(answer.timing.reason, np.int8(OPEN))[answer.line]
    channel = where(ready, answer.order[:, 0], np.int8(WIDTH))
    return pl.DataFrame(
        {
            "message": batch.asked.frame["message"],
            "customer": batch.asked.frame["customer"],
            "state": pl.Series(["held", "ready"])[ready.astype(np.uint32)],
            "reason": _names(where(ready, waits, answer.held)),
            "due_at": pl.Series(due).cast(pl.Datetime("us", "UTC")),
            "channel": pl.Series([*CHANNELS, None])[channel.astype(np.uint32)],
            "language": languages,
            "tracking": tracking,
            "propensity": pl.Series(answer.propensity),
            "input_digest": pl.Series(digests, dtype=pl.String),
        }
    )


def _names(reasons: Small) -> pl.Series:
    import polars as pl

    open_last = np.minimum(reasons.view(np.uint8), len(REASONS))  # OPEN is the largest without its sign
    return pl.Series([*(reason.value for reason in REASONS), ""])[open_last.astype(np.uint32)]
