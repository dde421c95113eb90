"""Logging in and out: passwords, invitations, sessions, the token of forms, and who may open what."""

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from store import staff as accounts
from tests.web.conftest import BROWSER
from tidings.role import Role
from web.staff import local
from work.accounts import TRIES, WINDOW, add
from work.password import hashed

PASSWORD = "seven tall birches"


@pytest.fixture
def browser(door):
    return TestClient(door.app, base_url="http://127.0.0.1:8765", headers=BROWSER, follow_redirects=False)


@pytest.fixture(scope="module")
def kept():
    return hashed(PASSWORD)


@pytest.fixture
def ann(door, kept):
    """Ann, who has a password and is not logged in."""
    with door.installation.engine.begin() as connection:
        account = accounts.add(connection, name="ann", roles=[Role.BILLING], now=door.clock())
        accounts.set_password(connection, account, kept)
    return "ann"


def invitation(door, name, *roles):
    with door.installation.engine.begin() as connection:
        invited = add(
            connection, name, roles, by="system", settings=door.installation.settings.login, now=door.clock()
        )
    return f"/welcome/{invited.secret}"


def log_in(browser, name="ann", password=PASSWORD, **fields):
    return browser.post("/login", data={"name": name, "password": password, **fields})


def test_an_invitation_sets_a_password_once_and_only_by_a_form(door, browser):
    link = invitation(door, "ann", Role.BILLING)
    for _ in range(2):  # a mail scanner looks at it
        assert "called ann" in browser.get(link).text
    assert "not the same" in browser.post(link, data={"password": PASSWORD, "again": "else"}).text
    assert "too short" in browser.post(link, data={"password": "short", "again": "short"}).text

    assert browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).headers["location"] == "/"
    assert browser.get("/account").status_code == 200
    assert browser.get(link).status_code == 404
    assert browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 404


def test_a_login_begins_a_new_session_and_logout_ends_it(door, browser, ann):
    assert browser.get("/account").headers["location"] == "/login?next=/account"
    answer = log_in(browser, next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert re.match(r"tidings=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
    page = browser.get("/account")
    first = browser.cookies["tidings"]
    token = re.search(r'name="csrf" value="(\w+)"', page.text)[1]
    assert first not in str(door.ask("SELECT id::text FROM staff_sessions"))

    log_in(browser)
    assert browser.cookies["tidings"] != first
    assert door.ask("SELECT count(*) FROM staff_sessions") == [(1,)]
    assert browser.get("/logout").status_code == 405
    assert browser.post("/logout", data={"csrf": token}).status_code == 403
    token = re.search(r'name="csrf" value="(\w+)"', browser.get("/account").text)[1]
    assert browser.post("/logout", data={"csrf": token}).headers["location"] == "/login"
    assert "tidings" not in browser.cookies
    browser.cookies["tidings"] = first
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("password", "told"),
    [
        pytest.param("", "Name or password is wrong", id="no password"),
        pytest.param("x" * 30_000, "Name or password is wrong", id="a password of 30,000 characters"),
    ],
)
@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_a_wrong_login_is_told_alike_whoever_it_is(browser, ann, name, password, told):
    answer = log_in(browser, name, password)

    assert (answer.status_code, told in answer.text) == (401, True)
    assert "set-cookie" not in answer.headers


def test_tries_end_for_a_name_whatever_the_client_claims_and_begin_again_later(door, browser, ann):
    with door.installation.engine.begin() as connection:
        for _ in range(TRIES - 1):
            accounts.try_login(connection, "name:ann", now=door.clock(), window=WINDOW)
    assert log_in(browser, password="x").status_code == 401
    assert log_in(browser, " ANN ").status_code == 429
    blocked = log_in(browser)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "900")
    assert log_in(browser, "nobody").status_code == 401

    door.clock.now += WINDOW
    assert log_in(browser).status_code == 303


def test_tries_of_others_keep_nobody_out_of_a_browser_of_theirs(door, browser, ann):
    stranger = TestClient(door.app, base_url="http://127.0.0.1:8765", headers=BROWSER, follow_redirects=False)
    log_in(browser)
    with door.installation.engine.begin() as connection:
        for _ in range(TRIES):
            accounts.try_login(connection, "name:ann", now=door.clock(), window=WINDOW)
    assert log_in(stranger).status_code == 429

    assert log_in(browser).status_code == 303
    token = re.search(r'name="csrf" value="(\w+)"', browser.get("/account").text)[1]
    new = {"csrf": token, "old": PASSWORD, "password": "eight tall birches", "again": "eight tall birches"}
    assert browser.post("/account", data=new).headers["location"] == "/account?said=saved"

    stranger.cookies["tidings-known"] = browser.cookies["tidings-known"].swapcase()
    assert log_in(stranger).status_code == 429, "a cookie that was changed"
    assert log_in(browser, "bob").status_code == 401, "a name that this browser does not know is any other's"
    tries = [log_in(browser, password="x").status_code for _ in range(TRIES + 1)]
    assert tries == [401] * TRIES + [429], "whoever has the browser has no more tries than others"


