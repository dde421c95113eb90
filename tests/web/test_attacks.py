"""What somebody tries who means harm: without a key, with another's number, faster than we count, spelt otherwise."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import process_time

import pytest

from tests.town import NOON, settle
from tests.web.letters import bill, send
from tests.web.test_campaigns import draft, fields_of
from tests.web.test_matrix import place
from tidings.role import Role
from web import auth
from web.problems import Refused
from web.v1.strict import load
from work.door import MOST_TRIES


@pytest.mark.parametrize(
    ("method", "path"), [pytest.param(*call, id=" ".join(call)) for call in auth.ROLES if call[0] != "GET"]
)
def test_nobody_without_a_key_has_a_body_read(door, method, path):
    answer = door.client.request(
        method, place(path), content=b"[[[no JSON", headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 401


def test_an_object_of_many_keys_with_one_twice_is_refused_at_once():
    names = [*range(50_000), 49_999]
    body = "{" + ",".join(f'"{name}":1' for name in names) + "}"
    begun = process_time()
    with pytest.raises(Refused, match="'49999' stands twice"):
        load(body.encode())

    assert process_time() - begun < 5


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": "Basic {n}", "X-API-Key": "{key}"}, id="beside another scheme"),
        pytest.param({"Authorization": "Bearer{blanks}{key}"}, id="after more and more blanks"),
    ],
)
def test_a_key_has_one_bucket_however_it_is_sent(door, headers):
    key = door.key("system")["Authorization"].removeprefix("Bearer ")
    left = []
    for n in range(3):
        given = {name: value.format(n=n, key=key, blanks=" " * (n + 1)) for name, value in headers.items()}
        answer = door.client.get("/v1/runs", headers=given)
        assert answer.status_code == 200
        left.append(answer.headers["RateLimit"])

    assert len(set(left)) == 3


@pytest.mark.parametrize("path", ["/today/", "/login/", "/v1/runs/", "/p/x/"])
def test_no_answer_leads_to_the_host_that_a_request_names(door, path):
    answer = door.client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)

    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_guesses_made_at_once_are_counted_like_those_one_after_another(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    message = send(engine, ada, purpose="invoice", invoice=bill("2026-1"), sent_at=NOON)
    url = door.links.document(message, issued_at=door.clock())

    def guess(number):
        return door.client.post(url, data={"answer": f"{number}"}, follow_redirects=False).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(1000, 1024)))

    assert answers.count(403) == MOST_TRIES
    assert answers.count(429) == 24 - MOST_TRIES


def test_support_takes_nobody_apart_who_is_not_open(door, engine, staff):
    settle(engine, 4)
    mia = staff(Role.SUPPORT)
    open_one(mia, "C3")
    assert mia.post("/customers/C3/merge", {"other": "C4", "because": "same person"}).status_code == 303
    open_one(mia, "C1")

    assert mia.post("/customers/C1/split", {"record": "C4", "because": "no"}).status_code == 404
    assert door.ask("SELECT count(*) FROM audit WHERE action = 'split'") == [(0,)]

    open_one(mia, "C3")
    assert mia.post("/customers/C3/split", {"record": "C4", "because": "yes"}).status_code == 303


def open_one(client, reference):
    told = {"because": "ticket", "note": "ticket 812"}
    assert client.post(f"/customers/{reference}/open", told).status_code == 303


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/customers/id:²", id="a customer's number"),
        pytest.param("GET", "/customers/C1?from=²", id="a place in a history"),
        pytest.param("GET", f"/campaigns/{'9' * 5000}", id="a draft's number"),
        pytest.param("POST", "/customers/C1/lift", id="a suppression's number"),
        pytest.param("POST", "/calls/²/take", id="a call's number"),
    ],
)
def test_digits_that_are_no_number_are_no_fault_of_ours(staff, engine, method, path):
    settle(engine)
    mia = staff(Role.SUPPORT, Role.MARKETING)
    open_one(mia, "C1")
    answer = mia.get(path) if method == "GET" else mia.post(path, {"suppression": "²", "because": "x"})

    assert answer.status_code < 500, answer.text


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_what_customers_are_called_is_text_on_every_page(door, staff, engine):
    """Names, streets, subjects, notes and replies that are markup; no page has a tag of theirs."""
    [ada, _] = settle(
        engine, 2, channels=("email", "sms", "letter"), first_name=HOSTILE, last_name=HOSTILE, company=HOSTILE,
        attributes={HOSTILE: HOSTILE},
    )  # fmt: skip
    message = send(engine, ada, purpose="invoice", invoice=bill("2026-1"), sent_at=NOON, data={"first_name": HOSTILE},
        options={"file_name": HOSTILE})  # fmt: skip
    somebody = staff(*(role for role in Role if role is not Role.SYSTEM))
    assert somebody.post("/campaigns/new", {"name": HOSTILE, "edition": HOSTILE}).status_code == 422
    asked = {"because": "ticket", "note": HOSTILE}
    assert somebody.post("/customers/C1/open", asked).status_code == 303
    for path, fields in (
        ("/customers/C1/call", {"note": HOSTILE, "way": "in"}),
        ("/customers/C1/matter", {"matter": "dispute", "do": "open", "because": HOSTILE}),
        ("/customers/C1/merge", {"other": "C2", "because": HOSTILE}),
        ("/customers/C1/wish", {"brand": "nordlys", "because": HOSTILE, "language": "nb"}),
    ):
        assert somebody.post(path, fields).status_code in (303, 422)
    assert somebody.post("/keys", {"name": HOSTILE, "role": "system"}).status_code == 200
    brought = somebody.post("/invoices/new", files={"file": (f"{HOSTILE}.csv", b"a;b\n1;2\n")})
    pages = [
        *("/customers/C1", f"/customers/C1/messages/{message}", "/customers?q=C1", "/keys", "/audit", "/calls"),
        *("/today", "/runs", "/invoices", "/segments", "/campaigns", "/gaps", "/reports"),
        *(brought.headers.get("location", "/today"), f"/customers?q={HOSTILE}", f"/audit?what={HOSTILE}"),
        door.form(ada), door.form(ada) + "/history", door.form(ada) + "/addresses", door.form(ada) + "/data",
    ]  # fmt: skip
    told = 0
    for path in pages:
        answer = somebody.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert "unsafe-inline" not in answer.headers["content-security-policy"], path
        told += "&lt;script&gt;alert" in answer.text

    assert told > 5  # they are shown, as text


def asked(marketer):
    """Return a draft that waits for approval."""
    path = draft(marketer)
    assert marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"}).status_code == 303
    return path


def seen(page):
    return re.search(r'name="seen" value="([0-9a-f]{64})"', page.text)[1]


def test_nobody_approves_other_words_than_they_looked_at(engine, staff):
    settle(engine, 4, channels=("email", "sms", "letter"))
    marketer, manager = staff(Role.MARKETING), staff(Role.MANAGER)
    path = asked(marketer)
    looked = seen(manager.get(path))
    assert marketer.post(f"{path}/back", {"because": "other words"}).status_code == 303
    fields = fields_of(marketer.get(f"{path}?language=en").text) | {"words.subject": "Everything free"}
    assert marketer.post(path, fields | {"do": "ask"}).status_code == 303

    refused = manager.post(f"{path}/approve", {"seen": looked})
    assert refused.status_code == 422
    assert "changed since you looked" in refused.text
    assert manager.post(f"{path}/approve", {"seen": seen(manager.get(path))}).status_code == 303


def at_once(times, act):
    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(lambda _: act(), range(times)))


def test_what_several_people_do_at_the_same_moment_is_done_once(engine, door, staff):
    settle(engine, 4, channels=("email", "sms", "letter"))
    marketer, manager, mia = staff(Role.MARKETING), staff(Role.MANAGER), staff(Role.SUPPORT)
    path = asked(marketer)
    assert at_once(4, lambda: manager.post(f"{path}/approve").status_code) == {303: 1, 422: 3}
    assert door.ask("SELECT count(*) FROM runs") == [(1,)]

    open_one(mia, "C1")
    wish = {"other": "C2", "because": "same person"}
    assert at_once(4, lambda: mia.post("/customers/C1/merge", wish).status_code) == {303: 1, 422: 3}

    key = door.key("system") | {"Idempotency-Key": "k-1"}
    body = {
        "invoices": [
            {
                "number": "2026-1", "customer": "C3", "issued_on": "2026-03-01", "due_on": "2026-03-31",
                "currency": "NOK", "total": "250",
                "lines": [{"description": "Roses", "quantity": "2", "unit_price": "100", "tax_rate": "25"}],
            }
        ]
    }  # fmt: skip
    answers = at_once(4, lambda: door.client.post("/v1/invoice-runs", json=body, headers=key).status_code)
    assert answers[202] >= 1
    assert answers[202] + answers[409] == 4
    assert (
        door.client.post("/v1/invoice-runs", json=body | {"brand": "nordlys"}, headers=key).status_code == 422
    )
    assert door.ask("SELECT count(*) FROM runs WHERE kind = 'invoice_run'") == [(1,)]
