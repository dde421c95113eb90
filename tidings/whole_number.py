"""Whole numbers that a stranger writes: in a path, a field, a cell, an option."""

from __future__ import annotations

_DIGITS = 18
"""As many always fit a bigint (2**63 - 1 has 19)."""


def whole_number(text: str, *, digits: int = _DIGITS) -> int | None:
    r"""Return the number that at most so many ASCII digits say, None for anything else.

    `int` alone takes digits of all scripts, signs and underscores, and raises on more than 4,300 digits.

    >>> whole_number("17"), whole_number("-1"), whole_number("\u0661"), whole_number("9" * 5000), whole_number("")
    (17, None, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
