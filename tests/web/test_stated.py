"""The wishes about days, how often and the household on the form, and the receipt of consents."""

import hashlib
import json

import pytest

from tests.town import settle
from tests.web.test_form import fill

SAID = (
    "SELECT kind, value FROM statements WHERE kind IN ('best_days', 'frequency', 'household') ORDER BY kind"
)


def test_days_how_often_and_the_household_are_kept_as_they_were_chosen(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    fill(door, ada, **{"day.tue": "on", "day.fri": "on"}, frequency="1/month", household="one")
    page = door.client.get(door.form(ada)).text

    assert door.ask(SAID) == [
        ("best_days", {"days": ["tue", "fri"]}),
        ("frequency", {"at_most": 1, "per": "month"}),
        ("household", {"letters": "one"}),
    ]
    assert 'name="day.tue" value="on" checked' in page
    assert '<option value="1/month" selected>At most 1 a month</option>' in page
    history = door.client.get(f"{door.form(ada)}/history").text
    assert "Tuesday, Friday" in history


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"frequency": "0/month"}, id="none at all"),
        pytest.param({"frequency": "1/century"}, id="no period"),
        pytest.param({"frequency": "<b>"}, id="markup"),
        pytest.param({"household": "everybody"}, id="no such household"),
    ],
)
def test_a_wish_that_is_none_is_told_at_its_field(door, engine, wrong):
    [ada] = settle(engine)
    answer = fill(door, ada, **wrong)

    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-why"' in answer.text
    assert door.ask(SAID) == []


def test_a_consent_keeps_the_text_that_was_shown_and_its_receipt_has_it(door, engine):
    [ada] = settle(engine, channels=("email", "sms"), consent=None)
    fill(door, ada, offer="email")
    answer = door.client.get(f"{door.form(ada)}/receipt")
    receipt = json.loads(answer.text)
    [record] = [one for one in receipt["records"] if one["purpose"] == "offer"]

    assert answer.headers["content-disposition"] == 'attachment; filename="consents.json"'
    assert record["event"] == "given"
    assert record["notice"]["sha256"] == hashlib.sha256(record["notice"]["text"].encode()).hexdigest()
    assert record["notice"]["language"] == "en"
    assert "Save" in record["notice"]["text"]
    assert record["jurisdiction"] == "NO"
    assert record["pii_controllers"][0]["name"]
