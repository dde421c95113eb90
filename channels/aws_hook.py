"""Webhook calls of SNS topics: `/hooks/ses` and `/hooks/sns`."""

from datetime import datetime

from channels.aws_events import translate
from channels.contract import Call, Forged, Heard
from channels.sns_envelope import Envelopes
from tidings.settings import AwsEventsSettings


class AwsHook:
    """Believes the topics of the settings, signed by SNS and not too old; confirms their subscriptions by itself.

    Args:
        name: `ses` or `sns`; both read every event that `channels.aws_events` knows.
        settings: which topics.

    Raises:
        Problem: a topic that is none.
    """

    def __init__(self, name: str, settings: AwsEventsSettings) -> None:
        self.name = name
        self._envelopes = Envelopes(settings)

    def hear(self, call: Call, *, now: datetime) -> Heard | Forged:
        """Check who calls, then translate. See `channels.contract.Hook.hear`.

        What SNS sends again has the same event ids. An event that nobody knows, as the test message that SES
        publishes when a topic is set up, is taken and says nothing.

        Raises:
            ConnectionError: SNS itself cannot be reached for its certificate; it shall send the call again.
        """
        envelope = self._envelopes.open(call.body, now=now)
        if isinstance(envelope, Forged):
            return envelope
        if envelope.kind == "SubscriptionConfirmation":
            confirmed = self._envelopes.confirm(envelope)
            return Heard(receipts=()) if confirmed else Forged(code="subscription")
        if envelope.kind != "Notification":  # unsubscribing needs no answer, and is not undone
            return Heard(receipts=())
        said = translate(envelope.message, event_id=envelope.message_id, at=envelope.at)
        return Heard(receipts=said or ())
