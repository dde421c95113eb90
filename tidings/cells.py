"""Cells of tables that people open in a spreadsheet: never a formula (OWASP: CSV Injection)."""

import re
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | date | datetime | bool | None

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, also in full width."""
_WITHIN = re.compile("([;|\t\r\n])(?=[\\s\"']*[-=+@\uff1d\uff0b\uff0d\uff20])")
"""Where such a beginning stands behind what another spreadsheet takes for the end of a cell."""


def harmless(value: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers.

    >>> harmless("=cmd|' /C calc'!A0"), harmless("+47 900"), harmless(-3)
    ("'=cmd|' /C calc'!A0", "'+47 900", -3)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_RISKY) else value


def in_parts(value: Cell) -> Cell:
    """Return a cell that is harmless, too, where a spreadsheet ends cells at `;` or a tab, as most of Europe's do.

    Quotation marks do not keep it from that: the line begins with another cell than it was written with.

    >>> in_parts("Ada;=1+1"), in_parts("Oslo; Norway")
    ("Ada;'=1+1", 'Oslo; Norway')
    """
    return harmless(_WITHIN.sub(r"\1'", value) if isinstance(value, str) else value)
