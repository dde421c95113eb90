"""Chance that comes out the same on every machine: blake2b over what is asked, written out."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
SPAN = 2.0**64


def share(*key: object) -> float:
    """Return a number in [0, 1) that depends on the key alone.

    >>> share("customer", 7, "language") == share("customer", 7, "language")
    True
    """
    digest = blake2b("\x1f".join(map(str, key)).encode(), digest_size=8, person=b"tidings demo")
    return int.from_bytes(digest.digest(), "big") / SPAN


def pick(choices: Sequence[T], *key: object) -> T:
    """Return one of the choices, each as likely as the other."""
    return choices[int(share(*key) * len(choices))]


def weigh(weights: Mapping[T, float], *key: object) -> T:
    """Return one of the keys of `weights`, as likely as its weight says."""
    left = share(*key) * sum(weights.values())
    for choice, weight in weights.items():
        left -= weight
        if left < 0:
            return choice
    return next(iter(weights))


def happens(chance: float, *key: object) -> bool:
    """Return whether something that happens with this chance does."""
    return share(*key) < chance


def between(low: int, high: int, *key: object) -> int:
    """Return a whole number from `low` to `high`, both included."""
    return low + int(share(*key) * (high - low + 1))
