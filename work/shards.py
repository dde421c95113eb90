"""How a run is cut: each shard costs Prefect two tasks, so there are few of them, and none is short."""

from collections.abc import Collection

from tidings.channel import Channel

MOST = 500
"""Shards of a run: one task plans and one sends each, and a run has a thousand tasks at most."""
FILLED, CALLED = 10_000, 2_000
"""Messages that are a second of work or more: filled in and streamed, or a call to a provider each. With 1,000 calls
Prefect came to 4.7 % of the CPU on a busy machine, of the 5 % that it may have."""


def least_of(channels: Collection[Channel]) -> int:
    """Return how many messages a campaign's shard has at least, by the channels that it may use."""
    return FILLED if {Channel.EMAIL, Channel.LETTER} & set(channels) else CALLED


def size_of(messages: int, least: int) -> int:
    """Return how many messages each shard of a run has, so that there are no more than `MOST`."""
    return max(least, -(-messages // MOST))
