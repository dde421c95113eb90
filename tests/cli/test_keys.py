"""`tidings keys`: a key is shown once, works until it is revoked, and is never kept."""

import json

import pytest

from cli.main import main
from store import keys


@pytest.fixture
def tidings(settings, monkeypatch, capsys):
    """Run a command as a person does; returns its exit code and what it printed."""
    monkeypatch.setenv("TIDINGS_HOME", str(settings.home))
    monkeypatch.setenv("TIDINGS_DATABASE", settings.database.get_secret_value())

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main(["keys", *words])
        return stopped.value.code, capsys.readouterr()

    return run


def test_a_key_is_made_used_listed_and_revoked(tidings, engine):
    code, printed = tidings("add", "erp", "--role", "billing", "--json")
    made = json.loads(printed.out)
    assert (code, made["name"], made["role"]) == (0, "erp", "billing")

    with engine.connect() as connection:
        assert keys.find(connection, made["key"]).name == "erp"
    listed = tidings("list", "--json")[1].out
    assert made["key"] not in listed
    assert [(one["name"], one["revoked_at"]) for one in json.loads(listed)] == [("erp", None)]

    assert tidings("revoke", "erp")[0] == 0
    with engine.connect() as connection:
        assert keys.find(connection, made["key"]) is None
    assert "erp" in tidings("list")[1].out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("add", "erp", "--role", "billing"), "already a key named 'erp'", id="a name that is taken"
        ),
        pytest.param(("add", "x", "--role", "king"), "king", id="a role that does not exist"),
        pytest.param(("revoke", "nobody"), "no key named 'nobody'", id="a key that does not exist"),
    ],
)
def test_a_wrong_word_gets_one_sentence_and_exit_code_2(tidings, words, told):
    tidings("add", "erp", "--role", "billing")

    code, printed = tidings(*words)

    assert code == 2
    assert told in printed.err + printed.out
    assert "Traceback" not in printed.err
