"""What the answers of push services that are spoken to over plain HTTP have in common."""

from collections.abc import Mapping
from datetime import timedelta

import httpx2

from tidings.outcome import ErrorClass, Outcome, Refused

WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(minutes=1),
    ErrorClass.CONFIG: timedelta(minutes=10),
}
"""FCM asks for at least a minute after QUOTA_EXCEEDED."""
LONGEST = 86_400
"""Seconds: a longer Retry-After is a mistake of theirs."""


def retry_after(headers: Mapping[str, str], kind: ErrorClass) -> timedelta:
    """Return how long to wait: what the service says in seconds, else what is usual."""
    seconds = headers.get("retry-after", "")
    told = int(seconds) if seconds.isdecimal() and len(seconds) <= len(str(LONGEST)) else 0
    return timedelta(seconds=told) if 0 < told <= LONGEST else WAIT[kind]


def not_sent(error: httpx2.HTTPError) -> Outcome | None:
    """Return the outcome of a call that never reached the service; None when it may have."""
    if isinstance(
        error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError
    ):
        return Refused(error=ErrorClass.TRANSIENT, code=type(error).__name__, wait=WAIT[ErrorClass.TRANSIENT])
    return None
