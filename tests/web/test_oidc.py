"""Single sign-on against a loopback issuer: who gets in, with which roles, and what is not believed."""

import json

import pytest
from joserfc.jwk import ECKey, OctKey
from pydantic import SecretStr
from starlette.testclient import TestClient

from tests.peers.oidc import CLIENT, SECRET, Issuer
from tests.town import install
from tests.web.conftest import BROWSER, Door
from tidings.role import Role
from tidings.settings import OidcSettings


@pytest.fixture
def issuer(clock):
    issuer = Issuer()
    issuer.now = int(clock().timestamp())
    yield issuer
    issuer.close()


@pytest.fixture
def door(settings, engine, clock, issuer):
    oidc = OidcSettings(
        issuer=issuer.url,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        roles={"billing-team": (Role.BILLING,), "bosses": (Role.MANAGER, Role.ADMIN)},
    )
    return Door(install(settings.model_copy(update={"oidc": oidc}), engine), clock)


@pytest.fixture
def browser(door):
    return new_browser(door)


def new_browser(door):
    return TestClient(door.app, base_url="http://127.0.0.1:8765", headers=BROWSER, follow_redirects=False)


def sign_on(browser, issuer, path="/account", **changes):
    location = browser.get("/login/oidc", params={"next": path}).headers["location"]
    return browser.get("/login/oidc/back", params=issuer.login(location) | changes)


def account(door):
    return door.ask("SELECT name, roles, subject IS NOT NULL, password_hash FROM staff")


def test_somebody_logs_in_and_the_first_time_makes_an_account(door, browser, issuer):
    assert "/login/oidc" in browser.get("/login").text
    answer = sign_on(browser, issuer)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "ingrid-moen" in browser.get("/account").text
    assert account(door) == [("ingrid-moen", ["billing"], True, "")]
    assert sign_on(new_browser(door), issuer).status_code == 303
    assert len(account(door)) == 1
    assert "tidings-sign-on" not in browser.cookies
    written = door.ask("SELECT actor, action, detail ->> 'by' FROM audit ORDER BY id LIMIT 2")
    assert written == [
        ("system", "add_account", "single sign-on"),
        ("staff:ingrid-moen", "log_in", "single sign-on"),
    ]


def test_roles_are_what_the_issuer_says_now(door, browser, issuer):
    sign_on(browser, issuer)
    issuer.person["groups"] = ["bosses", "billing-team", "unknown"]
    assert sign_on(browser, issuer).status_code == 303
    assert account(door)[0][1] == ["admin", "billing", "manager"]

    issuer.person["groups"] = ["unknown"]
    refused = sign_on(new_browser(door), issuer)
    assert (refused.status_code, "has no role here" in refused.text) == (403, True)
    assert browser.get("/account").status_code == 303, "whoever lost all roles is logged out everywhere"


def test_roles_may_be_in_the_userinfo_of_the_same_person(door, browser, issuer):
    issuer.person = {"sub": "4711"}
    issuer.userinfo = {"sub": "4711", "preferred_username": "ola", "groups": "billing-team else"}
    assert sign_on(browser, issuer).status_code == 303
    assert account(door)[0][:2] == ("ola", ["billing"])

    issuer.userinfo["sub"] = "4712"
    assert sign_on(new_browser(door), issuer).status_code == 403


def test_a_name_never_opens_the_account_that_somebody_else_has(door, browser, issuer, staff):
    other = staff(Role.ADMIN)
    issuer.person["preferred_username"] = other.name
    sign_on(browser, issuer)

    assert sorted(name for name, *_ in account(door)) == [other.name, f"{other.name}@127.0.0.1"]
    assert f"{other.name}@127.0.0.1" in browser.get("/account").text
    with door.installation.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff SET removed_at = now() WHERE subject IS NOT NULL")
    assert sign_on(browser, issuer).status_code == 403


def test_everybody_of_a_name_gets_in_also_where_its_letters_are_none_of_ours(door, issuer):
    for number, name in enumerate(["Иван Петров", "李 伟", "Ольга", "Ольга"]):
        issuer.person = {"sub": f"{number}", "preferred_username": name, "groups": ["billing-team"]}
        assert sign_on(new_browser(door), issuer).status_code == 303

    assert sorted(name for name, *_ in account(door)) == ["staff", "staff-2", "staff-3", "staff@127.0.0.1"]


NOW = 1_772_539_200
SPOILED = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "several audiences of which another is meant": {"aud": [CLIENT, "other"], "azp": "other"},
    "a token that is over": {"exp": NOW - 61},
    "a token without an end": {"exp": None},
    "a token of the future": {"nbf": NOW + 3600},
    "another nonce": {"nonce": "of-another-login"},
    "no nonce": {"nonce": None},
    "nobody": {"sub": None},
    "another access token": {"at_hash": "x" * 22},
}


