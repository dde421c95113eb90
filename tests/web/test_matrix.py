"""Role x route, every cell: pages for staff and calls for machines, as the running program answers them."""

import asyncio
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.shelf import add_message, add_run
from tests.town import NOON, settle
from tests.web.conftest import BROWSER
from tests.web.test_routes import routes
from tidings.role import STAFF, Role, sees_amounts
from tools.roles_page import page
from web import auth
from web.app import staff_routes

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {(method, route.path): route.roles for route in staff_routes() for method in route.methods - {"HEAD"}}


def place(path):
    """Return a path with something in each hole that nothing has: it ends in 404 for who may, after the door."""
    return re.sub(r"{(\w+)(:\w+)?}", "1", path)


def ask(client, method, path, **more):
    if method == "GET" and path.endswith("/live"):
        return asyncio.run(beginning(client, place(path)))
    if method == "POST" and hasattr(client, "csrf"):
        return client.post(place(path), **more)
    return client.request(method, place(path), **more)


async def beginning(client, path):
    """Return how a stream begins, which has no end; whoever listens goes away at once."""
    headers = [
        (b"host", b"127.0.0.1"),
        (b"cookie", "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar).encode()),
    ]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "client": None,
    }
    begun, answer, pending = asyncio.Event(), [], [{"type": "http.request", "body": b""}]

    async def receive():
        if not pending:
            await begun.wait()
        return pending.pop() if pending else {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.append(
                Response(status_code=message["status"], headers=dict(Headers(raw=message["headers"])))
            )
            begun.set()

    await asyncio.wait_for(client.app(scope | {"http_version": "1.1", "scheme": "http"}, receive, send), 20)
    [response] = answer
    response.text = "You may not open this" if response.status_code == 403 else ""
    return response


def passed(answer):
    """Return whether somebody got past the door; what the page then says of a thing that is not there is its own."""
    assert answer.status_code < 500, answer.text
    return not (answer.status_code == 403 and "You may not open this" in answer.text)


@pytest.mark.parametrize("role", sorted(STAFF))
def test_each_role_opens_exactly_its_pages(staff, role):
    somebody = staff(role)
    wrong = {}
    for (method, path), allowed in PAGES.items():
        if path == "/logout":
            continue  # it ends the session; the last line of this test is about it
        answer = ask(somebody, method, path)
        if passed(answer) != (role in allowed):
            wrong[method, path] = answer.status_code

    assert wrong == {}
    assert ask(somebody, "POST", "/logout").headers["location"] == "/login"


def test_who_is_not_logged_in_gets_no_page_at_all(door):
    """Neither without a session, nor with one that was never given out, nor with a machine's key of any role."""
    client = TestClient(door.app, base_url="http://127.0.0.1:8765", headers=BROWSER, follow_redirects=False)
    given = [{}, {"Cookie": f"tidings={'x' * 43}"}, door.key("system"), door.key("admin")]
    answers = {
        (method, path, client.request(method, place(path), headers=headers).headers.get("location", "")[:6])
        for method, path in PAGES
        for headers in given
    }

    assert answers == {(method, path, "/login") for method, path in PAGES}


@pytest.mark.parametrize("role", sorted(Role))
def test_each_key_calls_exactly_what_its_role_may(door, role):
    key = door.key(role)
    wrong = {}
    for (method, path), allowed in auth.ROLES.items():
        answer = door.client.request(method, place(path), headers=key)
        assert answer.status_code < 500, (method, path, answer.text)
        refused = answer.status_code == 403 and "has the role" in answer.json()["detail"]
        if refused == (role in allowed):
            wrong[method, path] = answer.status_code

    assert wrong == {}


@pytest.mark.parametrize("scope", auth.scopes())
def test_a_key_with_a_scope_calls_exactly_what_is_in_it(door, scope):
    key = door.key("system", scopes=[scope])
    wrong = {}
    for method, path in auth.ROLES:
        answer = door.client.request(method, place(path), headers=key)
        refused = answer.status_code == 403 and "has the scopes" in answer.json()["detail"]
        if refused == (auth.scope_of(method, path) == scope):
            wrong[method, path] = answer.status_code
        if refused:
            assert f'scope="{auth.scope_of(method, path)}"' in answer.headers["www-authenticate"]

    assert wrong == {}


def test_no_call_is_answered_without_a_key_or_with_a_session(door, staff):
    everything = staff(*STAFF)
    client = TestClient(door.app, base_url="http://127.0.0.1:8765")
    answers = {
        asking.request(method, place(path)).status_code
        for method, path in auth.ROLES
        for asking in (client, everything)
    }

    assert answers == {401}


def test_every_route_is_a_page_of_somebody_a_call_of_somebody_or_open(door):
    assert routes(door.app) == set(PAGES) | set(auth.ROLES) | auth.OPEN
    assert not set(PAGES) & auth.OPEN
    assert not set(auth.ROLES) & auth.OPEN
    assert all(path.startswith("/v1/") for _, path in auth.ROLES)
    assert all(allowed and allowed <= STAFF for allowed in PAGES.values())


SAID = {
    "nobody but billing and managers sees invoice runs": ("GET", r"/invoices", {Role.BILLING, Role.MANAGER}),
    "nobody but billing begins an invoice run": ("POST", r"/invoices", {Role.BILLING, Role.MANAGER}),
    "nobody but marketing and managers sees campaigns": (
        "GET",
        r"/campaigns",
        {Role.MARKETING, Role.MANAGER},
    ),
    "nobody but marketing and managers acts on campaigns": (
        "POST",
        r"/campaigns",
        {Role.MARKETING, Role.MANAGER},
    ),
    "nobody but marketing saves segments": ("POST", r"/segments/save", {Role.MARKETING}),
    "one customer is for who serves customers": (
        "GET",
        r"/customers",
        {Role.SUPPORT, Role.COUNTER, Role.BILLING},
    ),
    "a customer is changed by who serves customers": (
        "POST",
        r"/customers",
        {Role.SUPPORT, Role.COUNTER, Role.BILLING},
    ),
    "customers are merged by support": ("POST", r"/customers/.*(merge|split)", {Role.SUPPORT}),
    "calls are support's": ("GET", r"/calls", {Role.SUPPORT}),
    "accounts are the administrator's": ("(GET|POST)", r"/staff", {Role.ADMIN}),
    "keys are the administrator's": ("(GET|POST)", r"/keys", {Role.ADMIN}),
    "the audit is the administrator's": ("(GET|POST)", r"/audit", {Role.ADMIN}),
    "a campaign is called by marketing": ("POST", r"/v1/campaigns", {Role.MARKETING, Role.SYSTEM}),
    "invoices are called by billing": (".*", r"/v1/invoice-runs", {Role.BILLING, Role.SYSTEM, Role.MANAGER}),
    "marketing, managers and administrators call nothing of one customer's": (
        ".*",
        r"/v1/customers/{ref}",
        {Role.SUPPORT, Role.COUNTER, Role.BILLING, Role.SYSTEM},
    ),
    "offers in force are for the counter": (
        "GET",
        r"/v1/customers/{ref}/offers",
        {Role.SUPPORT, Role.COUNTER, Role.SYSTEM},
    ),
}


@pytest.mark.parametrize(("method", "path", "most"), SAID.values(), ids=SAID)
def test_no_table_lets_in_more_than_the_rules_say(method, path, most):
    wide = {
        route: allowed - most
        for route, allowed in (PAGES | auth.ROLES).items()
        if re.fullmatch(method, route[0]) and re.match(path, route[1]) and not allowed <= most
    }

    assert wide == {}


def test_nobody_edits_a_consent():
    about = {key for key in PAGES | auth.ROLES if "consent" in key[1]}

    assert {method for method, _ in about} <= {"GET", "POST"}
    assert not {path for method, path in about if method == "POST" and path.endswith("}")}


@pytest.mark.parametrize("role", sorted(Role))
def test_amounts_are_for_those_whose_work_they_are(role):
    assert sees_amounts(frozenset({role})) == (role in {"billing", "support", "manager", "system"})
    assert sees_amounts(frozenset({role, Role.MARKETING})) == sees_amounts(frozenset({role}))


def test_the_page_about_the_roles_is_current():
    assert (DOCS / "roles.md").read_text(encoding="utf-8") == page(), "tools/roles_page.py writes it"


def test_every_route_of_the_api_asks_for_a_key(door):
    """The door is a dependency of each route: one that forgets it would be open whatever the table says."""
    pending, found = list(door.app.router.routes), []
    while pending:
        route = pending.pop()
        if isinstance(route, APIRoute):
            found.append((route.path, any(one.call is auth.caller for one in route.dependant.dependencies)))
        else:
            pending += getattr(getattr(route, "original_router", route), "routes", None) or []

    assert found
    assert not [path for path, asks in found if not asks]


@pytest.fixture
def both(door):
    """A campaign's run with an offer and an invoice run with an invoice of 4,711.00, both sent."""
    [ada] = settle(door.installation.engine)
    with door.installation.engine.begin() as connection:
        offers, bills = add_run(connection, run="R-offers"), add_run(connection, run="R-bills", required=True)
        connection.execute(text("UPDATE runs SET kind = 'invoice_run' WHERE id = :run"), {"run": bills})
        connection.execute(
            text("""
                INSERT INTO invoices (run_id, brand, customer_id, number, issued_on, due_on, currency, net, tax, gross,
                    document) VALUES (:run, 'nordlys', :ada, 'N1', :now, :now, 'NOK', 4711, 0, 4711, '{}')
            """),
            {"run": bills, "ada": ada, "now": NOON},
        )
        return {
            "offer": add_message(connection, offers, ada, state="done", channel="email"),
            "bill": add_message(connection, bills, ada, state="done", channel="email"),
        }


def test_billing_has_no_hand_on_offers_nor_marketing_on_invoices(door, staff, both):
    """Neither by a page nor by a call: not send, not release, not stop, not send again."""
    for role, other in (("billing", "R-offers"), ("marketing", "R-bills")):
        somebody, key = staff(role), door.key(role)
        for action in ("release", "pause", "resume", "stop"):
            answer = somebody.post(f"/runs/{other}/{action}", {"because": "x"})
            assert answer.status_code in (403, 404), (role, action, answer.headers.get("location"))
        if role == "billing":  # marketing may see how an invoice run goes, without amounts: see below
            assert somebody.get(f"/runs/{other}").status_code in (403, 404)
        for action in ("pause", "stop"):
            body = {"because": "x"}
            assert door.client.post(f"/v1/runs/{other}/{action}", json=body, headers=key).status_code == 404
        assert door.client.get(f"/v1/runs/{other}", headers=key).status_code == 404
    again = {"json": {"because": "asked"}, "headers": door.key("billing", "again") | {"Idempotency-Key": "1"}}
    assert door.client.post(f"/v1/messages/{both['offer']}/resend", **again).status_code == 403
    assert door.ask("SELECT count(*) FROM messages") == [(2,)]
    assert door.ask("SELECT DISTINCT state FROM runs") == [("sending",)]


def test_marketing_finds_amount_or_number_of_no_invoice_on_any_page_or_by_any_call(door, staff, both):
    with door.installation.engine.begin() as connection:
        connection.execute(
            text("UPDATE messages SET document = 'N778899', state = 'ready' WHERE id = :bill"), both
        )
    somebody, key = staff("marketing"), door.key("marketing")
    holes = {"run": "R-bills", "id": "R-bills", "ref": "C1", "message": both["bill"], "customer": "C1"}

    def filled(path):
        return re.sub(r"{(\w+)(:\w+)?}", lambda hole: str(holes.get(hole[1], "1")), path)

    answers = [
        somebody.get(filled(path)).text
        for method, path in PAGES
        if method == "GET" and not path.endswith("/live")
    ]
    answers.append(somebody.get("/runs/R-bills/missing?as=csv").text)
    assert "C1" in answers[-1]  # who lacks it, and why
    answers += [
        door.client.get(filled(path), headers=key).text for method, path in auth.ROLES if method == "GET"
    ]

    assert not [answer for answer in answers if re.search(r"4[,. \xa0\u202f]?711|N778899", answer)]
