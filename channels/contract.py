"""What every provider promises. `tests/channels/conformance.py` checks the promise."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from tidings.channel import Channel
from tidings.message import Parcel
from tidings.outcome import Outcome
from tidings.receipt import Receipt


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
    """The longest that one parcel can take. What is given up after it sends nothing any more."""
    platforms: frozenset[str]
    """Platforms of `addresses.platform` that it reaches; empty: whatever its channel has."""
    rate: float
    """Messages a second that the account allows, over all workers; 0: no limit of which we know."""

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Make at most one attempt for each parcel; yield (attempt id, outcome) once for each, as it is known.

        Nothing is sent before the first outcome is asked for. After an outcome of class `config` or `throttle`
        the rest of the batch is refused with the same outcome and without a call (`called=False`). Outcomes
        may come in another order than parcels. An iteration that ends early or raises leaves the rest unknown to the
        caller.
        """
        ...

    def close(self) -> None:
        """Give back connections; the provider can be used again and opens new ones."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """An attempt whose outcome nobody knows, as a provider is asked about it."""

    attempt: str
    delivery: str
    reference: str
    address: str
    started_at: datetime
    content_hash: str | None = None
    """`deliveries.content_hash`. After a crash before it was stored: of the bytes made again, since same inputs make
    the same bytes. A list that shows texts is compared by it; None: only what was never sent can be told."""
    own_words: bool = True
    """Whether it was these bytes for certain. After a restore they are made from what the backup knew, and another text
    to the same address may be the same message."""


@runtime_checkable
class Lists(Protocol):
    """A provider of capability `list`: it can be asked what it took."""

    settle_after: timedelta
    """How long its list may lag behind what it took; asked earlier, a missing message proves nothing."""

    def find(self, doubts: Sequence[Doubt], *, now: datetime) -> Iterable[Receipt]:
        """Ask what was taken; yields ACCEPTED or ABSENT for each doubt that the list decides, nothing for the rest.

        ABSENT only when the list was read without a gap from before `started_at` until after `settle_after`.
        """
        ...


@runtime_checkable
class Forgets(Protocol):
    """A provider of capability `key` that forgets its keys: what is older is never handed over again by itself."""

    key_life: timedelta
    """How long after the first time a key counts, with a margin for a call that takes its time."""


@runtime_checkable
class SharesEnvelopes(Protocol):
    """A provider of letters that puts several of one customer into one envelope (`tidings.message.Envelope`).

    Each letter keeps its own key: one that is in a batch already is not printed again, and the others go without it.
    """

    shares_envelopes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A webhook call as it came in. Nothing in it is believed before its signature."""

    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Forged:
    """A call that is not the provider's, is too old, or cannot be read."""

    code: str
    """`signature`, `certificate`, `topic`, `age`, `syntax`, ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a call said, and what the caller is answered."""

    receipts: Sequence[Receipt]
    content_type: str = "text/plain"
    answer: bytes = b""


class Hook(Protocol):
    """Reads the webhook calls of one provider: `/hooks/<name>` and everything below it."""

    name: str

    def hear(self, call: Call, *, now: datetime) -> Heard | Forged:
        """Check who calls, then translate. Never raises for what is in the call."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Bag:
    """A handful of receipts from a queue, a mailbox or a folder."""

    receipts: Sequence[Receipt]
    done: Callable[[], None]
    """Called once the receipts are committed: deletes or moves what they came from. Until then it comes again."""


class Source(Protocol):
    """A queue, mailbox or folder that is emptied again and again. Never waits longer than a few seconds."""

    name: str

    def bags(self, *, now: datetime) -> Iterator[Bag]:
        """Yield what is there now; what cannot be read is put aside with its reason, never dropped."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
