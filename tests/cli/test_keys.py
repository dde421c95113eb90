"""`tidings keys`: a key is shown once, works until it is revoked, and is never kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from store import audit, keys
from tests.town import NOON


def test_a_key_is_made_used_listed_and_revoked(tidings, engine):
    code, printed = tidings("keys", "add", "erp", "--role", "billing", "--json")
    made = json.loads(printed.out)
    assert (code, made["name"], made["role"]) == (0, "erp", "billing")

    with engine.connect() as connection:
        assert keys.find(connection, made["key"], now=NOON).name == "erp"
    listed = tidings("keys", "list", "--json")[1].out
    assert made["key"] not in listed
    assert [(one["name"], one["revoked_at"]) for one in json.loads(listed)] == [("erp", None)]

    assert tidings("keys", "revoke", "erp")[0] == 0
    with engine.connect() as connection:
        assert keys.find(connection, made["key"], now=NOON) is None
    assert "erp" in tidings("keys", "list")[1].out


def test_a_key_with_scopes_ends_after_its_last_day_and_says_when_it_was_used(tidings, engine):
    words = ("--scope", "touchpoints:write", "--scope", "timeline:read", "--last-day", "2093-03-03")
    made = json.loads(tidings("keys", "add", "shop", "--role", "system", *words, "--json")[1].out)
    assert (made["scopes"], made["expires_at"]) == (
        ["timeline:read", "touchpoints:write"],
        "2093-03-04T00:00:00+00:00",
    )
    end = datetime(2093, 3, 4, tzinfo=UTC)
    with engine.begin() as connection:
        assert keys.find(connection, made["key"], now=end - timedelta(seconds=1)).name == "shop"
        assert keys.find(connection, made["key"], now=end) is None
    [listed] = json.loads(tidings("keys", "list", "--json")[1].out)
    assert listed["used_at"] == "2093-03-03T23:59:59+00:00"
    with engine.connect() as connection:
        assert [(one.action, one.subject) for one in audit.listed(connection)] == [("add_key", "key:shop")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("add", "erp", "--role", "billing"), "already a key named 'erp'", id="a name that is taken"
        ),
        pytest.param(("add", "x", "--role", "king"), "king", id="a role that does not exist"),
        pytest.param(
            ("add", "x", "--role", "system", "--scope", "all:write"),
            "no scope 'all:write'",
            id="no such scope",
        ),
        pytest.param(
            ("add", "x", "--role", "system", "--last-day", "2020-01-01"),
            "2020-01-01 is over already",
            id="a day that is over",
        ),
        pytest.param(("add", " ", "--role", "system"), "needs a name", id="no name"),
        pytest.param(("revoke", "nobody"), "no key named 'nobody'", id="a key that does not exist"),
    ],
)
def test_a_wrong_word_gets_one_sentence_and_exit_code_2(tidings, words, told):
    tidings("keys", "add", "erp", "--role", "billing")

    code, printed = tidings("keys", *words)

    assert code == 2
    assert told in printed.err + printed.out
    assert "Traceback" not in printed.err
