"""Exploration and holdouts: what is left to chance, and how likely it was, so that a run can be judged afterwards.

Chance is a number that the run (or the group) and the customer give, never a state: the same question has the same
answer in any batch, and again when a message is claimed, explained or replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from preferences.digest import mixed, word
from preferences.sheet import Bools, Floats, Ints, Small, where

_STEPS = 2.0**-53


@dataclass(frozen=True, kw_only=True)
class Lots:
    """Per message."""

    drawn: Bools
    """Whether the lot gave another channel than the rules."""
    channel: Small
    """Which one comes first now."""
    propensity: Floats
    """How likely it was that this one comes first; 1 where nothing is drawn."""


def chance(name: str, customers: Ints) -> Floats:
    """Return a number in [0, 1) for each customer: BLAKE2b of the name, mixed with the customer by splitmix64."""
    seed = np.uint64(word(name))
    value = mixed(seed + mixed(customers.astype(np.int64).view(np.uint64)))
    return (value >> np.uint64(11)).astype(np.float64) * _STEPS


def lots(*, run: str, customers: Ints, first: Small, possible: Bools, silent: Bools, share: float) -> Lots:
    """Draw a channel for a share of the messages, each possible one equally likely.

    Args:
        run: its id; with the customer it is the seed.
        customers: of each message.
        first: the channel that the rules put first (any where none is possible).
        possible: messages x channels.
        silent: whose customers stated nothing, and which are at their first try; no other is drawn for.
        share: of the messages, 0 to 1.
    """
    count = reduce(np.add, possible.T.astype(np.int8))
    judged = silent & (count > 1) & (share > 0)
    number = chance(f"explore\n{run}", customers)
    hit = judged & (number < share)
    row = np.flatnonzero(hit)
    nth = np.minimum(np.floor(number[row] / (share or 1.0) * count[row]), count[row] - 1)
    channel = np.array(first)
    channel[row] = np.argmax(np.cumsum(possible[row], axis=1) > nth[:, None], axis=1)
    each = share / np.maximum(count, 1)
    propensity = where(channel == first, 1.0 - share + each, each)
    return Lots(drawn=hit & (channel != first), channel=channel, propensity=where(judged, propensity, 1.0))
