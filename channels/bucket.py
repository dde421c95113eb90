"""A bucket that other systems drop files into: listed, fetched, and moved aside within it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels import aws
from tidings.problem import Problem
from tidings.settings import DropsSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One object, as it was listed."""

    key: str
    name: str
    """Of the file, without its folder."""
    tag: str
    """Changes when somebody writes it anew."""
    size: int
    """Bytes."""


class Bucket:
    """Whatever the service refuses is raised as botocore raises it; the caller looks again later."""

    def __init__(self, settings: DropsSettings) -> None:
        """Make the client; the service is contacted by the first list.

        Raises:
            Problem: no region, or no credentials.
        """
        if not settings.region:
            raise Problem(
                "TIDINGS_DROPS__BUCKET is set, but TIDINGS_DROPS__REGION is not.",
                todo="Name the bucket's region.",
            )
        self._bucket = settings.bucket
        self._prefix = f"{settings.prefix.strip('/')}/" if settings.prefix.strip("/") else ""
        self._client: Any = aws.client(
            "s3", region=settings.region, endpoint=settings.endpoint, timeout=settings.timeout
        )
        self.refusal: type[Exception] = self._client.exceptions.ClientError
        """What the service raises that answers, and says no."""

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def files(self, folder: str) -> Iterator[Object]:
        """Yield what lies in a folder itself, not below it."""
        start = f"{self._prefix}{folder}/"
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=start, Delimiter="/"):
            for one in page.get("Contents", ()):
                if name := one["Key"].removeprefix(start):
                    yield Object(key=one["Key"], name=name, tag=one["ETag"], size=one["Size"])

    def fetch(self, found: Object, to: Path) -> bool:
        """Write an object to a path, unless it is another one by now; returns whether it was there."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=found.key, IfMatch=found.tag)
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "PreconditionFailed", "404", "412"}:
                return False
            raise
        with to.open("wb") as file:
            for part in answer["Body"].iter_chunks(1 << 20):
                file.write(part)
        return True

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Write an object."""
        self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}{folder}/{name}", Body=content)

    def move(self, found: Object, folder: str, name: str) -> None:
        """Move an object to another folder; one that was written anew meanwhile stays, to be taken by itself."""
        source = {"Bucket": self._bucket, "Key": found.key}
        self._client.copy_object(
            Bucket=self._bucket,
            Key=f"{self._prefix}{folder}/{name}",
            CopySource=source,
            CopySourceIfMatch=found.tag,
        )
        head = self._client.head_object(**source)
        if head["ETag"] == found.tag:
            self._client.delete_object(**source)
