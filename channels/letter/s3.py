"""Print batches in a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html.

A batch is `<prefix>/<batch>/letters.pdf`, `manifest.csv`, `SHA256SUMS` and `manifest.json`. The manifest in JSON is
written behind them and only where there is none (`If-None-Match: *`): a batch is there whole or not at all, and once.
Last comes `<batch>.done`, for those who list names only.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.contract import Capability
from channels.durable import is_safe
from channels.letter.batches import Known
from channels.letter.handover import LetterDrop, keys_of
from channels.letter.in_time import GivenUpError, in_time
from channels.letter.manifest import JSON, files_of
from tidings.channel import Channel
from tidings.outcome import ErrorClass, Refused, Unknown
from tidings.problem import Problem
from tidings.settings import S3Settings

ERRORS: Mapping[str, ErrorClass] = {
    "SlowDown": ErrorClass.THROTTLE,
    "ConditionalRequestConflict": ErrorClass.TRANSIENT,
    "OperationAborted": ErrorClass.TRANSIENT,
    "RequestTimeout": ErrorClass.TRANSIENT,
    "BadDigest": ErrorClass.TRANSIENT,
    "IncompleteBody": ErrorClass.TRANSIENT,
    "NoSuchBucket": ErrorClass.CONFIG,
    "PermanentRedirect": ErrorClass.CONFIG,
    "AccessDenied": ErrorClass.CONFIG,
}
"""What no table names is our set-up. A 409 means that two conditional writes met: neither of them was ours to lose."""
REMEMBERED = timedelta(days=14)
"""A restored backup is younger; see docs/operations.md."""
KINDS: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}
"""Any other file is plain text."""


class S3(LetterDrop):
    """Accepted exactly once: the delivery is the key, `reference` is the batch."""

    name = "s3"
    channel = Channel.LETTER
    capability = Capability.KEY
    platforms: frozenset[str] = frozenset()
    rate = 0.0

    def __init__(self, settings: S3Settings, *, home: Path) -> None:
        """Make the one client; the service is contacted by the first batch.

        Raises:
            Problem: no bucket, no region, or no credentials.
        """
        for name, value in (("BUCKET", settings.bucket), ("REGION", settings.region)):
            if not value:
                raise Problem(
                    f"TIDINGS_LETTER is s3, but TIDINGS_S3__{name} is not set.",
                    todo="Name the bucket that the print house collects from, and its region.",
                )
        super().__init__(home, self.name, limit=settings.timeout)
        self._settings = settings
        self._client: Any = aws.client(
            "s3", region=settings.region, endpoint=settings.endpoint, timeout=settings.timeout
        )

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _place(self, staged: Path) -> Refused | Unknown | None:
        is_batch = False
        for name in files_of(staged):
            failed = self._put(staged, name)
            if failed is None:
                is_batch = is_batch or name == JSON
            elif is_batch:  # whatever comes of the last file: it is there, and is asked for again
                return Unknown(code=failed.code)
            elif name != JSON and isinstance(failed, Unknown):  # without its manifest it is no batch
                return Refused(error=ErrorClass.TRANSIENT, code=failed.code, wait=timedelta(minutes=1))
            else:
                return failed
        return None

    def _known(self) -> Known:
        """Read the manifests of the last days; a batch that is older is in no doubt any more."""
        prefix = self._settings.prefix.strip("/")
        since = datetime.now(UTC) - REMEMBERED
        try:
            return in_time(
                lambda: dict(self._manifests(f"{prefix}/" if prefix else "", since)), self._limit * 10
            )
        except GivenUpError:
            return Refused(error=ErrorClass.TRANSIENT, code="timeout", wait=timedelta(minutes=1))
        except (ClientError, BotoCoreError) as error:
            told = _told(error)
            wait = timedelta(minutes=1)
            return (
                told
                if isinstance(told, Refused)
                else Refused(error=ErrorClass.TRANSIENT, code=told.code, wait=wait)
            )

    def _manifests(self, prefix: str, since: datetime) -> Iterator[tuple[str, Sequence[str]]]:
        bucket = self._settings.bucket
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                batch, _, name = entry["Key"].removeprefix(prefix).rpartition("/")
                if name == JSON and is_safe(batch) and entry["LastModified"] >= since:
                    body = self._client.get_object(Bucket=bucket, Key=entry["Key"])["Body"]
                    yield batch, keys_of(body.read())

    def _put(self, staged: Path, name: str) -> Refused | Unknown | None:
        prefix = self._settings.prefix.strip("/")
        arguments: dict[str, Any] = {
            "Bucket": self._settings.bucket,
            "Key": "/".join(filter(None, (prefix, staged.name, name))),
            "Body": (staged / name).read_bytes(),
            "ContentType": KINDS.get(Path(name).suffix, "text/plain; charset=utf-8"),
            "IfNoneMatch": "*",
        }
        if self._settings.encryption:
            arguments["ServerSideEncryption"] = self._settings.encryption
        try:
            in_time(lambda: self._client.put_object(**arguments), self._limit)
        except GivenUpError:
            return Unknown(code="timeout")
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode") == HTTPStatus.PRECONDITION_FAILED:
                return None  # it is there: an object of this name has these pieces
            return _told(error)
        except BotoCoreError as error:
            return _told(error)
        return None


def _told(error: ClientError | BotoCoreError) -> Refused | Unknown:
    return cast("Refused | Unknown", aws.failure(error, ERRORS))  # the table has no class that rejects