@pytest.mark.parametrize("claims", SPOILED.values(), ids=SPOILED)
def test_a_token_that_says_anything_wrong_is_not_believed(door, browser, issuer, clock, claims):
    assert clock().timestamp() == NOW
    issuer.spoil = claims

    refuse(door, browser, sign_on(browser, issuer))


def refuse(door, browser, answer):
    assert (answer.status_code, "did not work" in answer.text) == (403, True)
    assert account(door) == []
    assert browser.get("/account").status_code == 303


def test_a_token_of_another_key_is_not_believed(door, browser, issuer):
    issuer.key = ECKey.generate_key("P-256", {"kid": "one"})

    refuse(door, browser, sign_on(browser, issuer))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            {"kty": "EC", "crv": "P-999", "kid": "two", "x": "AA", "y": "AA"}, id="a curve of tomorrow"
        ),
        pytest.param({"kty": "OKP", "crv": "X25519", "kid": "two", "x": "AA"}, id="a key that is cut off"),
        pytest.param({"kid": "two"}, id="no kind of key"),
        pytest.param(5, id="no key at all"),
    ],
)
def test_a_key_that_is_not_understood_locks_nobody_out(browser, issuer, other):
    known, said = issuer.published.as_dict(private=False), issuer.answer

    def with_other(fault, reference):
        if issuer.requests[-1][0] != "/jwks":
            return said(fault, reference)
        return 200, {}, json.dumps({"keys": [other, known]}).encode()

    issuer.answer = with_other
    assert sign_on(browser, issuer).status_code == 303


def test_a_token_signed_with_the_clients_secret_is_not_believed(door, browser, issuer):
    issuer.key, issuer.algorithm = OctKey.import_key(SECRET, {"kid": "one"}), "HS256"

    refuse(door, browser, sign_on(browser, issuer))


def test_a_description_of_another_issuer_or_without_tls_is_not_believed(door, browser, issuer):
    for changed in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}):
        issuer.metadata = changed
        answer = browser.get("/login/oidc")
        assert (answer.status_code, "did not work" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"state": "of-another-login"}, id="another state"),
        pytest.param({"state": ""}, id="no state"),
        pytest.param({"code": ""}, id="no code"),
        pytest.param({"code": "stolen"}, id="a code that was not given out"),
        pytest.param({"iss": "https://evil.example"}, id="an answer of another issuer"),
    ],
)
def test_an_answer_to_another_question_is_not_believed(door, browser, issuer, changed):
    refuse(door, browser, sign_on(browser, issuer, **changed))


@pytest.mark.parametrize("path", ["/token", "/jwks", "/.well-known/openid-configuration"])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"expires_in": 1e999, "keys": 5}'], ids=["nested", "endless"]
)
def test_what_is_nested_or_without_end_is_not_believed(door, browser, issuer, path, body):
    answer = issuer.login(browser.get("/login/oidc").headers["location"])
    said = issuer.answer

    def nested(fault, reference):
        return (200, {}, body) if issuer.requests[-1][0] == path else said(fault, reference)

    issuer.answer = nested
    refuse(door, browser, browser.get("/login/oidc/back", params=answer))


def test_a_state_counts_once_in_the_browser_that_began_and_not_for_ever(door, browser, issuer, clock):
    location = browser.get("/login/oidc").headers["location"]
    cookie = browser.cookies["tidings-sign-on"]
    answer = issuer.login(location)
    stranger = new_browser(door)
    assert stranger.get("/login/oidc/back", params=answer).status_code == 403, (
        "a link that somebody else made"
    )
    stranger.cookies["tidings-sign-on"] = cookie.swapcase()
    assert stranger.get("/login/oidc/back", params=answer).status_code == 403, "a cookie that was changed"

    assert browser.get("/login/oidc/back", params=answer).status_code == 303
    replayed = new_browser(door)
    replayed.cookies["tidings-sign-on"] = cookie
    code = issuer.login(location)
    assert replayed.get("/login/oidc/back", params=code).status_code == 403, "replayed, even with a new code"

    late = new_browser(door)
    answer = issuer.login(late.get("/login/oidc").headers["location"])
    clock.on(minutes=10, seconds=1)
    issuer.now += 601
    assert late.get("/login/oidc/back", params=answer).status_code == 403


def test_nobody_is_sent_to_another_site_afterwards(browser, issuer):
    assert sign_on(browser, issuer, "//evil.example").headers["location"] == "/"


def test_an_issuer_that_does_not_answer_is_told(door, browser, issuer):
    location = browser.get("/login/oidc").headers["location"]
    answer = issuer.login(location)
    issuer.close()

    refuse(door, browser, browser.get("/login/oidc/back", params=answer))
    assert browser.get("/login/oidc").status_code == 403


def test_without_an_issuer_there_is_no_single_sign_on(settings, engine, clock):
    client = new_browser(Door(install(settings, engine), clock))

    assert "/login/oidc" not in client.get("/login").text
    assert client.get("/login/oidc").status_code == 404
    assert client.get("/login/oidc/back?code=1&state=1").status_code == 403
