"""`/v1`: keys and roles, idempotency, and what each door writes."""

import json
import threading
from urllib.parse import unquote

import pytest

from store import keys
from store.keys import Role
from tests.town import install, settle
from tests.web.conftest import Door
from tidings.problem import Problem
from web.app import create
from web.v1.touchpoints import MOST_TOUCHPOINTS
from web.wiring import Billing, Started, Wiring, wired
from work.bills import check_bills, read_bills, read_mapping

CAMPAIGN = {
    "name": "autumn",
    "edition": "1",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"everybody": True},
    "channels": ["email"],
}
BILL = {
    "number": "1",
    "customer": "C1",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "100",
    "lines": [{"description": "Roses", "unit_price": "100"}],
}


class Office:
    """Stands where the scheduler's functions stand: it notes what it was asked to start."""

    def __init__(self):
        self.started = []
        self.open = threading.Event()
        self.open.set()

    def campaign(self, installation, policy, campaign, actor, now):
        self.open.wait(10)
        if campaign.template == "offer/unknown":
            raise Problem("There is no template 'offer/unknown'.", todo="Known: offer/autumn.")
        if campaign.template == "offer/broken":
            msg = "a fault of ours with a secret in it"
            raise RuntimeError(msg)
        self.started.append((campaign.name, actor))
        return Started(run=f"{campaign.name}-{len(self.started)}")

    def invoices(self, installation, policy, billing: Billing, actor, now):
        mapping = read_mapping(billing.mapping)
        if billing.file:
            documents, _ = read_bills(billing.file, mapping)
        else:
            documents = check_bills(list(enumerate(billing.documents, 1)), mapping)
        self.started.append(([document.number for document in documents], billing.file_name, actor))
        return Started(run=f"inv-{len(self.started)}")


@pytest.fixture
def office():
    return Office()


@pytest.fixture
def door(settings, engine, clock, office):
    from starlette.testclient import TestClient

    from tests.town import install

    door = Door(install(settings, engine), clock)
    real = wired()
    wiring = Wiring(
        start_campaign=office.campaign,
        start_invoices=office.invoices,
        report=real.report,
        timeline=real.timeline,
    )
    door.app = create(door.installation, wiring=wiring, clock=clock)
    door.client = TestClient(door.app, raise_server_exceptions=False)
    return door


def once(key, value="a"):
    return key | {"Idempotency-Key": value}


CALLS = {
    "invoice-runs": ("POST", "/v1/invoice-runs", {"invoices": [BILL]}, {"billing", "system"}),
    "campaigns": ("POST", "/v1/campaigns", CAMPAIGN, {"marketing", "system"}),
    "runs": ("GET", "/v1/runs/none", None, {"billing", "marketing", "support", "system"}),
    "devices": (
        "PUT",
        "/v1/customers/C9/devices/d",
        {"token": "t", "platform": "fcm"},
        {"support", "system"},
    ),
    "touchpoints": ("POST", "/v1/touchpoints", [], {"billing", "marketing", "support", "system"}),
}


def test_each_role_may_do_what_the_table_says_and_nothing_else(door):
    for role in Role:
        key = door.key(role)
        for name, (method, path, body, allowed) in CALLS.items():
            answer = door.client.request(method, path, json=body, headers=once(key, f"{role}-{name}"))
            assert (answer.status_code == 403) == (role not in allowed), (role, name, answer.text)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no key"),
        pytest.param({"Authorization": "Bearer tdg_unknown"}, id="an unknown key"),
        pytest.param({"Authorization": "Basic YTpi"}, id="another scheme"),
        pytest.param({"X-API-Key": ""}, id="an empty key"),
    ],
)
def test_without_a_key_in_force_nothing_opens(door, headers):
    for method, path, body, _ in CALLS.values():
        answer = door.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_works_in_both_headers_until_it_is_revoked(door, engine, clock):
    secret = door.key("system", "erp")["Authorization"].removeprefix("Bearer ")

    assert door.client.get("/v1/runs/x", headers={"X-API-Key": secret}).status_code == 404
    with engine.begin() as connection:
        keys.revoke(connection, name="erp", at=clock.now)
    assert door.client.get("/v1/runs/x", headers={"X-API-Key": secret}).status_code == 401
    assert secret.encode() not in door.ask("SELECT key_hash FROM api_keys")[0]


