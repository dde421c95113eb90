"""`tidings customers merge`, `split` and `tidings gaps`: what each answers, and what it refuses in a sentence."""

import json

import pytest

from tests.town import settle, state

pytestmark = pytest.mark.usefixtures("organised")


def test_two_records_become_one_and_two_again(tidings, engine):
    settle(engine, 2)
    code, printed = tidings(
        "customers", "merge", "C1", "C2", "--because", "same person", "--by", "Mia", "--json"
    )
    told = json.loads(printed.out)
    assert (code, told["kept"], told["gone"], told["messages"]) == (0, "C1", "C2", 0)
    code, printed = tidings("customers", "show", "C2", "--json")
    assert json.loads(printed.out)["reference"] == "test:C1, test:C2"
    code, printed = tidings("customers", "split", "C2", "--because", "two people")
    assert (code, printed.out.strip()) == (0, "Split: C1 and C2 are two customers again.")
    code, printed = tidings("customers", "split", "C2", "--because", "again")
    assert code == 2
    assert "not merged" in printed.err


def test_the_gaps_are_one_json_object(tidings, engine):
    [one] = settle(engine, channels=("email",))
    with engine.begin() as connection:
        state(connection, one, topic="invoice", channels=["letter"])
    code, printed = tidings("gaps", "--json")
    told = json.loads(printed.out)
    assert code == 0
    assert told["gaps"] == [
        {
            "brand": "nordlys", "purpose": "invoice", "topic": "invoice", "channel": "letter", "cause": "no_address",
            "detail": "", "customers": 1, "messages": 0, "cost": "0.00",
        }
    ]  # fmt: skip
    assert [row["source"] for row in told["quality"]] == ["test"]
    code, printed = tidings("gaps")
    assert "no address" in printed.out
