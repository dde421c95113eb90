"""The clock of leases and limits: it only goes on, also while a process stands still and while the machine sleeps."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def ticks() -> float:
    """Return seconds since some moment in the past."""
    return time.clock_gettime(_CLOCK)
