"""Push by Amazon SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.calls import Calls
from channels.contract import Capability
from tidings.channel import Channel
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
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
DISABLED = frozenset({"EndpointDisabled", "EndpointDisabledException"})
"""The service behind SNS said that the token is dead."""
NO_ENDPOINT = "No endpoint found"
"""How `InvalidParameter` says in its text that a device is gone."""
_EXISTS = re.compile(r"Endpoint (arn:\S+) already exists with the same Token")
"""How `CreatePlatformEndpoint` names the endpoint of a token whose attributes somebody changed."""
_BAD_TOKEN = re.compile(r"Invalid parameter: Token\b")
"""How `CreatePlatformEndpoint` says that a token cannot be one."""
KNOWN = 100_000
"""Endpoints of tokens that a process remembers."""
PLATFORMS: Mapping[str, tuple[str, ...]] = {"apns": ("APNS", "APNS_SANDBOX"), "fcm": ("GCM",)}
"""How SNS names the services behind a platform."""


class Sns:
    """One HTTPS call per notification; a duplicate replaces itself by its collapse id."""

    name = "sns"
    channel = Channel.PUSH
    capability = Capability.NONE
    platforms = frozenset(PLATFORMS)

    def __init__(self, settings: SnsSettings) -> None:
        """Make the one client; the service is contacted by the first message.

        Raises:
            Problem: no region, no credentials, or an application that cannot be one of that region.
        """
        if not settings.region:
            msg = "TIDINGS_PUSH is sns, but TIDINGS_SNS__REGION is not set."
            raise Problem(msg, todo="Name the region of your platform applications, for example eu-west-1.")
        self.call_timeout = settings.timeout * 4
        self.rate = settings.rate
        self._applications = applications(settings)
        self._endpoints: dict[str, str] = {}
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
        known = push.to in self._endpoints
        endpoint = push.to if push.to.startswith("arn:") else self._endpoint(push)
        if not isinstance(endpoint, str):
            return endpoint
        if endpoint.split(":")[3:4] != [self._region]:  # SNS would say that there is no such endpoint
            return Rejected(error=ErrorClass.CONFIG, code="endpoint_of_another_region")
        try:
            answer = self._client.publish(**request(push, endpoint))
        except (ClientError, BotoCoreError) as error:
            outcome = _not_published(error)
            if isinstance(outcome, Rejected) and outcome.error is ErrorClass.ADDRESS:
                self._endpoints.pop(push.to, None)
                if known and outcome.code not in DISABLED:
                    # somebody deleted it since: the token may well live, and gets another one
                    wait = aws.WAIT[ErrorClass.TRANSIENT]
                    return Refused(error=ErrorClass.TRANSIENT, code=outcome.code, wait=wait)
            return outcome
        reference = answer.get("MessageId")
        return Accepted(reference=reference) if reference else Unknown(code="no_message_id")

    def _endpoint(self, push: Push) -> str | Outcome:
        """Return the endpoint of a token, made when there is none: the same token, the same endpoint, for ever."""
        application = self._applications.get(push.platform)
        if application is None:
            return Rejected(error=ErrorClass.CONFIG, code="no_application", detail=push.platform)
        if known := self._endpoints.get(push.to):
            return known
        try:
            made = self._client.create_platform_endpoint(PlatformApplicationArn=application, Token=push.to)
            endpoint = str(made["EndpointArn"])
        except (ClientError, BotoCoreError) as error:
            found = _EXISTS.search(aws.said(error)) if isinstance(error, ClientError) else None
            if found is None:
                return _not_made(error)
            endpoint = found[1]
        if len(self._endpoints) >= KNOWN:
            self._endpoints.clear()
        self._endpoints[push.to] = endpoint
        return endpoint


def _not_published(error: ClientError | BotoCoreError) -> Outcome:
    if isinstance(error, ClientError) and NO_ENDPOINT in aws.said(error):
        return aws.failure(error, {"InvalidParameter": ErrorClass.ADDRESS})
    return aws.failure(error, ERRORS)


def _not_made(error: ClientError | BotoCoreError) -> Outcome:
    """Return what it means that there is no endpoint: nothing was sent, whatever went wrong."""
    if isinstance(error, ClientError) and _BAD_TOKEN.search(aws.said(error)):
        return Rejected(error=ErrorClass.ADDRESS, code="token_invalid")
    outcome = aws.failure(error, {"Throttled": ErrorClass.THROTTLE})
    if isinstance(outcome, Unknown):
        wait = aws.WAIT[ErrorClass.TRANSIENT]
        return Refused(
            error=ErrorClass.TRANSIENT, code=outcome.code, wait=wait, detail="no endpoint was made"
        )
    return outcome


def applications(settings: SnsSettings) -> Mapping[str, str]:
    """Return the platform application of each platform.

    Raises:
        Problem: an ARN that is none of an application, of another region, or a second one of a platform.
    """
    found: dict[str, str] = {}
    for arn in filter(None, (part.strip() for part in settings.applications.split(","))):
        parts = arn.split(":")
        service = parts[-1].split("/")[1] if parts[-1].startswith("app/") else ""
        platform = next((name for name, services in PLATFORMS.items() if service in services), None)
        if platform is None or parts[:3] != ["arn", "aws", "sns"] or platform in found:
            todo = "Name one application of APNs and one of FCM, like arn:aws:sns:eu-west-1:123456789012:app/GCM/shop."
            raise Problem(f"TIDINGS_SNS__APPLICATIONS: {arn!r} cannot be used.", todo=todo)
        if parts[3] != settings.region:
            todo = "An application and TIDINGS_SNS__REGION must agree."
            raise Problem(f"TIDINGS_SNS__APPLICATIONS: {arn!r} is not in {settings.region}.", todo=todo)
        found[platform] = arn
    return found


def request(push: Push, endpoint: str) -> dict[str, Any]:
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
        "TargetArn": endpoint,
        "MessageStructure": "json",
        "Message": json.dumps(message, ensure_ascii=False),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