def test_a_campaign_is_started_once_and_answered_the_same(door, office):
    key = door.key("marketing", "crm")

    answers = [door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json() == {"run": "autumn-1", "repeats": None, "report": "/v1/runs/autumn-1"}
    assert answers[0].headers["location"] == "/v1/runs/autumn-1"
    assert [answer.json() for answer in answers] == [answers[0].json()] * 3
    assert [answer.headers["idempotency-replayed"] for answer in answers] == ["false", "true", "true"]
    assert office.started == [("autumn", "key:crm")]


def test_the_same_key_with_another_body_is_refused(door, office):
    key = door.key("marketing")
    door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key))

    answer = door.client.post("/v1/campaigns", json=CAMPAIGN | {"edition": "2"}, headers=once(key))

    assert answer.status_code == 422
    assert answer.json()["field"] == "Idempotency-Key"
    assert len(office.started) == 1


def test_two_callers_may_use_the_same_idempotency_key(door, office):
    for name in ("one", "two"):
        key = door.key("marketing", name)
        assert door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key)).status_code == 202
    assert len(office.started) == 2


def test_a_request_that_is_being_carried_out_is_not_carried_out_again(door, office):
    key = door.key("marketing")
    office.open.clear()
    slow = threading.Thread(
        target=door.client.post, args=("/v1/campaigns",), kwargs={"json": CAMPAIGN, "headers": once(key)}
    )
    slow.start()
    while not door.ask("SELECT 1 FROM api_requests"):
        pass

    answer = door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key))
    office.open.set()
    slow.join()

    assert answer.status_code == 409
    assert door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key)).status_code == 202
    assert len(office.started) == 1


def test_a_claim_that_a_dead_process_left_is_taken_over(door, engine, clock, office):
    key = door.key("marketing")
    office.open.clear()
    threading.Thread(
        target=door.client.post,
        args=("/v1/campaigns",),
        kwargs={"json": CAMPAIGN, "headers": once(key)},
        daemon=True,
    ).start()
    while not door.ask("SELECT 1 FROM api_requests"):
        pass
    clock.on(minutes=11)
    office.open.set()

    assert door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key)).status_code == 202


def test_what_a_person_must_put_right_leaves_the_key_free(door, office):
    key = door.key("marketing")

    wrong = door.client.post(
        "/v1/campaigns", json=CAMPAIGN | {"template": "offer/unknown"}, headers=once(key)
    )
    right = door.client.post("/v1/campaigns", json=CAMPAIGN, headers=once(key))

    assert (wrong.status_code, right.status_code) == (422, 202)
    assert wrong.json()["detail"] == "There is no template 'offer/unknown'. Known: offer/autumn."


def test_a_fault_of_ours_is_told_without_its_inside(door):
    key = door.key("marketing")

    answer = door.client.post(
        "/v1/campaigns", json=CAMPAIGN | {"template": "offer/broken"}, headers=once(key)
    )

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        pytest.param(CAMPAIGN | {"channels": ["fax"]}, "channels.0", "fax", id="an unknown channel"),
        pytest.param(CAMPAIGN | {"edition": "a b"}, "edition", "a b", id="an impossible edition"),
        pytest.param({k: v for k, v in CAMPAIGN.items() if k != "topic"}, "topic", "", id="a missing value"),
        pytest.param(CAMPAIGN | {"extra": 1}, "extra", "1", id="a value that we do not know"),
    ],
)
def test_a_wrong_campaign_names_field_and_value(door, office, body, field, value):
    answer = door.client.post("/v1/campaigns", json=body, headers=once(door.key("marketing")))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["field"], answer.json()["value"]) == (field, value)
    assert field in answer.json()["detail"]
    assert office.started == []


@pytest.mark.parametrize("header", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 256}])
def test_a_run_needs_an_idempotency_key(door, office, header):
    answer = door.client.post("/v1/campaigns", json=CAMPAIGN, headers=door.key("marketing") | header)

    assert answer.status_code == 400
    assert answer.json()["field"] == "Idempotency-Key"
    assert office.started == []


