"""What Prefect takes of the CPU of a hundred thousand SMS; see `bench.share`."""

from collections.abc import Iterable

from bench.figure import Figure
from bench.share import count, share_of, sms


def figures() -> Iterable[Figure]:
    """Measure a tenth as many SMS as `bench.share` sends mails."""
    yield share_of(sms(count() // 10), "SMS")
