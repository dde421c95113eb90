"""What adapters of telephone channels make of an answer, and of an id that comes back to us."""

from datetime import datetime
from uuid import UUID

from tidings.channel import Channel
from tidings.keywords import Keyword, keyword
from tidings.receipt import Receipt, ReceiptKind
from tidings.reference import quoted_reference

_SAID = {Keyword.STOP: ReceiptKind.STOPPED, Keyword.START: ReceiptKind.STARTED}


def answer(
    *,
    provider: str,
    message: str,
    channel: Channel,
    address: str,
    text: str,
    at: datetime,
    said: Keyword | None = None,
    quoted: str = "",
) -> Receipt:
    """Return the receipt of a message from a customer: a STOP, a START, or words for a person to read.

    Args:
        provider: whose attempts are answered.
        message: the provider's id of the inbound message: what comes twice is kept once.
        channel: where it was written.
        address: who wrote.
        text: what was written.
        at: when.
        said: what the provider understood, if it says so.
        quoted: the provider's id of our message that is answered, if it says so.
    """
    said = said or keyword(text)
    return Receipt(
        provider=provider,
        event_id=f"{message}:received",
        kind=_SAID.get(said, ReceiptKind.REPLIED) if said else ReceiptKind.REPLIED,
        channel=channel,
        at=at,
        provider_reference=quoted or None,
        reference=quoted_reference(text),
        address=address,
        text=text,
    )


def attempt_id(value: object) -> str | None:
    """Return our attempt id as it came back, None when it cannot be one."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return None
