"""A figure: what we reach, what something else reaches (or the bound), and how many times better ours must be."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of the result. Made by `rate`, `cost` or `bound`, which know what better means."""

    figure: str
    ours: float
    other: float
    ratio: float
    """How many times better ours is."""
    unit: str
    goal: float
    """What the ratio must reach."""

    @property
    def reached(self) -> bool:
        """Whether the ratio is what was promised."""
        return self.ratio >= self.goal


def rate(figure: str, *, ours: float, other: float, unit: str, goal: float) -> Figure:
    """Return a figure of which more is better, such as messages per second."""
    return Figure(figure=figure, ours=ours, other=other, ratio=ours / other, unit=unit, goal=goal)


def cost(figure: str, *, ours: float, other: float, unit: str, goal: float) -> Figure:
    """Return a figure of which less is better, such as bytes or milliseconds."""
    return Figure(figure=figure, ours=ours, other=other, ratio=other / ours, unit=unit, goal=goal)


def bound(figure: str, *, ours: float, most: float, unit: str) -> Figure:
    """Return a figure that may not be above `most`."""
    return Figure(figure=figure, ours=ours, other=most, ratio=most / ours, unit=unit, goal=1)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work took on the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return how much CPU of this process, user and system, a piece of work took; other processes' is not in it."""
    start = time.process_time()
    work()
    return time.process_time() - start
