"""One invoice through the API: what became of it, and its evidence."""

import base64
import hashlib

import pytest

from tests.town import settle
from tests.web.test_v1 import Api
from tests.work.test_invoicing import bill


@pytest.fixture
def billing(door, engine):
    settle(engine, 1)
    bill(door.installation, "C1")
    return Api(door, "billing")


PAID = {"number": "FC1", "status": "paid", "id": "bank-77"}


def test_what_is_said_to_be_paid_is_not_sent(billing):
    first, again = (billing("POST", "/invoice-status", PAID) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert len(first.json()["cancelled"]) == 1
    assert again.json()["cancelled"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"number": "F9"}, 404, id="an unknown number"),
        pytest.param({"status": "eaten"}, 422, id="an unknown status"),
        pytest.param({"amount": "-1"}, 422, id="a negative amount"),
        pytest.param({"brand": "other"}, 422, id="an unknown brand"),
    ],
)
def test_what_cannot_be_used_is_refused(billing, change, status):
    assert billing("POST", "/invoice-status", PAID | change).status_code == status


def test_the_evidence_of_an_invoice_can_be_fetched(billing):
    found = billing("GET", "/invoice-evidence?number=FC1").json()
    assert hashlib.sha256(base64.b64decode(found["pdf"])).hexdigest() == found["sha256"]
    assert found["manifest"]["invoice"] == "FC1"
    assert billing("GET", "/invoice-evidence?number=F9").status_code == 404
