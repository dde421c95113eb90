"""The clock of a time zone that a file, a form or another system has named, and that may be none."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=4096)
def clock_of(zone: str) -> ZoneInfo:
    """Return the clock of a zone of the IANA database, that of UTC where there is no such zone.

    >>> clock_of("Europe/Oslo").key, clock_of("Europe").key, clock_of("").key
    ('Europe/Oslo', 'UTC', 'UTC')
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: `Europe` is a folder there
        return ZoneInfo("UTC")
