"""What each door of the API writes and answers: customers, wishes, consents, messages, offers, and the rest."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from preferences.policy import Policy
from store import people
from store.events import listed
from tests.patience import until
from tests.town import settle, state
from work.authoring import begin as begin_template
from work.campaign import open_campaign, parse_campaign
from work.merge import merge
from work.run import begin, open_for_sending, plan
from work.webhooks import event_id

CAMPAIGN = {
    "name": "autumn",
    "edition": "2026",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"everybody": True},
    "channels": ["email", "sms"],
    "data": {
        "code": "LYS25",
        "discount": 25,
        "price": "66.75",
        "currency": "EUR",
        "valid_until": "2026-11-30",
    },
}


@pytest.fixture
def api(door):
    return Api(door)


class Api:
    """A system that calls the API."""

    def __init__(self, door, role="system"):
        self.door = door
        self.key = door.key(role, f"machine-{role}")
        self.calls = 0

    def __call__(self, method, path, body=None, **headers):
        self.calls += 1
        sent = {"Idempotency-Key": str(self.calls)} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.door.client.request(method, f"/v1{path}", json=body, headers=self.key | sent)


def sent(door, campaign=CAMPAIGN, messages="done"):
    """Plan a campaign for everybody and say that its messages came so far; returns the run."""
    home, now = door.installation, door.clock()
    opened = open_campaign(home, parse_campaign(campaign, where="t"), Policy(), actor="staff:Ada", now=now)
    for shard in range(begin(home, opened.run, now=now).count):
        plan(home, opened.run, shard, Policy(), now=now)
    open_for_sending(home, opened.run)
    with home.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET state = %s, channel = 'email' WHERE run_id = %s", (messages, opened.run)
        )
    return opened.run


def test_a_customer_is_made_changed_and_found(api, door):
    made = api(
        "POST", "/customers", {"reference": "K-1", "source": "crm", "first_name": "Ada", "country": "NO"}
    )
    again = api("POST", "/customers", {"reference": "K-1", "source": "crm"})
    changed = api(
        "PUT", "/customers/K-1?source=crm", {"last_name": "Berg", "attributes": {"a": 1, "b": None}}
    )
    read = api("GET", "/customers/K-1")

    assert (made.status_code, again.status_code, changed.status_code) == (201, 409, 200)
    assert made.json()["time_zone"] == "Europe/Oslo"
    assert made.json()["language"] == "nb"
    assert read.json() == changed.json()
    assert (read.json()["first_name"], read.json()["last_name"]) == ("Ada", "Berg")
    assert read.json()["attributes"] == {"a": 1}
    assert api("GET", made.headers["location"].removeprefix("/v1")).json() == read.json()
    assert api("GET", "/customers/K-1", **{"If-None-Match": read.headers["etag"]}).status_code == 304


def test_putting_a_stranger_makes_them_once(api, door):
    answers = [api("PUT", "/customers/K-9", {"first_name": "Bo"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert door.ask("SELECT source, reference FROM customer_references") == [("machine-system", "K-9")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"language": "Norwegian"}, "#/language"),
        ({"country": "no"}, "#/country"),
        ({"standing": "king"}, "#/standing"),
        ({"time_zone": "Mars/Base"}, "#/time_zone"),
        ({"first_name": "x" * 201}, "#/first_name"),
        ({"surname": "Berg"}, "#/surname"),
        ({"attributes": 5}, "#/attributes"),
    ],
    ids=["a language", "a country", "a standing", "a zone", "a long name", "an unknown key", "no attributes"],
)
def test_a_wrong_value_of_a_customer_is_pointed_at(api, body, pointer):
    answer = api("PUT", "/customers/K-1", body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_a_list_goes_on_where_it_ended_whatever_came_in_between(api, door, engine, clock):
    settle(engine, 5)
    clock.on(days=36500)  # after the machine's own clock, which dated those
    first = api("GET", "/customers?limit=2").json()
    api("PUT", "/customers/new", {"first_name": "In between"})
    pages, cursor = [first], first["next_cursor"]
    while cursor:
        pages.append(api("GET", f"/customers?limit=2&cursor={cursor}").json())
        cursor = pages[-1]["next_cursor"]

    ids = [one["id"] for page in pages for one in page["items"]]
    assert len(ids) == len(set(ids)) == 6
    assert api("GET", "/customers?updated_since=2200-01-01T00:00:00Z").json()["items"] == []


def test_who_follows_changes_misses_none_that_was_written_before_others_and_committed_after(api, engine):
    ada, bo = settle(engine, 2)
    with engine.begin() as slow:
        people.change(slow, ada, values={"last_name": "Slow"}, attributes={})
        api("PUT", "/customers/C2", {"last_name": "Quick"})
        seen = api("GET", "/customers").json()["items"]
    since = max((one["updated_at"] for one in seen), default="2000-01-01T00:00:00Z")
    later = api("GET", f"/customers?updated_since={quote(since)}").json()["items"]

    assert [(one["id"], one["last_name"]) for one in later if one["last_name"] != "Berg"] == [
        (ada, "Slow"),
        (bo, "Quick"),
    ]


@pytest.mark.parametrize(
    "cursor", ["x", "WyIvdjEvcnVucyJd", "\u00e9", "A" * 999], ids=["short", "unsigned", "no ASCII", "long"]
)
def test_a_cursor_that_is_not_ours_is_refused(api, cursor):
    assert api("GET", f"/customers?cursor={cursor}").status_code == 400


def test_a_cursor_of_another_list_is_refused(api, engine):
    settle(engine, 3)
    cursor = api("GET", "/customers?limit=1").json()["next_cursor"]

    assert api("GET", f"/runs?cursor={cursor}").status_code == 400


def test_an_address_is_judged_kept_and_removed(api, door, engine):
    settle(engine, 1, channels=())
    mail = api("POST", "/customers/C1/addresses", {"channel": "email", "value": "Ada@Example.ORG"})
    again = api("POST", "/customers/C1/addresses", {"channel": "email", "value": "ada@example.org"})
    letter = api(
        "POST",
        "/customers/C1/addresses",
        {"channel": "letter", "postal": {"street": ["Storgata 1"], "postal_code": "0155", "city": "Oslo"}},
    )

    assert (mail.status_code, again.status_code, letter.status_code) == (201, 200, 201)
    assert mail.json()["value"] == "ada@example.org"
    assert letter.json()["postal"]["country"] == "NO"
    assert api("DELETE", f"/customers/C1/addresses/{mail.json()['id']}").status_code == 204
    assert api("DELETE", f"/customers/C1/addresses/{mail.json()['id']}").status_code == 404
    assert [one["channel"] for one in api("GET", "/customers/C1/addresses").json()["items"]] == ["letter"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"channel": "email", "value": "no address"}, "#/value"),
        ({"channel": "sms", "value": "12"}, "#/value"),
        ({"channel": "letter"}, "#/postal"),
        ({"channel": "letter", "postal": {"city": "Oslo"}}, "#/postal/street"),
        ({"channel": "fax", "value": "1"}, "#/channel"),
    ],
    ids=["no mailbox", "no number", "no place", "no street", "no channel"],
)
def test_an_address_that_cannot_be_used_is_refused(api, engine, body, pointer):
    settle(engine, 1, channels=())

    answer = api("POST", "/customers/C1/addresses", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_preferences_are_changed_by_whoever_saw_them_as_they_are(api, door, engine):
    settle(engine, 1, channels=("email", "sms"))
    read = api("GET", "/customers/C1/preferences")
    body = {"answers": {"offer": "sms"}, "proof": "call 4711"}

    blind = api("PUT", "/customers/C1/preferences", body)
    saved = api("PUT", "/customers/C1/preferences", body, If_Match=read.headers["etag"])
    late = api("PUT", "/customers/C1/preferences", body, If_Match=read.headers["etag"])

    assert (blind.status_code, saved.status_code, late.status_code) == (428, 200, 412)
    assert saved.json()["changed"] == {"offer": "sms"}
    assert saved.json()["answers"]["offer"] == "sms"
    assert late.headers["etag"] == saved.headers["etag"]
    assert door.ask("SELECT actor, proof FROM consents WHERE channel = 'sms' ORDER BY id DESC LIMIT 1") == [
        ("key:machine-system", "call 4711")
    ]


def test_a_tag_is_of_all_that_was_shown(api, engine):
    settle(engine, 1)
    tag = api("GET", "/customers/C1/preferences").headers["etag"]
    known = [
        api("GET", "/customers/C1/preferences", If_None_Match=one).status_code
        for one in (tag, f"W/{tag}", "*")
    ]
    assert known == [304, 304, 304]
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE addresses SET value = 'other@example.net'")
    changed = api("GET", "/customers/C1/preferences", If_None_Match=tag)

    assert changed.status_code == 200
    assert "example.net" in changed.text


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [
        ({"offer": "telex"}, "#/answers/offer"),
        ({"invoice": "none"}, "#/answers/invoice"),
        ({"language": "xx"}, "#/answers/language"),
        ({"pause_until": "2026-02-30"}, "#/answers/pause_until"),
        ({"quiet_from": "21:00"}, "#/answers/quiet_from"),
        ({"colour": "red"}, "#/answers/colour"),
    ],
    ids=["no channel", "invoices always", "no language", "no day", "half the hours", "no question"],
)
def test_an_answer_that_the_form_could_not_give_is_refused(api, engine, answers, pointer):
    settle(engine, 1)

    answer = api("PUT", "/customers/C1/preferences", {"answers": answers, "proof": "p"}, If_Match="*")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_statements_are_added_to_the_state_that_was_seen(api, door, engine):
    settle(engine, 1, channels=("email", "sms"))
    tag = api("GET", "/customers/C1/statements").headers["etag"]
    body = {"kind": "order", "topic": "offer", "channels": ["sms", "email"], "only": True, "proof": "call"}

    assert api("POST", "/customers/C1/statements", body).status_code == 428
    made = api("POST", "/customers/C1/statements", body, If_Match=tag)
    assert made.status_code == 201
    assert api("POST", "/customers/C1/statements", body, If_Match=tag).status_code == 412
    listed = api("GET", "/customers/C1/statements")
    assert listed.headers["etag"] == made.headers["etag"]
    assert listed.json()["items"] == [made.json()]
    assert made.json()["value"] == {"only": True}


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "order"},
        {"kind": "order", "channels": ["sms", "sms"]},
        {"kind": "order", "channels": ["sms"], "tracking": False},
        {"kind": "quiet_hours", "quiet_from": "21:00"},
        {"kind": "quiet_hours", "quiet_from": "25:00", "quiet_until": "08:00"},
        {"kind": "language"},
        {"kind": "tracking"},
        {"kind": "pause", "until_at": "2026-01-01"},
        {"kind": "pause", "from_at": "2026-02-01T00:00:00Z", "until_at": "2026-01-01T00:00:00Z"},
        {"kind": "order", "channels": ["sms"], "topic": "weather"},
        {"kind": "order", "channels": ["sms"], "brand": "acme"},
    ],
    ids=[
        "an order of nothing", "a channel twice", "another's value", "half the hours", "no clock", "no language",
        "no choice", "no instant", "an end before its beginning", "no topic", "no brand",
    ],
)  # fmt: skip
def test_a_statement_that_says_nothing_is_refused(api, door, engine, body):
    settle(engine, 1)

    assert api("POST", "/customers/C1/statements", body, If_Match="*").status_code == 422
    assert door.ask("SELECT count(*) FROM statements") == [(0,)]


def test_consents_are_added_with_proof_and_never_changed(api, door, engine):
    settle(engine, 1, consent=None)
    given = {"topic": "offer", "channel": "email", "action": "given", "proof": "opt-in"}

    made = api("POST", "/customers/C1/consents", given)
    bare = api("POST", "/customers/C1/consents", given | {"proof": " "})
    api("POST", "/customers/C1/consents", {"topic": "offer", "action": "objected"})

    assert (made.status_code, bare.status_code) == (201, 422)
    listed = api("GET", "/customers/C1/consents").json()["items"]
    assert [one["action"] for one in listed] == ["objected", "given"]
    for method in ("PUT", "DELETE", "PATCH"):
        for path in ("/customers/C1/consents", f"/customers/C1/consents/{made.json()['id']}"):
            assert api(method, path, given).status_code in {404, 405}
    assert door.ask("SELECT count(*) FROM consents") == [(2,)]


def test_a_message_is_told_with_its_deliveries_and_sent_once_more(api, door, engine):
    settle(engine, 1, channels=("email", "sms"))
    run = sent(door)
    [message] = api("GET", "/customers/C1/messages").json()["items"]

    read = api("GET", f"/messages/{message['message']}")
    asked = {"because": "asks for an SMS", "channel": "sms"}
    again = [api("POST", f"/messages/{message['message']}/resend", asked, Idempotency_Key="k") for _ in "12"]

    assert read.json() == message
    assert (message["run"], message["state"], message["copy"]) == (run, "done", 0)
    assert [one.status_code for one in again] == [202, 202]
    assert again[0].json() == again[1].json()
    copy = api("GET", again[0].headers["location"].removeprefix("/v1")).json()
    assert (copy["copy"], copy["channel"]) == (1, "sms")
    assert copy["copy_because"] == "key:machine-system: asks for an SMS"
    assert door.ask("SELECT actor FROM audit WHERE action = 'copy'") == [("key:machine-system",)]
    together = "SELECT m.xmin::text = r.xmin::text FROM messages m, api_requests r WHERE m.copy = 1"
    assert door.ask(together) == [(True,)], "a power cut in between would send it once more"
    assert door.ask("SELECT count(*) FROM messages") == [(2,)]


def test_what_is_not_sent_yet_is_not_sent_once_more(api, door, engine):
    settle(engine, 1)
    sent(door, messages="ready")
    [message] = api("GET", "/customers/C1/messages").json()["items"]

    assert api("POST", f"/messages/{message['message']}/resend", {"because": "b"}).status_code == 409
    assert (
        api("POST", "/messages/01932b1e-0000-7000-8000-000000000000/resend", {"because": "b"}).status_code
        == 404
    )
    assert api("GET", "/messages/none").status_code == 422


def test_a_decision_is_told_as_it_was_and_as_it_would_be_now(api, door, engine):
    [ada] = settle(engine, 1, channels=("email", "sms"))
    sent(door)
    [message] = api("GET", "/customers/C1/messages").json()["items"]
    with engine.begin() as connection:
        state(connection, ada, topic="offer", channels=["sms", "email"])

    was = api("GET", f"/messages/{message['message']}/decision").json()
    now = api("POST", "/decisions", {"customer": "C1", "topic": "offer"}).json()

    assert [(one["channel"], one["rank"]) for one in was["channels"][:2]] == [("email", 1), ("sms", 2)]
    assert was["facts_changed"] is True
    assert [one["channel"] for one in now["channels"][:2]] == ["sms", "email"]
    assert now["channels"][0]["reason"] == "stated_purpose"
    assert now["channels"][0]["sentence"]
    assert door.ask("SELECT count(*) FROM messages") == [(1,)]
    assert (
        api("POST", "/decisions?lang=nb", {"customer": "C1", "topic": "offer"}).json()["sentence"]
        != now["sentence"]
    )
    assert api("POST", "/decisions", {"customer": "C1", "topic": "all"}).status_code == 422
    assert api("POST", "/decisions", {"customer": "C9", "topic": "offer"}).status_code == 404


def test_offers_in_force_are_told_with_the_facts_that_were_sent(api, door, engine):
    settle(engine, 2)
    sent(door)

    [offer] = api("GET", "/customers/C1/offers").json()["offers"]

    assert (offer["offer"], offer["code"], offer["valid_until"]) == ("autumn:2026", "LYS25", "2026-11-30")
    assert offer["facts"]["code"] == "LYS25"
    assert "25" in offer["facts"]["discount"]
    assert "66.75" in offer["facts"]["price"]
    door.clock.on(days=300)
    assert api("GET", "/customers/C1/offers").json()["offers"] == []


def test_the_facts_of_an_offer_stay_those_that_were_sent_when_its_template_changes(api, door, engine):
    settle(engine)
    sent(door)
    [before] = api("GET", "/customers/C1/offers").json()["offers"]
    files = begin_template("offer/autumn", folder=door.installation.own_templates)
    sheet = next(path for path in files if path.name == "template.toml")
    sheet.write_text(sheet.read_text().replace("[data]", '[data]\nshop = "text"'))

    assert api("GET", "/customers/C1/offers").json()["offers"] == [before]


def test_an_offer_of_a_brand_that_is_gone_keeps_the_others_told(api, door, engine):
    settle(engine)
    sent(door)
    sent(door, CAMPAIGN | {"name": "winter", "data": CAMPAIGN["data"] | {"code": "SNOW10"}})
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET brand = 'gone' WHERE run_id LIKE 'autumn%%'")

    offers = api("GET", "/customers/C1/offers").json()["offers"]

    assert {one["code"]: bool(one["facts"]) for one in offers} == {"SNOW10": True, "LYS25": False}


def test_an_offer_that_was_used_is_reminded_of_nowhere(api, door, engine):
    ada, bo = settle(engine, 2, channels=("email", "letter"))
    sent(door)
    reminder = CAMPAIGN | {"name": "reminder", "channels": ["letter"], "fallback_after": {}}
    sent(door, reminder, messages="ready")

    used = api("POST", "/customers/C1/offers/autumn:2026/redemption", {"channel": "visit"})
    again = api("POST", "/customers/C1/offers/autumn:2026/redemption", {"channel": "web"})

    assert (used.status_code, used.json()["again"], again.json()["again"]) == (200, False, True)
    assert again.json()["redeemed_at"] == used.json()["redeemed_at"]
    states = (
        "SELECT customer_id, state, reason FROM messages WHERE run_id LIKE 'reminder%' ORDER BY customer_id"
    )
    assert door.ask(states) == [(ada, "cancelled", "redeemed"), (bo, "ready", "")]
    assert len(used.json()["cancelled"]) == 1
    assert api("GET", "/customers/C1/offers").json()["offers"] == []
    assert len(api("GET", "/customers/C2/offers").json()["offers"]) == 1
    assert door.ask("SELECT customer_id, channel, kind FROM touchpoints WHERE kind = 'redeemed'") == [
        (ada, "visit", "redeemed")
    ]
    assert api("POST", "/customers/C1/offers/summer:1/redemption", {}).status_code == 404


@pytest.mark.parametrize("used_by", ["C1", "C2"], ids=["the record that was written to", "another of theirs"])
def test_a_redemption_that_comes_as_a_touchpoint_cancels_too(api, door, engine, used_by):
    settle(engine, 1)
    sent(door, messages="ready")
    settle(engine, 1)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", actor="staff:Mia", because="one person", now=door.clock())
    body = {
        "id": "t",
        "customer": used_by,
        "channel": "visit",
        "kind": "redeemed",
        "detail": {"code": "LYS25"},
    }

    api("POST", "/webhooks", {"name": "crm", "url": "https://crm.example.com", "events": ["offer.redeemed"]})
    for recorded in (1, 0):
        assert api("POST", "/touchpoints", body).json()["recorded"] == recorded
    assert door.ask("SELECT state, reason FROM messages") == [("cancelled", "redeemed")]
    # What another database of this server has open holds events back.
    [told] = until(lambda: api("GET", "/events?type=offer.redeemed").json()["items"])
    assert told["data"] | {"customer": ""} == {
        "customer": "",
        "code": "LYS25",
        "offer": None,
        "channel": "visit",
        "message": None,
        "redeemed_at": door.clock().isoformat(),
    }


def test_two_shops_at_the_same_moment_take_one_use(api, door, engine):
    settle(engine, 1)
    sent(door)
    path = "/customers/C1/offers/autumn:2026/redemption"
    with ThreadPoolExecutor(8) as pool:
        answers = [one.json() for one in pool.map(lambda _: api("POST", path, {}), range(8))]

    assert sorted(one["again"] for one in answers) == [False, *[True] * 7]
    assert len({one["redeemed_at"] for one in answers}) == 1
    assert door.ask("SELECT count(*) FROM touchpoints") == [(1,)]


EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/shop",
    "type": "com.example.bought",
    "subject": "C1",
    "time": "2026-03-01T09:00:00Z",
    "data": {"channel": "web", "basket": 3},
}


@pytest.mark.parametrize(
    ("kind", "body", "headers"),
    [
        ("application/cloudevents+json", EVENT, {}),
        ("application/cloudevents-batch+json", [EVENT], {}),
        ("application/cloudevents+json; charset=utf-8", EVENT | {"traceparent": "00-1"}, {}),
        (
            "application/json",
            EVENT["data"],
            {f"ce-{name}": value for name, value in EVENT.items() if name != "data"},
        ),
        (
            "application/cloudevents+json",
            {**{k: v for k, v in EVENT.items() if k != "data"}, "data_base64": "eyJiYXNrZXQiOiAzfQ=="},
            {},
        ),
    ],
    ids=["structured", "a batch", "with an extension", "binary", "in base64"],
)
def test_touchpoints_come_as_cloud_events(api, door, engine, kind, body, headers):
    [ada] = settle(engine)

    answer = door.client.post(
        "/v1/touchpoints",
        content=json.dumps(body),
        headers=api.key | {"Content-Type": kind} | headers,
    )

    assert answer.json() == {"received": 1, "recorded": 1, "known": 0, "problems": []}
    assert door.ask("SELECT customer_id, source, external_id, channel, kind, detail FROM touchpoints") == [
        (ada, "/shop", "e1", "web", "bought", {"basket": 3})
    ]


def test_wrong_events_of_a_batch_are_pointed_at(api, door, engine):
    settle(engine)
    batch = [EVENT, EVENT | {"specversion": "2.0"}, EVENT | {"id": "e2", "subject": "C9"}, {"id": 5}]
    batch += [EVENT | {"id": "e4", "data_base64": wrong} for wrong in ("%%%", "e30x", "eyJhIjoxLCJhIjoyfQ==")]

    answer = door.client.post(
        "/v1/touchpoints",
        content=json.dumps(batch),
        headers=api.key | {"Content-Type": "application/cloudevents-batch+json"},
    ).json()

    assert answer["recorded"] == 1
    pointers = {one["pointer"] for one in answer["problems"]}
    assert {"#/1/specversion", "#/2/subject", "#/3/source"} <= pointers
    assert {f"#/{index}/data_base64" for index in (4, 5, 6)} <= pointers


def test_events_are_written_in_one_order_and_numbered_as_they_were_sent(api, door, engine):
    """So two that bring the same ones in other orders never wait for each other for ever."""
    settle(engine)
    named = ["b", "c", "a"]
    events = [{"id": name, "customer": "C1", "channel": "web", "kind": "bought"} for name in named]

    assert api("POST", "/touchpoints", {"touchpoints": events}).json()["recorded"] == 3
    assert door.ask("SELECT external_id FROM touchpoints ORDER BY id") == [(name,) for name in named]
    assert door.ask("SELECT external_id FROM touchpoints ORDER BY ctid") == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("name", ["customer", "reference"])
def test_a_stranger_in_a_list_is_pointed_at_by_the_key_that_was_sent(api, engine, name):
    settle(engine)
    both = [{"id": ref, name: ref, "channel": "web", "kind": "bought"} for ref in ("C1", "C9")]

    [told] = api("POST", "/touchpoints", {"touchpoints": both}).json()["problems"]

    assert (told["index"], told["pointer"]) == (1, f"#/touchpoints/1/{name}")


@pytest.mark.parametrize(
    ("change", "binary", "place"),
    [
        ({"data": {"machine": "perhaps"}}, False, {"pointer": "#/data/machine"}),
        ({"data": {"reference": "C9"}, "subject": ""}, False, {"pointer": "#/data/reference"}),
        ({"subject": ""}, False, {"pointer": "#/subject"}),
        ({"type": "com."}, False, {"pointer": "#/type"}),
        ({"data": {"machine": "perhaps"}}, True, {"pointer": "#/machine"}),
        ({"subject": "C9"}, True, {"parameter": "ce-subject"}),
        ({"specversion": "2.0"}, True, {"parameter": "ce-specversion"}),
    ],
    ids=[
        "in the data",
        "a reference there",
        "nobody",
        "no kind",
        "in the body",
        "a header",
        "another version",
    ],
)
def test_what_is_wrong_with_an_event_is_pointed_at_where_it_stands(api, door, change, binary, place):
    event = EVENT | change
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"} if binary else {}

    answer = door.client.post(
        "/v1/touchpoints",
        content=json.dumps(event["data"] if binary else event),
        headers=api.key
        | {"Content-Type": "application/json" if binary else "application/cloudevents+json"}
        | headers,
    )

    assert answer.status_code == 422
    [told] = answer.json()["errors"]
    assert {key: told[key] for key in ("pointer", "parameter") if key in told} == place


def test_suppressions_are_added_listed_and_lifted_with_a_reason(api, door, engine):
    body = {"channel": "email", "value": "Ada@Example.org", "reason": "hard_bounce", "proof": "log"}
    made = api("POST", "/suppressions", body)
    again = api("POST", "/suppressions", body)
    where = f"/suppressions/{made.json()['id']}/lift"

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["value"] == "ada@example.org"
    assert len(api("GET", "/suppressions?active=true&value=ada@example.org").json()["items"]) == 1
    assert api("POST", where, {}).status_code == 422
    assert api("POST", where, {"because": "works again"}).json()["lifted_at"]
    assert api("GET", "/suppressions?active=true").json()["items"] == []
    assert door.ask("SELECT action, subject FROM audit") == [
        ("lift_suppression", f"suppression:{made.json()['id']}")
    ]


@pytest.mark.parametrize("reason", ["stop", "complaint", "unsubscribed", "a_word_of_another_system"])
def test_what_a_customer_said_or_may_have_said_is_not_lifted_for_them(api, door, engine, reason):
    made = api("POST", "/suppressions", {"channel": "sms", "value": "+4740612345", "reason": reason}).json()

    assert api("POST", f"/suppressions/{made['id']}/lift", {"because": "b"}).status_code == 409


def test_an_export_has_everything_and_ends(api, door, engine, clock):
    settle(engine, 1)
    sent(door)
    asked = api("POST", "/customers/C1/exports")
    found = api("GET", asked.headers["location"].removeprefix("/v1"))

    assert asked.status_code == 202
    assert found.json()["data"]["customer"][0]["first_name"] == "Ada"
    assert {name for name, rows in found.json()["data"].items() if rows} >= {
        "addresses",
        "consents",
        "messages",
    }
    clock.on(days=8)
    assert api("GET", asked.headers["location"].removeprefix("/v1")).status_code == 410


def test_an_erasure_is_carried_out_and_told(api, door, engine):
    settle(engine, 1)
    done = api("POST", "/customers/C1/erasure", {"because": "asked for it"})

    assert done.status_code == 202
    assert done.json()["erased"]["references"] == 1
    assert api("GET", done.headers["location"].removeprefix("/v1")).json() == done.json()
    assert api("GET", "/customers/C1").status_code == 404
    assert api("GET", f"/customers/id:{done.json()['customer']}").json()["first_name"] == ""


def test_runs_are_listed_by_whom_they_concern_and_stopped(api, door, engine):
    settle(engine, 1)
    run = sent(door, messages="ready")
    billing = Api(door, "billing")

    assert [one["run"] for one in api("GET", "/runs").json()["items"]] == [run]
    assert billing("GET", "/runs").json()["items"] == []
    assert billing("POST", f"/runs/{run}/stop", {"because": "b"}).status_code == 404
    assert api("POST", f"/runs/{run}/stop", {"because": "wrong price"}).json() == {
        "run": run,
        "state": "stopped",
        "cancelled": 1,
    }
    assert api("POST", f"/runs/{run}/stop", {"because": "b"}).status_code == 409
    assert api("GET", "/campaigns/autumn/2026").json()["runs"][0]["state"] == "stopped"
    assert api("GET", "/campaigns/autumn/2027").status_code == 404


def test_templates_are_told_and_shown(api):
    names = [one["name"] for one in api("GET", "/templates").json()["items"]]
    shown = api("POST", "/templates/offer/autumn/preview", {"channels": ["sms"], "language": "nb"}).json()

    assert "offer/autumn" in names
    assert api("GET", "/templates/offer/autumn").json()["data"]["code"] == "text"
    assert api("GET", "/templates/offer/none").status_code == 404
    assert list(shown["texts"]) == ["sms"]
    assert shown["texts"]["sms"]["text"]


def test_segments_are_saved_and_counted(api, engine):
    settle(engine, 2, channels=("email",))
    settle(engine, 1, channels=("sms",))
    rule = {"has": "email"}

    assert api("POST", "/segments/count", {"rule": rule}).json() == {"customers": 2}
    assert api("PUT", "/segments/mail", {"title": "By mail", "rule": rule}).json()["version"] == 1
    assert api("GET", "/segments/mail").json()["rule"] == rule
    assert [one["name"] for one in api("GET", "/segments").json()["items"]] == ["mail"]
    wrong = api("POST", "/segments/count", {"rule": {"has": "telex"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/rule")


def test_a_webhook_is_registered_rotated_replayed_and_removed(api, door, engine):
    url = "https://crm.example.com/tidings"
    made = api("POST", "/webhooks", {"name": "crm", "url": url, "events": ["run.finished"]})

    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert api("POST", "/webhooks/crm/rotate").json()["secret"] != made.json()["secret"]
    assert "secret" not in api("GET", "/webhooks").json()["items"][0]
    assert api("POST", "/webhooks/crm/replay", {"since": "2026-01-01T00:00:00Z"}).json() == {"events": 0}
    assert api("POST", "/webhooks/crm/replay", {}).status_code == 422
    assert api("DELETE", "/webhooks/crm").status_code == 204
    assert api("DELETE", "/webhooks/crm").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://crm.example.com/"}, "#/url"),
        ({"url": "https://127.0.0.1/"}, "#/url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "#/url"),
        ({"url": "https://user:secret@crm.example.com/"}, "#/url"),
        ({"events": ["message.eaten"]}, "#/events"),
    ],
    ids=["without TLS", "this machine", "a private address in disguise", "with a password", "no event"],
)
def test_a_webhook_that_may_not_be_called_is_refused(api, door, body, pointer):
    good = {"name": "crm", "url": "https://crm.example.com/"}

    answer = api("POST", "/webhooks", good | body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert door.ask("SELECT count(*) FROM webhooks") == [(0,)]


def test_events_are_written_where_things_happen_and_read_in_their_order(api, door, engine):
    [ada] = settle(engine, 1)
    api("POST", "/webhooks", {"name": "crm", "url": "https://crm.example.com/"})
    run = sent(door)
    api("POST", "/customers/C1/consents", {"topic": "offer", "action": "objected"})
    api("POST", "/customers/C1/erasure", {"because": "b"})

    # What another database of this server has open holds events back: all of them are told when it is done.
    until(lambda: api("GET", "/events?type=customer.erased").json()["items"])
    first = api("GET", "/events?limit=1").json()
    rest = api("GET", f"/events?limit=9&cursor={first['next_cursor']}").json()

    with engine.connect() as connection:
        lost = listed(connection, after=(2**60, 17), kinds=(), limit=1)
    assert event_id(lost[0].id) == first["items"][0]["id"], "who read a store that was lost begins anew"
    told = [(one["type"], one["data"].get("customer")) for one in [*first["items"], *rest["items"]]]
    assert ("message.sent", f"id:{ada}") in told
    assert told[-2:] == [("preference.changed", f"id:{ada}"), ("customer.erased", f"id:{ada}")]
    assert api("GET", "/events?type=message.sent").json()["items"][0]["data"]["run"] == run
    assert rest["next_cursor"] is None


def test_nobody_hears_means_nothing_is_written(api, door, engine):
    settle(engine, 1)
    sent(door)

    assert door.ask("SELECT count(*) FROM events") == [(0,)]


HOSTILE = {
    "a key twice": (b'{"first_name": "A", "first_name": "B"}', 422),
    "a key twice, deep": (b'{"attributes": {"a": {"b": 1, "b": 2}}}', 422),
    "NUL": (b'{"attributes": {"a": "\\u0000"}}', 422),
    "NUL in a key": (b'{"attributes": {"\\u0000": 1}}', 422),
    "half a surrogate pair": (b'{"attributes": {"a": ["\\ud800"]}}', 422),
    "a number without end": (b'{"attributes": {"a": 1e999}}', 422),
    "a number of a hundred thousand digits": (b'{"attributes": {"a": ' + b"9" * 100_000 + b"}}", 422),
    "NaN": (b'{"attributes": {"a": NaN}}', 400),
    "deep": (b'{"attributes": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}", 400),
    "deeper than the stack": (b'{"attributes": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", 400),
    "no UTF-8": (b'{"first_name": "\xff"}', 400),
    "another encoding": ('{"first_name": "Ada"}'.encode("utf-16"), 201),
    "half of it": (b'{"first_name": "A', 400),
    "a list": (b"[]", 422),
    "nothing": (b"", 422),
    "null": (b"null", 422),
    "a wide object": (json.dumps({"attributes": {str(n): n for n in range(100_000)}}).encode(), 422),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_answered_and_harms_nobody(api, door, name):
    content, status = HOSTILE[name]

    answer = door.client.put(
        "/v1/customers/K-1", content=content, headers=api.key | {"Content-Type": "application/json"}
    )

    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert door.ask("SELECT count(*) FROM customers") == [(0,)]
