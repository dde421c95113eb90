"""Instants that people type."""

from datetime import UTC, datetime

from tidings.problem import Problem


def instant(words: str | None) -> datetime | None:
    """Return an ISO 8601 instant in UTC; without an offset it is UTC.

    Raises:
        Problem: not an instant.
    """
    if words is None:
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise Problem(f"--now: {words!r} is not an instant.", todo="Write 2026-03-03T09:00:00Z.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
