"""SMS by Twilio: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from channels.calls import Calls
from channels.contract import Capability, Doubt
from channels.twilio import WAIT, WORKERS, Account
from tidings.channel import Channel
from tidings.message import Parcel, Sms
from tidings.outcome import ErrorClass, Outcome, Refused, Rejected
from tidings.receipt import Receipt
from tidings.sender import NUMBER, is_name, is_number, sender_for
from tidings.settings import TwilioSettings


class Twilio:
    """One HTTPS call per SMS through the `twilio` client, with our own transport: time-outs, no log, no retry."""

    name = "twilio"
    channel = Channel.SMS
    capability = Capability.LIST
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: TwilioSettings, *, public_url: str) -> None:
        """Make the one client; the service is contacted by the first message.

        Args:
            settings: account and sender.
            public_url: where Twilio reports what became of a message; a loopback address is not told to it.

        Raises:
            Problem: no account or no token.
        """
        self._account = Account(settings, public_url=public_url, channel=self.channel)
        self.settle_after = self._account.settle_after
        self.call_timeout = settings.timeout * 2
        self.rate = settings.rate
        self._service = settings.messaging_service_sid
        self._number = settings.number
        self._calls = Calls(self._one, limit=self.call_timeout, workers=WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over SMS. See `channels.contract.Provider.send`; `reference` is the message SID."""
        return self._calls.each(parcels)

    def find(self, doubts: Sequence[Doubt], *, now: datetime) -> Iterator[Receipt]:
        """Ask what was taken. See `channels.contract.Lists.find`."""
        return self._account.find(doubts, now=now)

    def close(self) -> None:
        """Close idle connections."""
        self._account.close()

    def _one(self, parcel: Parcel) -> Outcome:
        sms = parcel.content
        if not isinstance(sms, Sms):
            return Rejected(error=ErrorClass.DATA, code="not_an_sms")
        if not NUMBER.fullmatch(sms.to):  # Twilio also takes whatsapp: and client: addresses
            return Rejected(error=ErrorClass.ADDRESS, code="not_e164")
        if self._service:  # chooses a sender that the country takes
            return self._create(parcel, sms, messaging_service_sid=self._service)
        if not (is_number(sms.sender) or is_name(sms.sender)):
            return Refused(error=ErrorClass.CONFIG, code="sender", wait=WAIT[ErrorClass.CONFIG])
        sender = sender_for(sms.sender, sms.to, number=self._number)
        if sender is None:
            return Rejected(error=ErrorClass.CONFIG, code="country_takes_no_names")
        return self._create(parcel, sms, from_=sender)

    def _create(self, parcel: Parcel, sms: Sms, **sender: str) -> Outcome:
        """Create the message; the text is taken as it is (no smart encoding)."""
        return self._account.create(parcel.attempt, to=sms.to, body=sms.text, smart_encoded=False, **sender)
