"""Answers by SMS and WhatsApp, from a signed call to what binds the next send."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from channels.contract import Call
from channels.sms.twilio_hook import TwilioHook
from tests.town import NOON, install, settle
from tidings.settings import TwilioSettings
from work.gather import take

PUBLIC = "https://nordlys.example"


def call(fields):
    signature = RequestValidator("secret").compute_signature(f"{PUBLIC}/hooks/twilio", fields)
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return Call(path="/hooks/twilio", query="", headers=headers, body=urlencode(fields).encode())


def says(installation, text, *, sender, number=1):
    hook = TwilioHook(TwilioSettings.model_validate({"auth_token": "secret"}), public_url=PUBLIC)
    fields = {"MessageSid": f"SM{number}", "SmsStatus": "received", "From": sender, "To": "+1", "Body": text}
    return take(installation, hook.hear(call(fields), now=NOON).receipts, now=NOON)


def closed(engine):
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT channel, value FROM suppressions WHERE lifted_at IS NULL ORDER BY channel")
        ).all()


@pytest.mark.parametrize(
    ("words", "stops"),
    [
        pytest.param("Stopp", True, id="stop"),
        pytest.param("STOP NORDLYS", True, id="stop with the brand's name"),
        pytest.param("Unsubscribe from Nordlys Hage AS", True, id="with its legal name"),
        pytest.param("STOP TELENOR", False, id="somebody else's name"),
        pytest.param("please don't stop", False, id="a sentence"),
    ],
)
@pytest.mark.parametrize(("channel", "prefix"), [("sms", ""), ("whatsapp", "whatsapp:")])
def test_stop_closes_the_channel_it_was_said_on(settings, engine, channel, prefix, words, stops):
    """And no other one; said twice it is said once; START opens it again."""
    settle(engine, 1, channels=("email", "sms", "whatsapp"))
    installation = install(settings, engine)
    number = {"sms": "+4740600001", "whatsapp": "+4740700001"}[channel]

    for _ in range(2):
        says(installation, words, sender=prefix + number)
    assert [tuple(row) for row in closed(engine)] == ([(channel, number)] if stops else [])

    says(installation, "START", sender=prefix + number, number=2)
    assert closed(engine) == []
