"""Gapless numbers: checked, never made up. Which numbers of a series neither a file nor the store has."""

import re
from collections.abc import Sequence
from itertools import pairwise

_NUMBER = re.compile(r"^(?P<series>.*?(?:(?<!\d)20\d\d(?=\d{3,}$))?)(?P<place>\d{1,15})$")
"""A year at the head of the digits, as in 20260001, belongs to the series."""
MOST = 100
"""Missing numbers that are named; a larger hole is told by its ends."""


def gaps(numbers: Sequence[str], earlier: Sequence[str] = ()) -> list[str]:
    """Return the numbers that are missing between the first and the last of each series, by series and place.

    A series is what stands before the last digits of a number, with the year that they begin with. Those of a file are
    held against each other and against the last one before them; what begins a new series (a new year) begins without
    a gap.

    Args:
        numbers: of a file.
        earlier: the last number of each series that was issued before.

    >>> gaps(["F-001", "F-004"], ["F-000"]), gaps(["2027-1"], ["2026-99"])
    (['F-002', 'F-003'], [])
    """
    places: dict[str, set[int]] = {}
    widths: dict[str, int] = {}
    for number in (*numbers, *earlier):
        if found := _NUMBER.match(number):
            series = found["series"]
            places.setdefault(series, set()).add(int(found["place"]))
            widths[series] = max(
                widths.get(series, 0), len(found["place"]) if found["place"][0] == "0" else 0
            )
    missing: list[str] = []
    for series, known in sorted(places.items()):
        if not any(number.startswith(series) for number in numbers):
            continue
        ordered = sorted(known)
        for before, after in pairwise(ordered):
            missing += _between(series, before + 1, after - 1, widths[series])
    return missing


def _between(series: str, first: int, last: int, width: int) -> list[str]:
    if last - first >= MOST:
        return [f"{series}{first:0{width}} to {series}{last:0{width}}"]
    return [f"{series}{place:0{width}}" for place in range(first, last + 1)]
