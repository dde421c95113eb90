"""What comes back: one line of news about an attempt, a delivery or an address, whoever brought it.

Receipts commute and are idempotent: in any order, any number of times, before or after our own commit, the same final
state (design/delivery.md, rule 6). `work.receive` folds them; adapters only translate.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tidings.channel import Channel
from tidings.outcome import ErrorClass


class ReceiptKind(StrEnum):
    """What happened."""

    ACCEPTED = "accepted"
    """The provider has it: settles a doubt, and says nothing about the customer."""
    ABSENT = "absent"
    """The provider has never had it: settles a doubt."""
    REJECTED = "rejected"
    """The provider took it and then would not send it."""
    DELIVERED = "delivered"
    DELAYED = "delayed"
    """Not yet; the provider goes on trying. Changes nothing."""
    BOUNCED = "bounced"
    """It will not arrive; `error` says whether the address, the message or something of ours is why."""
    EXPIRED = "expired"
    """The provider gave up in time; the address may be good."""
    OPENED = "opened"
    CLICKED = "clicked"
    READ = "read"
    COMPLAINED = "complained"
    """The customer called it spam: a withdrawal."""
    STOPPED = "stopped"
    """The customer said stop: a withdrawal."""
    STARTED = "started"
    """The customer said start again: lifts what STOP did on this address, gives no consent."""
    REPLIED = "replied"
    AUTO_REPLIED = "auto_replied"
    """A machine answered for the customer (RFC 3834). Changes nothing."""
    RETURNED = "returned"
    """A letter came back."""
    PRINTED = "printed"
    """The print house has printed it."""
    POSTED = "posted"
    """The print house has handed it to the post."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One piece of news. It names its attempt in one of three ways, or only an address."""

    provider: str
    """Whose news it is: a provider's name, or `mailbox`, `print_house`."""
    event_id: str
    """Unique at its provider: what comes twice is kept once."""
    kind: ReceiptKind
    channel: Channel
    at: datetime
    attempt: str | None = None
    """Our attempt id, where it was quoted."""
    provider_reference: str | None = None
    """What the provider called it when it was accepted."""
    reference: str | None = None
    """`deliveries.reference`, as in a reply, on a letter or in a Message-ID."""
    message: str | None = None
    """Our message's id, where a mail that came back quotes it: a proof that the mail was ours."""
    address: str | None = None
    """The address it speaks of, as in `addresses.value`; the only clue of a STOP."""
    error: ErrorClass | None = None
    code: str = ""
    """The provider's own code; never its words, which name the customer."""
    machine: bool = False
    """Opened or clicked by a mail program or a scanner, not by a person."""
    text: str = field(default="", repr=False)
    """What the customer wrote; stays out of logs."""
