"""The pages of whoever looks after accounts, keys and the audit."""

import re

import pytest
from sqlalchemy import text

from store import keys
from tests.web.conftest import BROWSER
from tidings.role import Role
from web import language


@pytest.fixture
def admin(staff):
    return staff(Role.ADMIN)


def alert(answer):
    return re.search(r'role="alert">([^<]*)<', answer.text)[1]


def test_somebody_is_invited_gets_other_roles_and_is_removed(door, admin):
    page = admin.post("/staff", {"name": "Ingrid", "role": ["billing", "manager"]})
    link = re.search(r"<code>(http://127.0.0.1:8765/welcome/[\w-]+)</code>", page.text)[1]
    assert link not in admin.get("/staff").text
    assert "called ingrid" in admin.get(link).text

    again = admin.post("/staff/ingrid/invite")
    assert re.search(r"<code>(.+?)</code>", again.text)[1] != link
    assert admin.get(link).status_code == 404
    answer = admin.post("/staff/ingrid/roles", {"role": ["support"]})
    assert answer.headers["location"] == "/staff/ingrid?said=saved"
    assert 'value="support" checked' in admin.get("/staff/ingrid").text
    assert admin.post("/staff/ingrid/remove").headers["location"] == "/staff?said=done"
    assert "removed" in admin.get("/staff/ingrid").text
    acts = door.ask("SELECT action FROM audit WHERE subject = 'staff:ingrid' ORDER BY id")
    assert [act for (act,) in acts] == ["add_account", "invite", "invite", "change_roles", "remove_account"]
    assert {actor for (actor,) in door.ask("SELECT actor FROM audit")} == {f"staff:{admin.name}"}


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        pytest.param(
            "/staff", {"name": "Ola N", "role": "billing"}, "cannot be an account", id="a name with a space"
        ),
        pytest.param("/staff", {"name": "ola"}, "at least one role", id="no role"),
        pytest.param("/staff", {"name": "ola", "role": "system"}, "at least one role", id="a machine's role"),
        pytest.param(
            "/staff", {"name": "{me}", "role": "billing"}, "already an account", id="a name that is taken"
        ),
        pytest.param(
            "/staff/{me}/remove", {}, "only account with the role admin", id="the last administrator"
        ),
        pytest.param(
            "/staff/{me}/roles", {"role": "billing"}, "only account", id="the last administrator's role"
        ),
        pytest.param("/keys", {"name": " ", "role": "system"}, "needs a name", id="a key without a name"),
        pytest.param("/keys", {"name": "x", "role": "king"}, "no role", id="a role that does not exist"),
        pytest.param(
            "/keys", {"name": "x", "role": "system", "scope": "a:b"}, "no scope", id="no such scope"
        ),
        pytest.param(
            "/keys",
            {"name": "x", "role": "system", "last_day": "2020-01-01"},
            "over already",
            id="a day that is over",
        ),
        pytest.param("/keys", {"name": "x", "role": "system", "last_day": "soon"}, "is no day", id="no day"),
        pytest.param("/keys/revoke", {"name": "x"}, "no key named", id="a key that does not exist"),
    ],
)
def test_what_cannot_be_is_told_on_the_page(door, admin, path, fields, told):
    fields = {field: value.replace("{me}", admin.name) for field, value in fields.items()}

    answer = admin.post(path.replace("{me}", admin.name), fields)

    assert answer.status_code == 422
    assert told in alert(answer)
    assert door.ask("SELECT count(*) FROM api_keys") == [(0,)]
    assert door.ask("SELECT count(*) FROM staff") == [(1,)]


def test_a_key_is_shown_once_and_revoked(door, admin):
    page = admin.post(
        "/keys", {"name": "shop", "role": "system", "scope": "touchpoints:write", "last_day": "2026-03-03"}
    )
    secret = re.search(r"<code>(tdg_[\w-]+)</code>", page.text)[1]
    listed = admin.get("/keys").text
    assert secret not in listed
    assert "touchpoints:write" in listed
    with door.installation.engine.begin() as connection:
        assert keys.find(connection, secret, now=door.clock()).name == "shop"

    assert admin.post("/keys/revoke", {"name": "shop"}).headers["location"] == "/keys?said=done"
    assert "revoked" in admin.get("/keys").text


def test_the_audit_is_read_in_pages_searched_and_verified(door, admin):
    for number in range(101):
        admin.post("/keys", {"name": f"key-{number}", "role": "system"})
    newest = admin.get("/audit").text
    assert "key:key-100" in newest
    assert "key:key-0<" not in newest
    older = re.search(r'href="(/audit\?[^"]*before=\d+)"', newest)[1].replace("&amp;", "&")
    assert "key:key-0<" in admin.get(older).text
    assert admin.get("/audit?what=KEY:key-7&before=x").text.count("add_key") == 11
    assert "Nothing to show" in admin.get("/audit?who=nobody").text
    assert "All 101 rows are as they were written" in admin.get("/audit?verify=1").text

    with door.installation.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit SET actor = 'staff:else' WHERE subject = 'key:key-4'"))
    assert "Row 5 is not what was written" in admin.get("/audit?verify=1").text


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_the_pages_are_told_in_every_language(door, admin, code):
    admin.headers["Accept-Language"] = language.html_tag(code)
    words = language.words(code)
    for path, title in (
        ("/staff", words["staff"]["accounts"]),
        ("/keys", words["console"]["nav"]["keys"]),
        ("/audit?verify=1", words["console"]["nav"]["audit"]),
        ("/account", words["login"]["account"]),
    ):
        assert f"<h1>{title}</h1>" in admin.get(path).text
    admin.cookies.clear()
    assert f"<h1>{words['login']['title']}</h1>" in admin.get("/login", headers=BROWSER).text
