"""E-mail by Amazon SES, API version 2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.calls import Calls
from channels.contract import Capability
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import SesSettings

ERRORS: Mapping[str, ErrorClass] = {
    "TooManyRequestsException": ErrorClass.THROTTLE,
    "LimitExceededException": ErrorClass.THROTTLE,
    "MessageRejected": ErrorClass.DATA,
    "BadRequestException": ErrorClass.DATA,
    "AccountSuspendedException": ErrorClass.CONFIG,
    "SendingPausedException": ErrorClass.CONFIG,
    "MailFromDomainNotVerifiedException": ErrorClass.CONFIG,
    "NotFoundException": ErrorClass.CONFIG,
}
NOT_VERIFIED = re.compile(r"not verified", re.IGNORECASE)
"""How `MessageRejected` says in its text that it is our own address that SES does not know."""
_TAG = re.compile(r"[^A-Za-z0-9_-]")


class Ses:
    """One HTTPS call per e-mail with its bytes as they are; events carry the tags, and so our attempt id."""

    name = "ses"
    channel = Channel.EMAIL
    capability = Capability.EVENT
    platforms: frozenset[str] = frozenset()
    rate = 0.0

    def __init__(self, settings: SesSettings) -> None:
        """Make the one client; the service is contacted by the first message.

        Raises:
            Problem: no region, or no credentials.
        """
        if not settings.region:
            msg = "TIDINGS_EMAIL is ses, but TIDINGS_SES__REGION is not set."
            raise Problem(msg, todo="Name the region of your SES account, for example eu-west-1.")
        self.call_timeout = settings.timeout * 2
        self._settings = settings
        self._client: Any = aws.client(
            "sesv2", region=settings.region, endpoint=settings.endpoint, timeout=settings.timeout
        )
        self._calls = Calls(self._one, limit=self.call_timeout, workers=aws.WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over e-mails. See `channels.contract.Provider.send`; `reference` is the SES message id."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _one(self, parcel: Parcel) -> Outcome:
        if not isinstance(parcel.content, Email):
            return Rejected(error=ErrorClass.DATA, code="not_an_email")
        try:
            answer = self._client.send_email(
                **request(parcel, parcel.content, self._settings.configuration_set)
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and NOT_VERIFIED.search(aws.said(error)):
                return aws.failure(error, {"MessageRejected": ErrorClass.CONFIG})
            return aws.failure(error, ERRORS)
        reference = answer.get("MessageId")
        return Accepted(reference=reference) if reference else Unknown(code="no_message_id")


def request(parcel: Parcel, email: Email, configuration_set: str) -> dict[str, Any]:
    """Return the arguments of `send_email`: the envelope is named, so that headers reach nobody else."""
    tags = {
        "message": parcel.message,
        "attempt": parcel.attempt,
        "brand": parcel.brand,
        "purpose": parcel.purpose,
    }
    arguments: dict[str, Any] = {
        "FromEmailAddress": email.envelope_from,
        "Destination": {"ToAddresses": [email.to]},
        "Content": {"Raw": {"Data": email.raw}},
        "EmailTags": [{"Name": name, "Value": _TAG.sub("_", value)} for name, value in tags.items() if value],
    }
    return arguments | ({"ConfigurationSetName": configuration_set} if configuration_set else {})
