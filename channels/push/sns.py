"""Push by Amazon SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.calls import Calls
from channels.contract import Capability
from tidings.channel import Channel
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import SnsSettings

TTL = timedelta(days=3)
"""After that the services drop what they could not deliver; a notification is for now."""
ERRORS: Mapping[str, ErrorClass] = {
    "EndpointDisabled": ErrorClass.ADDRESS,
    "EndpointDisabledException": ErrorClass.ADDRESS,
    "NotFound": ErrorClass.ADDRESS,
    "NotFoundException": ErrorClass.ADDRESS,
    "InvalidParameter": ErrorClass.DATA,
    "InvalidParameterException": ErrorClass.DATA,
    "ParameterValueInvalid": ErrorClass.DATA,
    "ValidationException": ErrorClass.DATA,
    "Throttled": ErrorClass.THROTTLE,
    "KMSThrottling": ErrorClass.THROTTLE,
    "PlatformApplicationDisabled": ErrorClass.CONFIG,
    "PlatformApplicationDisabledException": ErrorClass.CONFIG,
    "AuthorizationError": ErrorClass.CONFIG,
    "AuthorizationErrorException": ErrorClass.CONFIG,
    "InvalidSecurity": ErrorClass.CONFIG,
}
NO_ENDPOINT = "No endpoint found"
"""How `InvalidParameter` says in its text that a device is gone."""
PLATFORMS: Mapping[str, tuple[str, ...]] = {"apns": ("APNS", "APNS_SANDBOX"), "fcm": ("GCM",)}
"""How SNS names the services behind a platform."""


class Sns:
    """One HTTPS call per notification; a duplicate replaces itself by its collapse id."""

    name = "sns"
    channel = Channel.PUSH
    capability = Capability.NONE
    platforms: frozenset[str] = frozenset()
    rate = 0.0

    def __init__(self, settings: SnsSettings) -> None:
        """Make the one client; the service is contacted by the first message.

        Raises:
            Problem: no region, or no credentials.
        """
        if not settings.region:
            msg = "TIDINGS_PUSH is sns, but TIDINGS_SNS__REGION is not set."
            raise Problem(msg, todo="Name the region of your platform applications, for example eu-west-1.")
        self.call_timeout = settings.timeout * 2
        self._region = settings.region
        self._client: Any = aws.client(
            "sns", region=settings.region, endpoint=settings.endpoint, timeout=settings.timeout
        )
        self._calls = Calls(self._one, limit=self.call_timeout, workers=aws.WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over notifications. See `channels.contract.Provider.send`; `reference` is the SNS message id."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _one(self, parcel: Parcel) -> Outcome:
        push = parcel.content
        if not isinstance(push, Push):
            return Rejected(error=ErrorClass.DATA, code="not_a_push")
        if push.platform not in PLATFORMS:
            return Rejected(error=ErrorClass.DATA, code="platform_not_supported", detail=push.platform)
        if not push.to.startswith("arn:"):
            return Rejected(error=ErrorClass.DATA, code="not_an_endpoint_arn")
        if push.to.split(":")[3:4] != [self._region]:  # SNS would say that there is no such endpoint
            return Rejected(error=ErrorClass.DATA, code="endpoint_of_another_region")
        try:
            answer = self._client.publish(**request(push))
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and NO_ENDPOINT in aws.said(error):
                return aws.failure(error, {"InvalidParameter": ErrorClass.ADDRESS})
            return aws.failure(error, ERRORS)
        reference = answer.get("MessageId")
        return Accepted(reference=reference) if reference else Unknown(code="no_message_id")


def request(push: Push) -> dict[str, Any]:
    """Return the arguments of `publish`: a payload per service, how long it counts, and what it replaces."""
    payload = push.payload
    if push.platform == "fcm":
        payload = json.dumps({"fcmV1Message": {"message": json.loads(push.payload)}}, ensure_ascii=False)
    services = PLATFORMS[push.platform]
    attributes = {f"AWS.SNS.MOBILE.{service}.TTL": str(int(TTL.total_seconds())) for service in services}
    if push.platform == "apns":
        attributes["AWS.SNS.MOBILE.APNS.PUSH_TYPE"] = "alert"
        attributes["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"] = push.collapse_id
    message = {"default": push.body, **dict.fromkeys(services, payload)}
    return {
        "TargetArn": push.to,
        "MessageStructure": "json",
        "Message": json.dumps(message, ensure_ascii=False),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
