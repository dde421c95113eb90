"""Instants that people type."""

from datetime import UTC, date, datetime

from tidings.problem import Problem

YEARS = range(1970, 3000)


def instant(words: str | None, option: str = "--now") -> datetime | None:
    """Return an ISO 8601 instant in UTC, as an option says it; without an offset it is UTC.

    Raises:
        Problem: not an instant.
    """
    if words is None:
        return None
    try:
        return _in_utc(words)
    except (ValueError, OverflowError) as error:
        raise Problem(
            f"{option}: {words!r} is not an instant.", todo="Write 2026-03-03T09:00:00Z."
        ) from error


def _refuse_what_nobody_means(day: date) -> None:
    if day.year not in YEARS:
        msg = "a day before or after it would be out of the calendar"
        raise ValueError(msg)


def _in_utc(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    _refuse_what_nobody_means(moment)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def day_or_instant(words: str) -> datetime:
    """Return an instant in UTC; of a day it is the last one.

    >>> day_or_instant("2026-03-04").isoformat()
    '2026-03-04T23:59:59.999999+00:00'

    Raises:
        Problem: neither.
    """
    from work.as_of import end_of  # with what decides, which most commands do not need

    try:
        day = date.fromisoformat(words)
        _refuse_what_nobody_means(day)
    except ValueError:
        try:
            return _in_utc(words)
        except (ValueError, OverflowError) as error:
            raise Problem(
                f"--as-of: {words!r} is neither a day nor an instant.",
                todo="Write 2026-03-04 or 2026-03-04T09:00:00Z.",
            ) from error
    return end_of(day)
