"""WhatsApp by Twilio: https://www.twilio.com/docs/whatsapp/api."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.calls import Calls
from channels.contract import Capability, Doubt
from channels.twilio import WAIT, WORKERS, Account
from tidings.channel import Channel
from tidings.message import Parcel, WhatsApp
from tidings.outcome import ErrorClass, Outcome, Refused, Rejected
from tidings.receipt import Receipt
from tidings.sender import NUMBER
from tidings.settings import TwilioSettings

PREFIX = "whatsapp:"
WINDOW = timedelta(hours=23, minutes=55)
"""Free text is taken for 24 hours after the customer's last message; ours has to arrive before they are over."""


class TwilioWhatsApp:
    """One HTTPS call per message: free text while the customer's window is open, else an approved template.

    Args:
        settings: the account, shared with SMS.
        public_url: where Twilio reports what became of a message.
        clock: the current instant; the window is measured by it.
    """

    name = "twilio-whatsapp"
    channel = Channel.WHATSAPP
    capability = Capability.LIST
    platforms: frozenset[str] = frozenset()

    def __init__(
        self,
        settings: TwilioSettings,
        *,
        public_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = Account(settings, public_url=public_url, channel=self.channel)
        self.settle_after = self._account.settle_after
        self.call_timeout = settings.timeout * 2
        self.rate = settings.rate
        self._clock = clock
        self._calls = Calls(self._one, limit=self.call_timeout, workers=WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over messages. See `channels.contract.Provider.send`; `reference` is the message SID."""
        return self._calls.each(parcels)

    def find(self, doubts: Sequence[Doubt], *, now: datetime) -> Iterator[Receipt]:
        """Ask what was taken. See `channels.contract.Lists.find`.

        What went out as a template is listed in the template's words, so a text that differs proves nothing.
        """
        return self._account.find(doubts, now=now, prefix=PREFIX, provider=self.name, own_words=False)

    def close(self) -> None:
        """Close idle connections."""
        self._account.close()

    def _one(self, parcel: Parcel) -> Outcome:
        message = parcel.content
        if not isinstance(message, WhatsApp):
            return Rejected(error=ErrorClass.DATA, code="not_whatsapp")
        if not NUMBER.fullmatch(message.to):
            return Rejected(error=ErrorClass.ADDRESS, code="not_e164")
        if not NUMBER.fullmatch(message.sender):
            return Refused(error=ErrorClass.CONFIG, code="sender", wait=WAIT[ErrorClass.CONFIG])
        said = self._said(message)
        if (
            said is None
        ):  # nothing can be said to this customer now: the next channel, and the lane stays open
            return Rejected(error=ErrorClass.CONFIG, code="no_content_template")
        to, sender = PREFIX + message.to, PREFIX + message.sender
        return self._account.create(parcel.attempt, to=to, from_=sender, **said)

    def _said(self, message: WhatsApp) -> dict[str, Any] | None:
        """Return what is sent: free text in the window, the template outside it, None when there is none."""
        if message.heard_at is not None and self._clock() - message.heard_at < WINDOW:
            return {"body": message.text}
        if not message.template:
            return None
        numbered = {str(number): value for number, value in enumerate(message.variables, 1) if value}
        return {
            "content_sid": message.template,
            "content_variables": json.dumps(numbered, ensure_ascii=False),
        }