def test_a_session_ends_idle_or_old_and_with_another_password(door, browser, ann):
    limits = door.installation.settings.login
    log_in(browser)
    door.clock.now += limits.idle - timedelta(minutes=1)
    assert browser.get("/account").status_code == 200
    door.clock.now += limits.idle
    assert browser.get("/account").status_code == 303

    log_in(browser)
    for _ in range(int(limits.life / timedelta(minutes=50)) + 1):
        assert browser.get("/account").status_code == 200
        door.clock.now += timedelta(minutes=50)
    assert browser.get("/account").status_code == 303

    log_in(browser)
    other = TestClient(door.app, base_url="http://127.0.0.1:8765", follow_redirects=False)
    log_in(other)
    token = re.search(r'name="csrf" value="(\w+)"', browser.get("/account").text)[1]
    new = "eight tall birches"
    change = {"csrf": token, "old": PASSWORD, "password": new, "again": new}
    assert "wrong" in browser.post("/account", data=change | {"old": "?"}).text
    assert browser.post("/account", data=change).headers["location"] == "/account?said=saved"
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert log_in(other).status_code == 401
    assert log_in(other, password=new).status_code == 303


def test_a_removed_account_is_out_at_once(door, staff):
    ann = staff(Role.BILLING)
    assert ann.get("/account").status_code == 200
    with door.installation.engine.begin() as connection:
        accounts.remove(connection, accounts.find(connection, ann.name).id, now=door.clock())

    assert ann.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        pytest.param({}, {}, 303, id="the token of the session"),
        pytest.param({}, {"csrf": ""}, 403, id="no token"),
        pytest.param({}, {"csrf": "0" * 64}, 403, id="another token"),
        pytest.param({"X-CSRF-Token": "æ"}, {}, 403, id="a wrong token in the header"),
        pytest.param({"Origin": "https://evil.example"}, {}, 403, id="a form of another site"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, {}, 403, id="a browser that says it is another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, {}, 403, id="a neighbour of our domain"),
        pytest.param({"Origin": "http://127.0.0.1:8765"}, {}, 303, id="a page of ours"),
    ],
)
def test_a_form_counts_only_with_its_token_and_from_our_own_page(staff, headers, data, status):
    headers = {name: value.encode() for name, value in headers.items()}
    answer = staff(Role.BILLING).post("/account/language", {"language": "nb", **data}, headers=headers)

    assert answer.status_code == status


def test_htmx_is_sent_to_the_login_as_a_whole_page(browser):
    answer = browser.get(
        "/account", headers={"HX-Request": "true", "HX-Current-URL": "http://x/runs/R-1?y=1"}
    )

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=/runs/R-1")


OURS = {"Sec-Fetch-Site": "same-origin"}


def test_what_was_written_when_a_session_ended_is_sent_with_the_next_one(door, browser, staff):
    """Logged out meanwhile, then in again with another token: both times the form comes back, and nothing is done."""
    stale = {"csrf": "0" * 64, "language": "nb", "note": 'two\r\nlines "quoted"'}
    out = browser.post("/account/language?x=1", data=stale, headers=OURS)
    ann = staff(Role.BILLING)
    again = ann.post("/account/language?x=1", stale, headers=OURS)

    for answer, status in ((out, 401), (again, 409)):
        assert answer.status_code == status
        assert 'action="/account/language?x=1"' in answer.text
        assert 'name="language" value="nb"' in answer.text
        assert "two\r\nlines &#34;quoted&#34;" in answer.text
        assert "0" * 64 not in answer.text
    assert 'href="/login" target="_blank"' in out.text
    assert f'name="csrf" value="{ann.csrf}"' in again.text
    assert "Kontoen din" not in ann.get("/account").text
    assert ann.post("/account/language", {"language": "nb"}, headers=OURS).status_code == 303


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        pytest.param({}, {"note": "x"}, id="a browser that does not say whose form it is"),
        pytest.param({"Sec-Fetch-Site": "none"}, {"note": "x"}, id="a form of nobody"),
        pytest.param(OURS, {"csrf": "0" * 64}, id="a form in which nothing was written"),
        pytest.param(OURS, {"note": "x" * 300_000}, id="too much to show again"),
        pytest.param(
            OURS | {"Content-Type": "multipart/form-data; boundary=x"}, {"note": "x"}, id="a form with a file"
        ),
    ],
)
def test_other_forms_of_nobody_lead_to_the_login(browser, headers, data):
    answer = browser.post("/account/language", data=data, headers=headers)

    assert answer.status_code in {303, 413}
    assert answer.headers.get("location", "/login") == "/login"
    assert 'name="note"' not in answer.text


def test_a_part_that_is_loaded_into_a_page_leaves_the_page_as_it_is_when_the_session_is_over(browser):
    answer = browser.post(
        "/segments/count", data={"r.0.kind": "group"}, headers=OURS | {"HX-Request": "true"}
    )

    assert (answer.status_code, answer.headers["hx-retarget"]) == (401, "#over")
    assert "hx-redirect" not in answer.headers
    assert answer.text.count("<p") == 1


def test_the_language_that_somebody_chose_is_the_pages(staff):
    ann = staff(Role.BILLING)
    ann.post("/account/language", {"language": "pl"})

    assert "Twoje konto" in ann.get("/account", headers={"Accept-Language": "sv"}).text
    ann.post("/account/language", {"language": "xx"})
    assert "Ditt konto" in ann.get("/account", headers={"Accept-Language": "sv"}).text


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "javascript:alert(1)",
        "",
        "evil.example",
        "https:/evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(path):
    assert local(path) == "/"


def test_a_login_goes_on_to_no_other_site(browser, ann):
    assert log_in(browser, next="//evil.example").headers["location"] == "/"
    assert browser.get("/login?next=//evil.example").headers["location"] == "/"