def test_invoices_come_as_json(door, office):
    key = door.key("billing", "erp")

    answer = door.client.post(
        "/v1/invoice-runs", json={"invoices": [BILL, BILL | {"number": "2"}]}, headers=once(key)
    )

    assert answer.status_code == 202
    assert office.started == [(["1", "2"], "", "key:erp")]


def test_invoices_come_as_a_file_with_its_mapping(door, office):
    key = door.key("billing", "erp")
    file = json.dumps({**BILL, "No": "77"} | {"number": ""}).encode()
    mapping = b'[columns]\nnumber = "No"\n'
    files = {"file": ("../../etc/march.jsonl", file), "mapping": ("m.toml", mapping)}

    answers = [door.client.post("/v1/invoice-runs", files=files, headers=once(key)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert office.started == [(["77"], "march.jsonl", "key:erp")]
    kept = [path.name for path in (door.installation.home / "incoming").iterdir()]
    assert len(kept) == 2
    assert not any("march" in name for name in kept)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b'{"invoices": []}', 422, id="no invoices"),
        pytest.param(b'{"bills": [{}]}', 422, id="another name"),
        pytest.param(b"[" * 100_000, 400, id="very deep"),
    ],
)
def test_a_body_that_cannot_be_used_starts_nothing(door, office, body, status):
    answer = door.client.post("/v1/invoice-runs", content=body, headers=once(door.key("billing")))

    assert answer.status_code == status
    assert office.started == []


def touchpoint(**more):
    return {
        "id": "t1",
        "customer": "C1",
        "channel": "call",
        "kind": "called",
        "at": "2026-03-01T09:00:00Z",
    } | more


@pytest.mark.parametrize(
    "wrap",
    [lambda one: one, lambda one: [one], lambda one: {"touchpoints": [one]}],
    ids=["one", "list", "named list"],
)
def test_touchpoints_come_one_or_many_and_are_kept_once(door, engine, wrap):
    [ada] = settle(engine)
    key = door.key("support", "desk")

    first = door.client.post("/v1/touchpoints", json=wrap(touchpoint(detail={"about": "<b>"})), headers=key)
    again = door.client.post("/v1/touchpoints", json=wrap(touchpoint(kind="other")), headers=key)

    assert first.json() == {"received": 1, "recorded": 1, "known": 0, "problems": []}
    assert again.json() == {"received": 1, "recorded": 0, "known": 1, "problems": []}
    assert door.ask("SELECT customer_id, source, external_id, kind, direction, detail FROM touchpoints") == [
        (ada, "desk", "t1", "called", "in", {"about": "<b>"})
    ]


def test_the_good_ones_are_kept_and_the_wrong_ones_named(door, engine):
    settle(engine)
    body = [
        touchpoint(id="1"), touchpoint(id="2", customer="C9"), touchpoint(id="3", at="2026-03-01"),
        touchpoint(id="4", direction="up"), {"id": "5"}, "six", touchpoint(id="1"),
    ]  # fmt: skip

    answer = door.client.post("/v1/touchpoints", json=body, headers=door.key("system")).json()

    assert (answer["received"], answer["recorded"], answer["known"]) == (7, 1, 1)
    named = {(one["index"], one["field"], one["value"]) for one in answer["problems"]}
    assert {
        (1, "customer", "C9"),
        (2, "at", "2026-03-01"),
        (3, "direction", "up"),
        (4, "customer", ""),
    } <= named
    assert any(index == 5 for index, _, _ in named)


def test_when_nothing_can_be_used_the_answer_is_a_problem(door, engine):
    answer = door.client.post("/v1/touchpoints", json=touchpoint(customer="C9"), headers=door.key("system"))

    assert answer.status_code == 422
    assert answer.json()["detail"] == "customer: there is no such customer (value 'C9')."


@pytest.mark.parametrize("count", [0, MOST_TOUCHPOINTS + 1])
def test_too_few_and_too_many_touchpoints_are_refused(door, count):
    answer = door.client.post("/v1/touchpoints", json=[touchpoint()] * count, headers=door.key("system"))

    assert answer.status_code == 422


