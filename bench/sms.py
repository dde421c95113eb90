"""SMS to a service 30 ms away: ours, and the loop of Twilio's own documentation."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageList

from bench import service
from bench.figure import Figure, rate, seconds
from bench.library import library_share
from channels.sms.twilio import Twilio
from tidings.message import Parcel, Sms
from tidings.outcome import Accepted
from tidings.problem import Exit, Problem
from tidings.settings import TwilioSettings

MESSAGES = 400
BY_PEER = 60


def figures() -> Iterable[Figure]:
    """Measure how many messages a sender hands over in a second."""
    with service.running("twilio") as twilio:
        theirs = BY_PEER / seconds(lambda: _documented(twilio.url, BY_PEER))
        _checked(twilio, BY_PEER)
        ours = MESSAGES / seconds(lambda: _ours(twilio.url, MESSAGES))
        _checked(twilio, MESSAGES)
        yield library_share(
            "Twilio: CPU of an SMS, and the share of its client",
            MessageList,
            "create",
            lambda: _ours(twilio.url, MESSAGES),
            messages=MESSAGES,
        )
    yield rate(
        "SMS handed to Twilio per second, one sender, against the documented loop",
        ours=ours,
        other=theirs,
        unit="1/s",
        goal=4,
    )


def _ours(url: str, count: int) -> None:
    provider = Twilio(
        TwilioSettings(account_sid="AC1", auth_token=SecretStr("t"), endpoint=url),
        public_url="http://localhost",
    )
    parcels = [
        Parcel(
            message=f"m{n}",
            attempt=f"a{n}",
            content=Sms(sender="Nordlys", to=f"+47900{n:05}", text=f"Code {n}", parts=1, encoding="gsm7"),
            purpose="offer",
            brand="nordlys",
        )
        for n in range(count)
    ]
    if not all(isinstance(outcome, Accepted) for _, outcome in provider.send(parcels)):
        raise Problem("The service did not take every SMS.", code=Exit.FAILED)


class _Nearby(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """The library's own client, which can be pointed at another host in this way only."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send the request to the other host."""
        return super().request(method, self._url + urlsplit(url).path, *args, **kwargs)


def _documented(url: str, count: int) -> None:
    client = Client("AC1", "t", http_client=_Nearby(url))
    for n in range(count):
        client.messages.create(to=f"+47900{n:05}", from_="Nordlys", body=f"Code {n}")


def _checked(twilio: service.Service, expected: int) -> None:
    if twilio.report() != (expected, expected):
        raise Problem("The service did not get every SMS once.", code=Exit.FAILED)
