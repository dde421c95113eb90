"""What a service says about how long to wait: `Retry-After` of RFC 9110 10.2.3, in seconds or as a date."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tidings.whole_number import whole_number

LONGEST = timedelta(days=1)
"""More is a mistake of theirs."""


def asked_wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a service asks to be left alone; None where it says nothing that can be meant.

    A date is measured from the answer's own `Date`: whose clock is wrong does not matter.

    Args:
        headers: of the answer, found by names in lower case.

    >>> asked_wait({"retry-after": "7"})
    datetime.timedelta(seconds=7)
    >>> asked_wait({"retry-after": "Tue, 03 Mar 2026 12:02:00 GMT", "date": "Tue, 03 Mar 2026 12:00:00 GMT"})
    datetime.timedelta(seconds=120)
    >>> [asked_wait({"retry-after": said}) for said in ("", "-1", "0", "soon", "1000000000", "9" * 5000)]
    [None, None, None, None, None, None]
    """
    said = headers.get("retry-after", "").strip()
    seconds = whole_number(said, digits=len("86400"))
    if seconds is None:
        until, since = _instant(said), _instant(headers.get("date", ""))
        wait = until - since if until and since else timedelta(0)
    else:
        wait = timedelta(seconds=seconds)
    return wait if timedelta(0) < wait <= LONGEST else None


def _instant(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
