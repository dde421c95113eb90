"""Providers call: who is not one learns nothing, and nobody is told yes before it is committed."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import create_engine
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from channels.contract import Forged, Heard
from channels.sms.twilio_hook import TwilioHook
from tests.town import install, settle
from tidings.channel import Channel
from tidings.receipt import Receipt, ReceiptKind
from tidings.settings import TwilioSettings
from web import hooks
from web.app import create

SIGNED = {"X-Signature": "right"}


class Caller:
    """A provider whose signature is a word, and whose calls are JSON; it remembers what it was handed."""

    name = "peer"

    def __init__(self):
        self.calls = []

    def hear(self, call, *, now):
        self.calls.append(call)
        if call.headers.get("x-signature") != "right":
            return Forged(code="signature")
        told = json.loads(call.body or b"[]")
        receipts = [
            Receipt(
                provider=self.name, event_id=one["id"], kind=ReceiptKind(one["kind"]), channel=Channel.SMS, at=now,
                address=one["address"],
            )
            for one in told
        ]  # fmt: skip
        return Heard(receipts=receipts, content_type="text/xml", answer=b"<Response/>")


@pytest.fixture
def caller():
    return Caller()


@pytest.fixture
def client(settings, engine, clock, caller):
    hooks.strangers.forget()
    app = create(install(settings, engine), clock=clock, callers={"peer": caller})
    with capture_logs():
        yield TestClient(app, base_url="http://127.0.0.1:8765")


STOP = [{"id": "1", "kind": "stopped", "address": "+4740600001"}]


def stopped(engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT channel, value FROM suppressions").all()


def test_news_is_committed_when_the_call_is_answered(client, engine):
    settle(engine, channels=("sms",))
    answer = client.post("/hooks/peer", json=STOP, headers=SIGNED)

    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        200,
        "<Response/>",
        "text/xml; charset=utf-8",
    )
    assert stopped(engine) == [("sms", "+4740600001")]
    assert client.post("/hooks/peer", json=STOP, headers=SIGNED).status_code == 200
    assert len(stopped(engine)) == 1


@pytest.mark.parametrize("path", ["/hooks/peer", "/hooks/peer/", "/hooks/peer/in/bound"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_adapter_is_handed_the_call_as_it_came(client, caller, method, path):
    client.request(method, f"{path}?a=1&a=%20", content=b"[]", headers=SIGNED | {"X-Odd": "Ab"})
    [call] = caller.calls

    assert (call.path, call.query, call.body) == (path, "a=1&a=%20", b"[]")
    assert (call.headers["x-odd"], call.headers["x-signature"]) == ("Ab", "right")


def test_a_forged_call_is_refused_without_a_word_and_logged_without_a_name(client, engine):
    settle(engine, channels=("sms",))
    with capture_logs() as logs:
        answer = client.post("/hooks/peer", json=STOP, headers={"X-Signature": "wrong"})

    assert (answer.status_code, answer.content) == (403, b"")
    assert stopped(engine) == []
    assert logs == [
        {"event": "a call was refused", "hook": "peer", "code": "signature", "log_level": "warning"}
    ]
    counted = [
        line for line in client.get("/metrics").text.splitlines() if line.startswith("tidings_forged_calls{")
    ]
    assert any('"peer"' in line and '"signature"' in line for line in counted)


@pytest.mark.parametrize(
    ("query", "length"),
    [
        pytest.param(b"a=\xff", b"2", id="a query that is no text"),
        pytest.param(b"bodySHA256=%ff", b"2", id="a digest that is none"),
        pytest.param(b"", b"9" * 5000, id="a length of 5,000 digits"),
    ],
)
def test_what_no_client_sends_is_refused_like_everything_else(settings, engine, clock, query, length):
    hook = TwilioHook(TwilioSettings(account_sid="AC1", auth_token="t"), public_url="https://x.example")
    app = create(install(settings, engine), clock=clock, callers={"twilio": hook})
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/twilio",
        "query_string": query,
        "headers": headers,
    }
    answers = []

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    async def send(message):
        answers.append(message)

    with capture_logs() as logs:
        asyncio.run(app(scope, receive, send))
    assert answers[0]["status"] in {403, 413}
    assert all(line["log_level"] == "warning" for line in logs)


def test_an_unknown_hook_is_none(client, caller):
    assert client.post("/hooks/other", json=STOP, headers=SIGNED).status_code == 404
    assert caller.calls == []


def test_a_provider_that_we_cannot_keep_news_for_is_asked_to_call_again(settings, engine, clock, caller):
    gone = create_engine(engine.url.set(database="gone"))
    app = create(install(settings, gone), clock=clock, callers={"peer": caller})
    with capture_logs() as logs:
        answer = TestClient(app).post("/hooks/peer", json=STOP, headers=SIGNED)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "+4740600001" not in str(logs)
    gone.dispose()


def test_a_body_is_bounded(client, caller):
    assert client.post("/hooks/peer", content=b"a" * (2**20 + 1), headers=SIGNED).status_code == 413
    assert caller.calls == []


def test_who_forges_again_and_again_is_told_to_wait_and_a_provider_from_the_same_host_is_still_heard(
    client, engine
):
    settle(engine, channels=("sms",))
    with capture_logs() as logs:
        for _ in range(hooks.FORGED_A_MINUTE):
            assert client.post("/hooks/peer", content=b"[]").status_code == 403
        answer = client.post("/hooks/peer", json=STOP, headers={"X-Signature": "wrong"})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert len(logs) == hooks.FORGED_A_MINUTE
    assert stopped(engine) == []
    assert client.post("/hooks/peer", json=STOP, headers=SIGNED).status_code == 200
    assert stopped(engine) == [("sms", "+4740600001")]


def test_strangers_are_forgotten_after_a_minute_and_never_fill_the_memory():
    strangers = hooks.Strangers()
    for number in range(5000):
        strangers.failed(f"host {number}", 0.0)
    for _ in range(hooks.FORGED_A_MINUTE):
        strangers.failed("one", 1.0)

    assert len(strangers) <= 1000
    assert strangers.too_many("one", 2.0)
    assert not strangers.too_many("one", 1.0 + timedelta(minutes=1).total_seconds())
    assert not strangers.too_many("two", 2.0)


def test_without_settings_nobody_may_call(settings, engine, clock):
    app = create(install(settings, engine), clock=clock)

    assert TestClient(app).post("/hooks/twilio", content=b"").status_code == 404
