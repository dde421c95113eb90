"""What every provider promises. `tests/channels/conformance.py` checks the promise."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from tidings.channel import Channel
from tidings.message import Parcel
from tidings.outcome import Outcome


class Capability(StrEnum):
    """How an unknown outcome can be settled at this provider (design/delivery.md)."""

    KEY = "key"
    LIST = "list"
    EVENT = "event"
    NONE = "none"


class Provider(Protocol):
    """Hands over parcels of one channel.

    What goes wrong with one parcel is its outcome; a wrong set-up raises `tidings.problem.Problem` when the
    provider is made. Nothing is retried inside.
    """

    name: str
    channel: Channel
    capability: Capability
    call_timeout: timedelta
    """The longest that one parcel can take; a lease must be longer than that times the batch."""

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Make exactly one attempt for each parcel; yield (attempt id, outcome) as each is known.

        An iteration that ends early or raises leaves the rest unknown to the caller.
        """
        ...
