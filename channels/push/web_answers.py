"""What the answers of push services that are spoken to over plain HTTP have in common."""

from collections.abc import Mapping
from datetime import timedelta

import httpx2

from channels.retry_after import asked_wait
from tidings.outcome import ErrorClass, Outcome, Refused

WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(minutes=1),
    ErrorClass.CONFIG: timedelta(minutes=10),
}
"""FCM asks for at least a minute after QUOTA_EXCEEDED."""


def retry_after(headers: Mapping[str, str], kind: ErrorClass) -> timedelta:
    """Return how long to wait: what the service says, else what is usual."""
    return asked_wait(headers) or WAIT[kind]


def not_sent(error: httpx2.HTTPError) -> Outcome | None:
    """Return the outcome of a call that never reached the service; None when it may have."""
    if isinstance(
        error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError
    ):
        return Refused(error=ErrorClass.TRANSIENT, code=type(error).__name__, wait=WAIT[ErrorClass.TRANSIENT])
    return None
