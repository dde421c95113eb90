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
    """The same message handed over again is the same message: send it again to find out."""
    LIST = "list"
    """The provider can be asked what it took."""
    EVENT = "event"
    """The provider reports what it took, quoting our attempt id."""
    NONE = "none"


class Provider(Protocol):
    """Hands over parcels of one channel.

    What goes wrong with one parcel is its outcome; a wrong set-up raises `tidings.problem.Problem` when the
    provider is made. Nothing is retried inside. One provider is made per process and used until it ends: it keeps
    its connections. `send` may be called from several threads at once.
    """

    name: str
    channel: Channel
    capability: Capability
    call_timeout: timedelta
    """The longest that one parcel can take; a lease must be longer than that times the batch."""

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Make at most one attempt for each parcel; yield (attempt id, outcome) once for each, as it is known.

        Nothing is sent before the first outcome is asked for. After an outcome of class `config` or `throttle`
        the rest of the batch is refused with the same outcome and without a call. The order of outcomes may
        differ from the order of parcels. An iteration that ends early or raises leaves the rest unknown to the caller.
        """
        ...

    def close(self) -> None:
        """Give back connections; the provider can be used again and opens new ones."""
        ...
