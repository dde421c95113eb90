"""E-mail to SES 30 ms away: raw and in bulk through boto3, and boto3's own share of the CPU."""

import os
from collections.abc import Iterable
from dataclasses import replace

from botocore.client import BaseClient

from bench import service
from bench.figure import Figure, rate, seconds
from bench.library import library_share
from channels.email.ses import Ses
from templates.catalog import find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Parcel
from tidings.outcome import Accepted
from tidings.problem import Exit, Problem
from tidings.settings import SesSettings

MESSAGES = 600
REGION = "eu-west-1"


def figures() -> Iterable[Figure]:
    """Measure how many e-mails one sender hands over in a second, and what of the CPU is the library's."""
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
    with service.running("ses") as ses:
        raw = Ses(SesSettings(region=REGION, endpoint=ses.url, bulk=False))
        bulk = Ses(SesSettings(region=REGION, endpoint=ses.url, bulk=True))
        parcels = _parcels()
        by_raw = MESSAGES / seconds(lambda: _accepted(raw, parcels))
        yield library_share(
            "SES raw: CPU of an e-mail, and the share of boto3",
            BaseClient,
            "_make_api_call",
            lambda: _accepted(raw, parcels),
            messages=MESSAGES,
        )
        ses.report()
        by_bulk = MESSAGES / seconds(lambda: _accepted(bulk, parcels))
        yield library_share(
            "SES bulk: CPU of an e-mail, and the share of boto3",
            BaseClient,
            "_make_api_call",
            lambda: _accepted(bulk, parcels),
            messages=MESSAGES,
        )
        yield rate(
            "e-mails handed to SES per second, bulk against raw",
            ours=by_bulk,
            other=by_raw,
            unit="1/s",
            goal=2,
        )
        raw.close()
        bulk.close()


def _parcels() -> list[Parcel]:
    template = find("offer/autumn")
    base = sample_subject(template, SAMPLE_BRAND, "en")
    found = []
    for n in range(MESSAGES):
        data = {**base.data, "customer": {"first_name": f"Zoë {n}"}}
        mail = render(template, Channel.EMAIL, replace(base, to=f"c{n}@example.com", data=data))
        found.append(Parcel(message=f"m{n}", attempt=f"a{n}", content=mail, purpose="offer", brand="nordlys"))
    return found


def _accepted(provider: Ses, parcels: list[Parcel]) -> None:
    for _, outcome in provider.send(parcels):
        if not isinstance(outcome, Accepted):
            raise Problem(f"The service did not take an e-mail: {outcome}.", code=Exit.FAILED)
