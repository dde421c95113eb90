"""Numbers that cost a walk through a table are read again only when they have become cheap enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

SHARE = 0.02
"""Of one connection's time that reading may take, however many collectors ask and however large the tables are."""

Rows = Sequence[Sequence[Any]]


@dataclass(kw_only=True)
class Gauges:
    """What was read last of each gauge: as old as 50 times what reading it took, so it is fresh while it is cheap.

    Args:
        ticks: seconds of a clock that only goes on.
    """

    ticks: Callable[[], float] = monotonic
    _read: dict[str, tuple[float, Rows]] = field(default_factory=dict)
    """Of each gauge when it may be read again, and what was read."""
    _lock: Lock = field(default_factory=Lock)

    def rows(self, name: str, read: Callable[[], Rows]) -> Rows:
        """Return the rows of a gauge; one caller at a time reads."""
        with self._lock:
            again_at, known = self._read.get(name, (float("-inf"), ()))
            began = self.ticks()
            if began < again_at:
                return known
            found = read()
            ended = self.ticks()
            self._read[name] = ended + (ended - began) / SHARE, found
            return found
