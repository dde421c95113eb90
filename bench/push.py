"""Push notifications to a service 30 ms away: ours, and the loop of boto3's own documentation."""

import json
import os
from collections.abc import Iterable

import boto3
from botocore.client import BaseClient

from bench import service
from bench.figure import Figure, rate, seconds
from bench.library import library_share
from channels.push.sns import Sns
from tidings.message import Parcel, Push
from tidings.outcome import Accepted
from tidings.problem import Exit, Problem
from tidings.settings import SnsSettings

MESSAGES = 400
BY_PEER = 60
REGION = "eu-west-1"
ARN = f"arn:aws:sns:{REGION}:123456789012:endpoint/GCM/nordlys"


def figures() -> Iterable[Figure]:
    """Measure how many notifications a sender hands over in a second."""
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
    with service.running("sns") as sns:
        theirs = BY_PEER / seconds(lambda: _documented(sns.url, BY_PEER))
        _checked(sns, BY_PEER)
        ours = MESSAGES / seconds(lambda: _ours(sns.url, MESSAGES))
        _checked(sns, MESSAGES)
        yield library_share(
            "SNS: CPU of a notification, and the share of boto3",
            BaseClient,
            "_make_api_call",
            lambda: _ours(sns.url, MESSAGES),
            messages=MESSAGES,
        )
    yield rate(
        "push notifications handed to SNS per second, one sender, against the documented loop",
        ours=ours,
        other=theirs,
        unit="1/s",
        goal=4,
    )


def _ours(url: str, count: int) -> None:
    provider = Sns(SnsSettings(region=REGION, endpoint=url))
    parcels = [
        Parcel(
            message=f"m{n}",
            attempt=f"a{n}",
            content=Push(
                to=f"{ARN}/{n}",
                platform="fcm",
                title="Nordlys",
                body=f"Code {n}",
                link="",
                collapse_id=f"m{n}",
                payload=_payload(n),
            ),
            purpose="offer",
            brand="nordlys",
        )
        for n in range(count)
    ]
    if not all(isinstance(outcome, Accepted) for _, outcome in provider.send(parcels)):
        raise Problem("The service did not take every notification.", code=Exit.FAILED)


def _documented(url: str, count: int) -> None:
    client = boto3.client("sns", region_name=REGION, endpoint_url=url)
    for n in range(count):
        message = {
            "default": f"Code {n}",
            "GCM": json.dumps({"fcmV1Message": {"message": json.loads(_payload(n))}}),
        }
        client.publish(TargetArn=f"{ARN}/{n}", MessageStructure="json", Message=json.dumps(message))


def _payload(number: int) -> str:
    return json.dumps({"notification": {"title": "Nordlys", "body": f"Code {number}"}})


def _checked(sns: service.Service, expected: int) -> None:
    if sns.report() != (expected, expected):
        raise Problem("The service did not get every notification once.", code=Exit.FAILED)
