"""What the adapters of Amazon's services share: a client that never retries, and its failures as outcomes."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from urllib3.exceptions import HTTPError as UrllibError

from channels.calls import CONNECTIONS, READ, EndlessError, in_doubt, on_time, quiet, within
from channels.retry_after import asked_wait
from tidings.outcome import ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem

WORKERS = 8
LARGEST = 32 * 1024 * 1024
"""Bytes of an answer that are taken in: ten messages of a queue, each the largest there is, in JSON's escapes."""
LOADER = botocore.loaders.create_loader()
"""Reads the descriptions of the services, once for all clients."""
WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(seconds=30),
    ErrorClass.CONFIG: timedelta(minutes=10),
}
NOT_CONNECTED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
COMMON: Mapping[str, ErrorClass] = dict.fromkeys(
    (
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    ),
    ErrorClass.THROTTLE,
)
"""Codes that every service uses. What no table names and is not a fault of theirs is our set-up: keys, rights."""


def client(
    service: str, *, region: str, endpoint: str | None, timeout: timedelta, checked: bool = True
) -> Any:
    """Return a client of a service: one request per call, time-outs set, ambient endpoints ignored.

    Args:
        service: as boto3 names it.
        region: of the service.
        endpoint: another address of the service.
        timeout: for the answer; connecting may take half of it.
        checked: compare the arguments of each call with the service's description, which costs more than the rest
            of a large call; once one call has passed, the next ones of the same form will.

    Raises:
        Problem: boto3 finds no credentials.
    """
    quiet()
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    session = boto3.session.Session(botocore_session=core)
    if session.get_credentials() is None:
        raise Problem(
            f"No AWS credentials were found for {service}.",
            todo="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role.",
        )
    seconds = timeout.total_seconds()
    made = session.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=seconds / 2,
            read_timeout=seconds,
            max_pool_connections=CONNECTIONS,
            parameter_validation=checked,
            ignore_configured_endpoint_urls=True,
        ),
    )
    made.meta.events.register("before-send", on_time)
    sending: Any = made._endpoint  # noqa: SLF001 -- no event lies between an answer's head and its body
    sending.http_session = _Bounded(sending.http_session)
    return made


class _Bounded:
    """A session of botocore whose answers are read as `channels.bounded` lets another library do it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        """Make a request; what its caller reads in pieces is left to it.

        Raises:
            HTTPClientError: what that of botocore raises, and: the answer has no end.
        """
        if request.stream_output:
            return self._session.send(request)
        request.stream_output = True
        answer = self._session.send(request)
        try:
            answer._content = b"".join(within(answer.raw.stream(READ), LARGEST))  # noqa: SLF001 -- as its own `content`
        except EndlessError as error:
            answer.raw.close()
            raise HTTPClientError(error=str(error)) from error
        except UrllibError as error:
            raise HTTPClientError(error=type(error).__name__) from error
        return answer

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()


def said(error: ClientError) -> str:
    """Return the service's own words, to search in, never to keep."""
    return str(error.response.get("Error", {}).get("Message") or "")


def failure(error: BotoCoreError | ClientError, table: Mapping[str, ErrorClass]) -> Outcome:
    """Return the outcome of a failed call.

    A connection that never came about carried nothing. One that broke, a missing answer and every 5xx may hide a
    message that was taken. The service's own words may name the customer and stay out.
    """
    if isinstance(error, ClientError):
        return _answered(error, table)
    name = type(error).__name__
    if isinstance(error, NOT_CONNECTED):
        return Refused(error=ErrorClass.TRANSIENT, code=name, wait=WAIT[ErrorClass.TRANSIENT])
    if isinstance(error, HTTPClientError) or (isinstance(error, SSLError) and not _untrusted(error)):
        return Unknown(code=name)
    return Refused(error=ErrorClass.CONFIG, code=name, wait=WAIT[ErrorClass.CONFIG])


def _untrusted(error: SSLError) -> bool:
    """Whether TLS broke over the certificate: before a word of the request; else it may have broken at any time."""
    cause = error.kwargs.get("error")
    return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)


def _answered(error: ClientError, table: Mapping[str, ErrorClass]) -> Outcome:
    answer = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    meta = answer.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    kind = table.get(code) or COMMON.get(code)
    if kind is None and status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = ErrorClass.THROTTLE
    if kind is None and in_doubt(status):
        return Unknown(code=code or str(status), detail=f"HTTP {status}")
    kind = kind or ErrorClass.CONFIG
    if kind in WAIT:
        wait = asked_wait(meta.get("HTTPHeaders", {})) or WAIT[kind]
        return Refused(error=kind, code=code, wait=wait, detail=f"HTTP {status}")
    return Rejected(error=kind, code=code, detail=f"HTTP {status}")
