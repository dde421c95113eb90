"""Ids and short references made here, a batch at a time: growing ids keep indexes small and their pages warm."""

import os
import time
from hashlib import blake2b

_SIGNS = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for each other on the phone or on paper: 0 and O, 1, I and L."""

_SPOKEN = bytes(_SIGNS[byte % len(_SIGNS)] for byte in range(256))


def uuid7(count: int) -> list[str]:
    """Return `count` UUIDv7 (RFC 9562, method 1: a counter after the milliseconds), in growing order up to 4096.

    >>> one, other = uuid7(2)
    >>> one < other, one[14], one[19]
    (True, '7', '8')
    """
    stamp = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{stamp[:8]}-{stamp[8:]}-7"
    chance = os.urandom(8 * count).hex()
    return [
        f"{head}{number & 0xFFF:03x}-8{chance[at + 1 : at + 4]}-{chance[at + 4 : at + 16]}"
        for number, at in enumerate(range(0, 16 * count, 16))
    ]


def reference(message: str, number: int) -> str:
    """Return the reference of a message's n-th delivery: ten signs that can be spoken, the same after a restore.

    >>> reference("01900000-0000-7000-8000-000000000001", 1)
    'AWW9JYY9UJ'
    """
    return blake2b(f"{message}.{number}".encode(), digest_size=10).digest().translate(_SPOKEN).decode()


def references(count: int) -> list[str]:
    """Return `count` references by chance, for what finds its own one taken; the unique index refuses one that repeats.

    >>> [len(one) for one in references(2)]
    [10, 10]
    """
    signs = os.urandom(10 * count).translate(_SPOKEN).decode()
    return [signs[at : at + 10] for at in range(0, 10 * count, 10)]
