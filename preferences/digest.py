"""A fingerprint of the facts behind one answer: the same facts in any order and batch, the same 16 hex digits.

Every line of facts is mixed into one 64-bit number (words by BLAKE2b, numbers by odd multipliers, then the
finaliser of splitmix64) and the lines of a customer are added, so their order cannot matter. It notices
change; it keeps no secret.

Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from preferences.sheet import LONG_AGO, Columns, Hashes, Ints, where
from tidings.facts import SCHEMAS

LATER: Mapping[str, tuple[str, ...]] = {
    "addresses": ("register",),
    "consents": ("on_behalf", "expires_at", "ground"),
    "statements": ("on_behalf",),
}
"""Columns that came after the first release: where they say nothing, a decision keeps the digest that it had."""


def line_hashes(name: str, columns: Columns, rows: Ints) -> Hashes:
    """Return one number for each of some rows of a frame of `tidings.facts.SCHEMAS`."""
    total = np.full(len(rows), word(name), dtype=np.uint64)
    for column, kind in SCHEMAS[name].items():
        if column in ("customer", "prefix"):  # an address keeps its number
            continue
        values = _values(columns, column, kind)[rows]
        if column in LATER.get(name, ()):
            values = where(values == _nothing(kind), np.uint64(0), values)
        total += values * np.uint64(word(f"{name}.{column}") | 1)
    return mixed(total)


def added(hashes: Hashes, customer: Ints, size: int) -> Hashes:
    """Return the sum of each customer's lines, modulo 2**64."""
    total = np.zeros(size, dtype=np.uint64)
    np.add.at(total, customer, hashes)
    return total


def mixed(value: Hashes) -> Hashes:
    """Return the splitmix64 finaliser of each number."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@lru_cache(maxsize=65_536)
def word(text: str | None) -> int:
    """Return 64 bits of BLAKE2b of a word; no word has its own."""
    raw = b"\0" if text is None else b"\1" + text.encode()
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big")


def hexadecimal(value: Hashes) -> list[str]:
    """Return each number as 16 hex digits."""
    digits = value.astype(">u8").tobytes().hex()
    return [digits[place : place + 16] for place in range(0, len(digits), 16)]


def _nothing(kind: str) -> Hashes:
    """Return what a column's hash is where it says nothing: an empty word, no number, no instant."""
    if kind == "String":
        return np.array([word("")], dtype=np.uint64)
    return np.array([LONG_AGO], dtype=np.int64).view(np.uint64)


def _values(columns: Columns, column: str, kind: str) -> Hashes:
    if kind in {"String", "List(String)"}:
        return np.asarray(columns.judged(column, word, np.uint64))
    if kind == "Float64":
        return columns.real(column).view(np.uint64)
    if kind == "Boolean":
        return columns.truth(column).astype(np.uint64)
    return columns.whole(column, LONG_AGO).view(np.uint64)
