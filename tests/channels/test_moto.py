"""SES and SNS as moto plays them: another reading of the same references than our loopback peers."""

import json

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns import sns_backends

from channels.email.ses import Ses
from channels.push.sns import Sns
from tests.channels.test_ses import TestSes as SesSuite
from tests.channels.test_sns import parcel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Rejected
from tidings.settings import SesSettings, SnsSettings

REGION = "eu-west-1"


@pytest.fixture
def amazon(keys):
    with mock_aws():
        yield


@pytest.fixture
def ses(amazon):
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="nordlys.example")
    return Ses(SesSettings(region=REGION))


def email(number):
    sender = "bounces@nordlys.example"
    made = SesSuite().content(number, f"Text {number}")
    return Parcel(
        message=f"m{number}",
        attempt=f"a{number}",
        content=Email(envelope_from=sender, to=made.to, raw=b"From: bounces@nordlys.example\r\n" + made.raw),
        purpose="offer",
        brand="nordlys",
    )


def test_ses_takes_each_email_once(ses):
    """Our bytes, the envelope's recipient and no header's, whether the arguments were checked or not."""
    parcels = [email(number) for number in range(1, 13)]

    outcomes = dict(ses.send(parcels))

    taken = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert {one.reference for one in outcomes.values()} == {message.id for message in taken}
    assert sorted(message.destinations[0] for message in taken) == sorted(one.content.to for one in parcels)
    assert sorted(message.raw_data for message in taken) == sorted(
        one.content.raw.decode() for one in parcels
    )


@pytest.fixture
def application(amazon):
    sns = boto3.client("sns", region_name=REGION)
    return sns, sns.create_platform_application(
        Name="nordlys", Platform="APNS", Attributes={"PlatformCredential": "k", "PlatformPrincipal": "c"}
    )["PlatformApplicationArn"]


def test_sns_makes_an_endpoint_of_a_token(application):
    """One endpoint for a token, however many messages and processes."""
    settings = SnsSettings(region=REGION, applications=application[1])

    outcomes = [
        outcome
        for _ in range(2)
        for _, outcome in Sns(settings).send([parcel(to="0f3a" * 16), parcel(to="0f3a" * 16)])
    ]

    [endpoint] = sns_backends[DEFAULT_ACCOUNT_ID][REGION].platform_endpoints.values()
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert len(endpoint.messages) == 4
    assert json.loads(next(iter(endpoint.messages.values())))["default"] == "Hello"


def test_sns_and_an_endpoint_that_was_disabled(application):
    """The app was removed: this device is closed."""
    sns, arn = application
    settings = SnsSettings(region=REGION, applications=arn)
    made = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="0f3a" * 16)["EndpointArn"]
    sns.set_endpoint_attributes(EndpointArn=made, Attributes={"Enabled": "false"})

    [(_, outcome)] = Sns(settings).send([parcel(to="0f3a" * 16)])

    assert (type(outcome), outcome.error) == (Rejected, ErrorClass.ADDRESS)


def test_sns_and_an_endpoint_that_is_gone(application):
    """Deleted by whoever runs the app."""
    sns, arn = application
    made = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="ab" * 32)["EndpointArn"]
    sns.delete_endpoint(EndpointArn=made)

    [(_, outcome)] = Sns(SnsSettings(region=REGION)).send([parcel(to=made)])

    assert (type(outcome), outcome.error) == (Rejected, ErrorClass.ADDRESS)
