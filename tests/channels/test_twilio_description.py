"""Our requests against Twilio's own OpenAPI description, or the library's parameter names where it is not at hand."""

import inspect
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from twilio.rest.api.v2010.account.message import MessageList

from channels.contract import Doubt
from channels.sms.twilio import Twilio
from channels.whatsapp.twilio import TwilioWhatsApp
from tests.peers.twilio import TwilioPeer
from tidings.message import Parcel, Sms, WhatsApp
from tidings.settings import TwilioSettings

DESCRIPTION = Path(__file__).parents[2] / ".venv" / "twilio" / "twilio_api_v2010.json"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
ACCOUNT, SERVICE, CONTENT = "AC" + "1" * 32, "MG" + "2" * 32, "HX" + "a" * 32


def names(function):
    """The parameters that the library writes into a request."""
    return set(re.findall(r'"(\w+[<>]?)":', inspect.getsource(function)))


def rules():
    """Field to rule for the form of POST and the query of GET, and whether they are Twilio's own."""
    if not DESCRIPTION.exists():  # npm is not there: tools/setup.py says so
        post, get = names(MessageList._create), names(MessageList.page)
        return {name: {} for name in post}, {name: {} for name in get}, False
    path = json.loads(DESCRIPTION.read_text())["paths"][MESSAGES]
    [form] = path["post"]["requestBody"]["content"].values()
    asked = {one["name"]: one["schema"] for one in path["get"]["parameters"] if one["in"] == "query"}
    return form["schema"]["properties"], asked, True


POST, GET, OWN = rules()


@pytest.fixture
def peer():
    peer = TwilioPeer()
    yield peer
    peer.close()


def settings(peer, **more):
    known = {"account_sid": ACCOUNT, "auth_token": "secret", "endpoint": peer.url}
    return TwilioSettings.model_validate(known | more)


def obeys(field, value, rule):
    """The part of JSON Schema that Twilio uses for form fields."""
    assert rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", 10_000), field
    assert re.search(rule.get("pattern", ""), value), field
    if rule.get("format") == "uri":
        assert urlsplit(value).scheme == "https", field
        assert "_" not in urlsplit(value).hostname, field
    if rule.get("type") == "boolean":
        assert value in {"true", "True", "false", "False"}, field


SENT = [
    pytest.param(
        Twilio, {}, Sms(sender="Nordlys", to="+4790000001", text="Hi", parts=1, encoding="gsm7"), id="SMS by name"
    ),
    pytest.param(
        Twilio, {"messaging_service_sid": SERVICE},
        Sms(sender="", to="+4790000001", text="Hi", parts=1, encoding="gsm7"), id="SMS by a service",
    ),
    pytest.param(
        TwilioWhatsApp, {}, WhatsApp(sender="+4759440001", to="+4790000001", text="Hi", heard_at=datetime.now(UTC)),
        id="WhatsApp in the window",
    ),
    pytest.param(
        TwilioWhatsApp, {},
        WhatsApp(sender="+4759440001", to="+4790000001", text="Hi", template=CONTENT, variables=("Hi", "")),
        id="WhatsApp by template",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "more", "content"), SENT)
def test_what_we_send(peer, kind, more, content):
    """Every field that we post is described, and every value obeys its rule."""
    provider = kind(settings(peer, **more), public_url="https://nordlys.example")
    list(provider.send([Parcel(message="m", attempt="a", content=content, purpose="offer", brand="b")]))
    provider.close()

    [(path, _, _)] = peer.requests
    assert path == MESSAGES.replace("{AccountSid}", ACCOUNT)
    [form] = peer.forms()
    assert set(form) <= set(POST)
    for field, value in form.items():
        obeys(field, value, POST[field])


def test_what_we_ask(peer):
    """Every parameter of our questions is described."""
    provider = Twilio(settings(peer), public_url="https://nordlys.example")
    peer.listed = [peer.message(n, {"To": "+4790000001", "Body": str(n)}) for n in range(5)]
    doubt = Doubt(attempt="a", delivery="d", reference="R", address="+4790000001", started_at=NOON)
    list(provider.find([doubt], now=NOON + timedelta(hours=1)))
    provider.close()

    assert len(peer.asks) == 3
    first = parse_qs(urlsplit(peer.asks[0]).query)
    assert set(first) <= set(GET)
    assert urlsplit(peer.asks[0]).path == MESSAGES.replace("{AccountSid}", ACCOUNT)


def test_the_rules_are_real():
    """Neither source of names is empty, and the description has rules for ids."""
    assert {"To", "Body", "ContentSid", "StatusCallback"} <= set(POST)
    assert "To" in GET
    assert not OWN or POST["ContentSid"]["pattern"].startswith("^HX")
