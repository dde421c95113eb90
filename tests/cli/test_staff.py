"""`tidings staff` and `tidings audit`, as a person calls them; and the first login of a person alone."""

import json

import pytest
from sqlalchemy import text

from store.audit import head
from tests.town import NOON, install
from work.accounts import ALONE, accept, alone
from work.chain import keep_head, known_head


def answer(tidings, *words):
    code, printed = tidings(*words, "--json")
    return code, json.loads(printed.out)


def test_an_account_is_made_listed_changed_and_removed(tidings, engine):
    code, made = answer(tidings, "staff", "add", "Ingrid", "--role", "billing", "--role", "admin")
    assert (code, made["name"], made["roles"]) == (0, "ingrid", ["admin", "billing"])
    assert made["link"].startswith("http://127.0.0.1:8765/welcome/")
    assert answer(tidings, "staff", "password", "ingrid")[1]["link"] != made["link"]
    answer(tidings, "staff", "add", "ola", "--role", "admin")

    assert answer(tidings, "staff", "roles", "ingrid", "--role", "support")[1]["roles"] == ["support"]
    assert answer(tidings, "staff", "remove", "ingrid")[1]["name"] == "ingrid"
    listed = answer(tidings, "staff", "list")[1]
    assert [(one["name"], one["removed_at"] is None) for one in listed] == [("ingrid", False), ("ola", True)]
    assert "ingrid" in tidings("staff", "list")[1].out
    with engine.connect() as connection:
        stored = connection.scalar(text("SELECT string_agg(s::text || a::text, '') FROM staff s, audit a"))
    assert made["link"].rpartition("/")[2] not in stored


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("add", "ola", "--role", "king"), "king", id="a role that does not exist"),
        pytest.param(("add", "ola", "--role", "system"), "never `system`", id="a machine's role"),
        pytest.param(("add", "ola"), "role", id="no role"),
        pytest.param(("add", "Ola Nordmann", "--role", "admin"), "cannot be an account's name", id="a space"),
        pytest.param(("add", "ingrid", "--role", "admin"), "already an account", id="a name that is taken"),
        pytest.param(("remove", "nobody"), "no account named", id="an account that does not exist"),
        pytest.param(("remove", "ingrid"), "only account with the role admin", id="the last administrator"),
        pytest.param(
            ("roles", "ingrid", "--role", "support"), "only account", id="the last administrator's roles"
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(tidings, words, told):
    tidings("staff", "add", "ingrid", "--role", "admin")

    code, printed = tidings("staff", *words)

    assert code == 2
    assert told in " ".join((printed.err + printed.out).split())
    assert "Traceback" not in printed.err


def test_a_person_alone_is_invited_until_somebody_can_log_in(settings, engine):
    limits = settings.login
    first = alone(engine, settings=limits, now=NOON)
    second = alone(engine, settings=limits, now=NOON)
    assert (first.name, len(first.roles)) == (ALONE, 6)

    assert accept(engine, first.secret, "seven tall birches", settings=limits, now=NOON) is None
    assert accept(engine, second.secret, "seven tall birches", settings=limits, now=second.until) is None
    assert accept(engine, second.secret, "seven tall birches", settings=limits, now=NOON)
    assert alone(engine, settings=limits, now=NOON) is None


def test_the_audit_is_listed_verified_and_its_end_is_known(tidings, settings, engine):
    assert answer(tidings, "audit", "head") == (0, None)
    for name in ("ann", "bob"):
        tidings("staff", "add", name, "--role", "admin", "--by", "ola")
    assert tidings("audit", "list", "--what", "account", "--who", "OLA")[1].out.count("add_account") == 2
    code, printed = tidings("audit", "head")
    kept = printed.out.strip()
    assert (code, answer(tidings, "audit", "list")[1][0]["hash"]) == (0, kept.partition(":")[2])
    assert answer(tidings, "audit", "verify") == (
        0,
        {"ok": True, "rows": 4, "head": answer(tidings, "audit", "head")[1], "problem": None},
    )
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM audit_chain WHERE position = 4"))
        connection.execute(text("DELETE FROM audit WHERE action = 'invite' AND subject = 'staff:bob'"))

    for words in ((), ("--head", kept)):
        code, found = answer(tidings, "audit", "verify", *words)
        assert (code, found["ok"], found["rows"]) == (1, False, 3)
        assert (found["problem"]["kind"], found["problem"]["position"]) == ("truncated", 4)
    assert "The end is missing, from row 4 on." in tidings("audit", "verify")[1].out
    tidings("staff", "password", "bob")
    code, found = answer(tidings, "audit", "verify")
    assert (code, found["problem"]["kind"]) == (1, "changed"), (
        "a new end does not hide that the old one is gone"
    )
    assert tidings("audit", "verify", "--head", "x")[0] == 2
    tidings("audit", "head", "--replace")
    assert tidings("audit", "verify")[0] == 0


def test_the_homes_head_moves_on_but_never_to_another_chain(settings, engine, tidings):
    installation = install(settings, engine)
    tidings("staff", "add", "ann", "--role", "admin")
    with engine.begin() as connection:
        first = keep_head(connection, installation.home, now=NOON)
        assert known_head(installation.home) == first == head(connection)
    tidings("staff", "password", "ann")
    with engine.begin() as connection:
        assert keep_head(connection, installation.home, now=NOON).position == first.position + 1
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_chain SET hash = sha256('x')"))
        newest = known_head(installation.home)
        keep_head(connection, installation.home, now=NOON)
        assert known_head(installation.home) == newest