def test_a_body_over_its_bound_is_refused_before_it_is_read(door):
    key = door.key("system")

    announced = door.client.post("/v1/touchpoints", content=b"x" * (4 * 2**20 + 1), headers=key)
    parts = (b"x" * 2**20 for _ in range(6))
    unannounced = door.client.post("/v1/touchpoints", content=parts, headers=key)

    assert [announced.status_code, unannounced.status_code] == [413, 413]


def test_a_device_has_one_token_and_a_token_one_customer(door, engine):
    ada, bo = settle(engine, 2, channels=())
    key = door.key("system")

    def put(reference, device, token):
        path = f"/v1/customers/{reference}/devices/{device}"
        return door.client.put(path, json={"token": token, "platform": "apns"}, headers=key).status_code

    assert [put("C1", "phone", "a"), put("C1", "phone", "a"), put("C1", "phone", "b"), put("C1", "tablet", "c")] == [
        201, 200, 201, 201,
    ]  # fmt: skip
    assert put("C2", "phone", "b") == 201
    held = "SELECT customer_id, device, value FROM addresses WHERE removed_at IS NULL ORDER BY value"
    assert door.ask(held) == [(bo, "phone", "b"), (ada, "tablet", "c")]
    assert put("C1", "phone", "a") == 200, "an old token comes back"
    assert put("C9", "phone", "x") == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"token": "a b", "platform": "fcm"}, "token"),
        ({"token": "a", "platform": "telex"}, "platform"),
        ({"token": "a\r\nb", "platform": "fcm"}, "token"),
        ({"platform": "fcm"}, "token"),
    ],
)
def test_a_wrong_device_names_its_field(door, engine, body, field):
    settle(engine)

    answer = door.client.put("/v1/customers/C1/devices/d", json=body, headers=door.key("system"))

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_reference_that_two_systems_gave_needs_its_source(door, engine):
    ada, bo = settle(engine, 2)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO customer_references (source, reference, customer_id) VALUES ('shop', 'C1', %s)",
            (bo,),
        )
    key = door.key("system")
    body = {"token": "t", "platform": "web"}

    assert door.client.put("/v1/customers/C1/devices/d", json=body, headers=key).status_code == 409
    assert (
        door.client.put("/v1/customers/C1/devices/d?source=shop", json=body, headers=key).status_code == 201
    )
    assert door.ask("SELECT customer_id FROM addresses WHERE channel = 'push'") == [(bo,)]
    assert ada != bo


