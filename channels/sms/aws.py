"""SMS by AWS End User Messaging: `SendTextMessage` of `pinpoint-sms-voice-v2`.

https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.calls import Calls
from channels.contract import Capability
from tidings.channel import Channel
from tidings.message import Parcel, Sms
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass
from tidings.sender import NUMBER, sender_for
from tidings.settings import AwsSmsSettings

LONGEST = 1600
"""Signs of a text that the service takes."""
CONTEXT = "attempt"
"""Key of our attempt id in the context, which every event brings back."""
ERRORS: Mapping[str, ErrorClass] = {
    "AccessDeniedException": ErrorClass.CONFIG,
    "ConflictException": ErrorClass.CONFIG,
    "ResourceNotFoundException": ErrorClass.CONFIG,
    "ServiceQuotaExceededException": ErrorClass.CONFIG,
    "ValidationException": ErrorClass.DATA,
}
"""By exception, where no reason says more; throttling and 5xx are judged in `channels.aws`."""
OUT_OF_REACH = (
    "COUNTRY_CODE_MISMATCH",
    "COUNTRY_NOT_ENABLED",
    "DESTINATION_COUNTRY_BLOCKED",
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
    "INTERNATIONAL_SENDING_NOT_SUPPORTED",
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
    "NO_ORIGINATION_IDENTITIES_FOUND",
    "PRICE_OVER_THRESHOLD",
    "SENDER_ID_NOT_SUPPORTED",
    "SENDER_ID_REQUIRES_REGISTRATION",
)
"""Our set-up keeps us from this country, or from this number by a rule of ours: the number is not suppressed, and the
lane goes on for the others."""
REASONS: Mapping[str, ErrorClass] = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": ErrorClass.OPT_OUT,
    **dict.fromkeys(OUT_OF_REACH, ErrorClass.CONFIG),
    **dict.fromkeys(  # our numbers, pools and rights
        (
            "CHANNEL_NOT_ENABLED",
            "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
            "INVALID_ARN",
            "RESOURCE_NOT_ACCESSIBLE",
            "SENDER_ID_NOT_REGISTERED",
        ),
        ErrorClass.CONFIG,
    ),
}
"""By the reason that conflicts and validation errors carry."""
OUR_FIELDS = (
    "OriginationIdentity",
    "ConfigurationSetName",
    "ProtectConfigurationId",
    "MaxPrice",
    "TimeToLive",
)
FIELDS: Mapping[str, ErrorClass] = {
    "DestinationPhoneNumber": ErrorClass.ADDRESS,
    **dict.fromkeys(OUR_FIELDS, ErrorClass.CONFIG),
}
"""By the one field that a validation error names; several only do not go together."""


class Aws:
    """One HTTPS call per SMS; events carry our attempt id in their context."""

    name = "aws"
    channel = Channel.SMS
    capability = Capability.EVENT
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: AwsSmsSettings) -> None:
        """Make the one client; the service is contacted by the first message.

        Raises:
            Problem: no region, or no credentials.
        """
        if not settings.region:
            msg = "TIDINGS_SMS is aws, but TIDINGS_AWS_SMS__REGION is not set."
            raise Problem(msg, todo="Name the region of your numbers, for example eu-west-1.")
        self.call_timeout = settings.timeout * 2
        self.rate = settings.rate
        self._identity = settings.identity
        self._always = _always(settings)
        self._client: Any = aws.client(
            "pinpoint-sms-voice-v2",
            region=settings.region,
            endpoint=settings.endpoint,
            timeout=settings.timeout,
        )
        self._calls = Calls(self._one, limit=self.call_timeout, workers=aws.WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over SMS. See `channels.contract.Provider.send`; `reference` is the service's message id."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _one(self, parcel: Parcel) -> Outcome:
        sms = parcel.content
        if not isinstance(sms, Sms):
            return Rejected(error=ErrorClass.DATA, code="not_an_sms")
        if not NUMBER.fullmatch(sms.to):
            return Rejected(error=ErrorClass.ADDRESS, code="not_e164")
        if not sms.text.strip() or len(sms.text) > LONGEST:
            return Rejected(error=ErrorClass.DATA, code="length")
        sender = self._identity or sender_for(sms.sender, sms.to)
        if sender is None:
            return Rejected(error=ErrorClass.CONFIG, code="country_takes_no_names")
        try:
            answer = self._client.send_text_message(**self._always, **_request(parcel, sms, sender))
        except (ClientError, BotoCoreError) as error:
            return _refusal(error)
        reference = answer.get("MessageId")
        return Accepted(reference=reference) if reference else Unknown(code="no_message_id")


def _always(settings: AwsSmsSettings) -> dict[str, Any]:
    """Return the arguments that every call has."""
    said = {
        "ConfigurationSetName": settings.configuration_set,
        "ProtectConfigurationId": settings.protect,
        "MaxPrice": f"{settings.max_price:.5f}" if settings.max_price is not None else "",
        "TimeToLive": int(settings.lifetime.total_seconds()) if settings.lifetime is not None else "",
    }
    return {name: value for name, value in said.items() if value}


def _request(parcel: Parcel, sms: Sms, sender: str) -> dict[str, Any]:
    required = Purpose(parcel.purpose).purpose_class is PurposeClass.REQUIRED
    return {
        "DestinationPhoneNumber": sms.to,
        "OriginationIdentity": sender,
        "MessageBody": sms.text,
        "MessageType": "TRANSACTIONAL" if required else "PROMOTIONAL",
        "Context": {CONTEXT: parcel.attempt},
    }


def _refusal(error: ClientError | BotoCoreError) -> Outcome:
    """Return the outcome of a failed call, judged by its reason where it has one."""
    if not isinstance(error, ClientError):
        return aws.failure(error, ERRORS)
    code, reason = str(error.response["Error"].get("Code", "")), str(error.response.get("Reason", ""))
    if reason in OUT_OF_REACH:
        return Rejected(error=ErrorClass.CONFIG, code=reason)
    kind = REASONS.get(reason)
    fields = error.response.get("Fields") or []
    if kind is None and len(fields) == 1:
        kind = FIELDS.get(str(fields[0].get("Name")))
    outcome = aws.failure(error, ERRORS if kind is None else {code: kind})
    return outcome if isinstance(outcome, Accepted) else replace(outcome, code=reason or outcome.code)
