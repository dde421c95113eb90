"""E-mail by Amazon SES, API version 2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.calls import Calls, Job
from channels.contract import Capability
from channels.email import ses_bulk
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
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
ENTRY: Mapping[str, ErrorClass] = {
    "MESSAGE_REJECTED": ErrorClass.DATA,
    "INVALID_PARAMETER": ErrorClass.DATA,
    "TRANSIENT_FAILURE": ErrorClass.TRANSIENT,
    "ACCOUNT_THROTTLED": ErrorClass.THROTTLE,
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": ErrorClass.THROTTLE,
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": ErrorClass.CONFIG,
    "CONFIGURATION_SET_NOT_FOUND": ErrorClass.CONFIG,
    "TEMPLATE_NOT_FOUND": ErrorClass.CONFIG,
    "INVALID_SENDING_POOL_NAME": ErrorClass.CONFIG,
    "ACCOUNT_SUSPENDED": ErrorClass.CONFIG,
    "ACCOUNT_SENDING_PAUSED": ErrorClass.CONFIG,
    "CONFIGURATION_SET_SENDING_PAUSED": ErrorClass.CONFIG,
}
"""What a bulk call says of one e-mail (BulkEmailEntryResult); any other word, FAILED too, leaves it in doubt."""
NOT_VERIFIED = re.compile(r"not verified", re.IGNORECASE)
"""How `MessageRejected` says in its text that it is our own address that SES does not know."""
_TAG = re.compile(r"[^A-Za-z0-9_-]")


class Ses:
    """E-mails one a call with their bytes as they are, or 50 a call in the words they say; events carry our tags."""

    name = "ses"
    channel = Channel.EMAIL
    capability = Capability.EVENT
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: SesSettings) -> None:
        """Make the first client; the service is contacted by the first message.

        Raises:
            Problem: no region, or no credentials.
        """
        if not settings.region:
            msg = "TIDINGS_EMAIL is ses, but TIDINGS_SES__REGION is not set."
            raise Problem(msg, todo="Name the region of your SES account, for example eu-west-1.")
        self.call_timeout = settings.timeout * 2
        self.rate = settings.rate
        self._settings = settings
        self._bulk = settings.bulk
        self._passed: dict[str, Any] = {}
        self._making = threading.Lock()
        self._client = self._new_client(checked=True)
        self._calls = Calls(self._one, limit=self.call_timeout, workers=aws.WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over e-mails. See `channels.contract.Provider.send`; `reference` is the SES message id."""
        if not self._bulk or len(parcels) == 1:
            return self._calls.each(parcels)
        jobs, said = ses_bulk.batches(parcels)
        return self._calls.together(
            lambda job: self._many(job, said) if len(job) > 1 else [self._one(job[0])], jobs
        )

    def close(self) -> None:
        """Close idle connections."""
        for client in (self._client, *self._passed.values()):
            client.close()

    def _new_client(self, *, checked: bool) -> Any:
        settings = self._settings
        return aws.client(
            "sesv2",
            region=settings.region,
            endpoint=settings.endpoint,
            timeout=settings.timeout,
            checked=checked,
        )

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Make one call; the arguments are checked until SES has taken one of their form."""
        answer = getattr(self._passed.get(operation, self._client), operation)(**arguments)
        with self._making:
            if operation not in self._passed:
                self._passed[operation] = self._new_client(checked=False)
        return answer

    def _one(self, parcel: Parcel) -> Outcome:
        if not isinstance(parcel.content, Email):
            return Rejected(error=ErrorClass.DATA, code="not_an_email")
        if not parcel.content.to.isascii():  # SES offers no SMTPUTF8: this address only
            return Rejected(error=ErrorClass.CONFIG, code="smtputf8_not_offered")
        arguments = request(parcel, parcel.content, self._settings.configuration_set)
        try:
            answer = self._call("send_email", arguments)
        except (ClientError, BotoCoreError) as error:
            return _failure(error)
        return _accepted(answer.get("MessageId"))

    def _many(self, job: Job, said: Mapping[str, ses_bulk.Words]) -> Sequence[Outcome]:
        arguments = ses_bulk.request(job, said, tags, self._settings.configuration_set)
        try:
            answer = self._call("send_bulk_email", arguments)
        except (ClientError, BotoCoreError) as error:
            outcome = _failure(error)
            if isinstance(outcome, Rejected):  # one of them is wrong and nobody says which: none was sent
                self._bulk = False
                wait = aws.WAIT[ErrorClass.TRANSIENT]
                outcome = Refused(error=ErrorClass.TRANSIENT, code=outcome.code, wait=wait, detail="in bulk")
            return [outcome] * len(job)
        results = answer.get("BulkEmailEntryResults") or []
        if len(results) != len(job):
            return [Unknown(code="results_missing")] * len(job)
        return [_entry(result) for result in results]


def _failure(error: ClientError | BotoCoreError) -> Outcome:
    if isinstance(error, ClientError) and NOT_VERIFIED.search(aws.said(error)):
        return aws.failure(error, {"MessageRejected": ErrorClass.CONFIG})
    return aws.failure(error, ERRORS)


def _accepted(reference: str | None) -> Outcome:
    return Accepted(reference=reference) if reference else Unknown(code="no_message_id")


def _entry(result: Mapping[str, Any]) -> Outcome:
    """Return what one line of a bulk answer means."""
    status = str(result.get("Status", ""))
    if status == "SUCCESS":
        return _accepted(result.get("MessageId"))
    kind = ENTRY.get(status)
    if status == "MESSAGE_REJECTED" and NOT_VERIFIED.search(str(result.get("Error", ""))):
        kind = ErrorClass.CONFIG
    if kind is None:
        return Unknown(code=status or "no_status")
    if kind in aws.WAIT:
        return Refused(error=kind, code=status, wait=aws.WAIT[kind])
    return Rejected(error=kind, code=status)


def tags(parcel: Parcel) -> list[dict[str, str]]:
    """Return what every event about this e-mail will quote."""
    said = {
        "message": parcel.message,
        "attempt": parcel.attempt,
        "brand": parcel.brand,
        "purpose": parcel.purpose,
    }
    return [{"Name": name, "Value": _TAG.sub("_", value)} for name, value in said.items() if value]


def request(parcel: Parcel, email: Email, configuration_set: str) -> dict[str, Any]:
    """Return the arguments of `send_email`: the envelope is named, so that headers reach nobody else."""
    arguments: dict[str, Any] = {
        "FromEmailAddress": email.envelope_from,
        "Destination": {"ToAddresses": [email.to]},
        "Content": {"Raw": {"Data": email.raw}},
        "EmailTags": tags(parcel),
    }
    return arguments | ({"ConfigurationSetName": configuration_set} if configuration_set else {})