def test_the_head_of_an_answer_is_that_of_get(door, engine):
    settle(engine, 1)
    key = door.key("system")
    get, head = (
        door.client.request(method, "/v1/customers/C1/preferences", headers=key) for method in ("GET", "HEAD")
    )

    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("etag", "content-length", "content-type")} == {
        name: get.headers[name] for name in ("etag", "content-length", "content-type")
    }


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param("text/html, */*;q=0.1", 200, id="anything will do"),
        pytest.param("text/csv", 406, id="another kind"),
        pytest.param("*/*, application/json;q=0", 406, id="anything but JSON"),
    ],
)
def test_who_takes_no_json_is_told_that_there_is_nothing_else(door, accept, status):
    answer = door.client.get("/v1/runs", headers=door.key("system") | {"Accept": accept})

    assert answer.status_code == status
    assert answer.headers["content-type"] == f"application/{'problem+' if status == 406 else ''}json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("DELETE", "/v1/customers/C1/preferences", "GET, HEAD, PUT", id="two routes of one path"),
        pytest.param("PATCH", "/v1/runs", "GET, HEAD", id="one route"),
        pytest.param("PUT", "/p", "GET, HEAD, POST", id="a page"),
    ],
)
def test_another_method_is_told_every_one_that_the_path_takes(door, method, path, allowed):
    answer = door.client.request(method, path, headers=door.key("system"))

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("path", "headers", "accepts"),
    [
        pytest.param(
            "/v1/customers", {"Content-Type": "text/plain"}, {"accept": "application/json"}, id="text"
        ),
        pytest.param("/v1/customers", {}, {"accept": "application/json"}, id="no kind at all"),
        pytest.param(
            "/v1/touchpoints",
            {"Content-Type": "application/cloudevents+xml"},
            {"accept": "application/json"},
            id="an event in XML",
        ),
        pytest.param(
            "/v1/invoice-runs",
            {"Content-Type": "text/csv"},
            {"accept": "application/json, multipart/form-data"},
            id="a file that is no part of a form",
        ),
        pytest.param(
            "/v1/touchpoints",
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            {"accept-encoding": "identity"},
            id="a packed body",
        ),
    ],
)
def test_a_body_of_another_kind_is_told_what_is_read(door, path, headers, accepts):
    answer = door.client.post(path, content=b'{"reference": "K-1"}', headers=door.key("system") | headers)

    assert answer.status_code == 415
    assert accepts.items() <= answer.headers.items()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param(
            b'{"reference": "K-1", "attributes": {"a": 1, "a": 2}}', "#/attributes/a", id="a key twice"
        ),
        pytest.param(b'{"attributes": {"a": [0, 1e999]}}', "#/attributes/a/1", id="a number without end"),
        pytest.param(b'{"attributes": {"a": %s}}' % (b"9" * 5000), "#/attributes/a", id="5,000 digits"),
        pytest.param(b'{"attributes": {"a/b": "\\u0000"}}', "#/attributes/a~1b", id="a NUL"),
    ],
)
def test_json_that_means_nothing_is_pointed_at(door, body, pointer):
    answer = door.client.post(
        "/v1/customers", content=body, headers=door.key("system") | {"Content-Type": "application/json"}
    )

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["a%2Fb", "a%2fb", "%2F", "100%25", "%C3%A5 %F0%9F%8C%B1"])
def test_a_reference_is_one_part_of_a_path_whatever_it_holds(door, path):
    key = door.key("system")
    made = door.client.put(f"/v1/customers/{path}?source=crm", json={"first_name": "Ada"}, headers=key)
    assert made.status_code == 201
    assert made.json()["references"] == [{"source": "crm", "reference": unquote(path)}]
    for of_theirs in ("", "/addresses", "/timeline"):
        assert door.client.get(f"/v1/customers/{path}{of_theirs}", headers=key).status_code == 200


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", 2027, "2027", -1])
def test_a_moment_beyond_all_years_is_refused_and_spoils_no_history(door, engine, at):
    settle(engine, 1)
    key = door.key("system")
    told = {"id": "1", "customer": "C1", "channel": "web", "kind": "visited", "at": at}
    answer = door.client.post("/v1/touchpoints", json=told, headers=key)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/at"
    assert door.client.get("/v1/customers/C1/timeline", headers=key).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/v1/runs/%00", None, id="a run's name"),
        pytest.param("GET", "/v1/customers/%00/timeline", None, id="a reference"),
        pytest.param(
            "PUT", "/v1/customers/C1/devices/%00", {"token": "t", "platform": "fcm"}, id="a device's name"
        ),
        pytest.param(
            "POST",
            "/v1/touchpoints",
            {"id": "\0", "customer": "C1", "channel": "web", "kind": "visited"},
            id="an id",
        ),
        pytest.param(
            "POST",
            "/v1/touchpoints",
            {"id": "1", "customer": "C1", "channel": "web", "kind": "visited", "detail": {"a": "\ud800"}},
            id="half a surrogate pair in a detail",
        ),
        pytest.param("POST", "/v1/invoice-runs", {"invoices": [BILL], "source": "\0"}, id="a source"),
    ],
)
def test_a_character_that_cannot_be_stored_is_the_callers_mistake(
    settings, engine, clock, method, path, body
):
    settle(engine, 1)
    door = Door(install(settings, engine), clock)
    content = None if body is None else json.dumps(body).encode()

    answer = door.client.request(
        method,
        path,
        content=content,
        headers=door.key("system") | {"Idempotency-Key": "1", "Content-Type": "application/json"},
    )

    assert answer.status_code == 422
    assert "stored" in answer.json()["detail"]
