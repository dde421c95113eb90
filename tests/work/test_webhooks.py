"""Events reach endpoints signed, again when they were not heard, and never somebody who did not ask."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook as Signer

from store import webhooks as endpoints
from store.consents import Consent, append
from store.events import announce
from tests.patience import until
from tests.peers.http import HttpPeer
from tests.town import install, settle
from tidings.problem import Problem
from tidings.settings import Mode
from work import webhooks
from work.alerts import alerts

NOW = datetime.now(UTC).replace(microsecond=0)
"""Signatures are of the machine's own time."""


class Endpoint(HttpPeer):
    """Answers with the statuses that it is given, then 204."""

    def __init__(self):
        self.will_say = []
        self.headers = {}
        super().__init__()

    def answer(self, fault, reference):
        return (self.will_say.pop(0) if self.will_say else 204), self.headers, b""

    def heard(self):
        return [(headers["webhook-id"], json.loads(body)["type"]) for _, headers, body in self.requests]


@pytest.fixture
def endpoint():
    peer = Endpoint()
    yield peer
    peer.close()


@pytest.fixture
def home(settings, engine):
    given = settings.webhooks.model_copy(update={"loopback": True, "timeout": timedelta(seconds=2)})
    return install(settings.model_copy(update={"webhooks": given}), engine)


def listen(home, endpoint, name="crm", *, kinds=(), personal=False):
    return webhooks.add(
        home, name=name, url=endpoint.url, kinds=kinds, personal=personal, actor="staff:Ada", now=NOW
    )


def happen(home, kind="run.finished", *, customer=None, times=1, at=NOW):
    with home.engine.begin() as connection:
        for _ in range(times):
            announce(connection, kind, customer=customer, data={"run": "r"}, at=at)


def rows(home, query):
    with home.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_an_event_arrives_signed_as_the_standard_wants_it(home, endpoint):
    secret = listen(home, endpoint)
    happen(home)

    assert webhooks.deliver(home, now=NOW) == 1
    [(_, headers, body)] = endpoint.requests
    told = Signer(secret).verify(body, headers)
    assert told == {"type": "run.finished", "timestamp": NOW.isoformat(), "data": {"run": "r"}}
    assert webhooks.deliver(home, now=NOW) == 0


def test_a_forged_body_is_told_from_ours(home, endpoint):
    secret = listen(home, endpoint)
    happen(home)
    webhooks.deliver(home, now=NOW)
    [(_, headers, body)] = endpoint.requests

    with pytest.raises(Exception, match="No matching signature"):
        Signer(secret).verify(body.replace(b"finished", b"stopped!"), headers)


def test_only_the_kinds_that_were_asked_for_come(home, endpoint):
    listen(home, endpoint, kinds=["run.stopped"])
    happen(home, "run.finished")
    happen(home, "run.stopped")

    webhooks.deliver(home, now=NOW)
    assert [kind for _, kind in endpoint.heard()] == ["run.stopped"]


def test_what_happened_before_anybody_listened_is_not_written(home, endpoint):
    happen(home)
    listen(home, endpoint)

    assert webhooks.deliver(home, now=NOW) == 0
    assert rows(home, "SELECT * FROM events") == []


def test_an_event_that_is_rolled_back_with_its_cause_never_leaves(home, endpoint):
    listen(home, endpoint)
    with home.engine.connect() as connection:
        announce(connection, "run.finished", customer=None, data={}, at=NOW)
        connection.rollback()

    assert webhooks.deliver(home, now=NOW) == 0


def test_many_wishes_of_one_transaction_are_one_event(home, endpoint, engine):
    ada, bo = settle(engine, 2)
    listen(home, endpoint)
    with engine.begin() as connection:
        for customer in (ada, ada, bo):
            word = Consent(
                customer=customer, topic="offer", action="objected", at=NOW, source="form", actor="customer"
            )
            append(connection, [word])

    webhooks.deliver(home, now=NOW)
    told = sorted(json.loads(body)["data"]["customer"] for _, _, body in endpoint.requests)
    assert told == [f"id:{ada}", f"id:{bo}"]


@pytest.mark.parametrize("personal", [False, True], ids=["ids only", "asked for more"])
def test_a_person_is_named_only_to_whom_it_was_granted(home, endpoint, engine, personal):
    [ada] = settle(engine, 1)
    listen(home, endpoint, personal=personal)
    happen(home, "offer.redeemed", customer=ada)

    webhooks.deliver(home, now=NOW)
    [(_, _, body)] = endpoint.requests
    assert json.loads(body)["data"]["customer"] == f"id:{ada}"
    assert (b"Ada" in body) is personal
    assert (b'"reference":"C1"' in body) is personal


def test_a_call_that_fails_is_made_again_later_and_later_under_the_same_id(home, endpoint):
    listen(home, endpoint)
    happen(home)
    endpoint.will_say = [500, 302]
    moment, waits = NOW, []
    while webhooks.deliver(home, now=moment):
        [(state, due)] = rows(home, "SELECT state, due_at FROM webhook_calls")
        waits.append((due - moment).total_seconds())
        moment = due

    assert state == "sent"
    assert [name for name, _ in endpoint.heard()] == [endpoint.heard()[0][0]] * 3
    assert 5 <= waits[0] <= 6
    assert 300 <= waits[1] <= 360


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        pytest.param("7200", 7200, id="seconds are heeded"),
        pytest.param("Wed, 25 Nov 2026 09:00:00 GMT", 3600, id="a date is heeded"),
        pytest.param("9" * 20, 5, id="more seconds than a clock has are a mistake"),
        pytest.param("9" * 5000, 5, id="digits without end are a mistake"),
    ],
)
def test_an_endpoint_that_asks_for_time_gets_it_and_stops_nobody(home, endpoint, asked, seconds):
    listen(home, endpoint)
    endpoint.will_say, endpoint.headers = (
        [429],
        {"Retry-After": asked, "Date": "Wed, 25 Nov 2026 08:00:00 GMT"},
    )
    happen(home)

    assert webhooks.deliver(home, now=NOW) == 1
    [(answer, due_at)] = rows(home, "SELECT answer, due_at FROM webhook_calls")
    assert answer == "429"
    assert timedelta(seconds=seconds) <= due_at - NOW <= timedelta(seconds=1.2 * seconds)


def test_after_three_days_a_call_is_given_up_and_its_endpoint_disabled_with_an_alert(home, endpoint):
    listen(home, endpoint)
    happen(home)
    endpoint.will_say = [500] * 100
    moment = NOW
    for _ in range(100):
        webhooks.deliver(home, now=moment)
        moment += timedelta(hours=1)

    assert rows(home, "SELECT state, tries > 5 FROM webhook_calls") == [("failed", True)]
    with home.engine.begin() as connection:
        [alert] = alerts(connection, home, now=moment)
    assert (alert.name, alert.subject) == ("webhook_disabled", "crm")
    asked = len(endpoint.requests)
    happen(home, at=moment)
    assert webhooks.deliver(home, now=moment) == 0
    assert len(endpoint.requests) == asked


def test_an_endpoint_that_was_away_for_nearly_three_days_hears_everything(home, endpoint):
    listen(home, endpoint)
    happen(home, times=5)
    endpoint.will_say = [500] * 500
    for hour in range(74):
        if hour == 71:
            endpoint.will_say = []
        webhooks.deliver(home, now=NOW + timedelta(hours=hour))

    assert set(rows(home, "SELECT state FROM webhook_calls")) == {("sent",)}


def test_a_replay_enables_an_endpoint_and_tells_it_everything_since(home, endpoint):
    listen(home, endpoint)
    happen(home, times=2)
    endpoint.will_say = [410, 410]
    webhooks.deliver(home, now=NOW)
    [(disabled, because)] = rows(home, "SELECT disabled_at IS NOT NULL, disabled_because FROM webhooks")
    assert (disabled, because) == (True, "it said 410 Gone")

    replayed = webhooks.replay(home, "crm", since=NOW, ids=[], actor="staff:Ada", now=NOW)

    assert replayed == 2
    assert webhooks.deliver(home, now=NOW) == 2
    heard = endpoint.heard()
    assert sorted(heard[:2]) == sorted(heard[2:])


def test_what_happened_while_the_only_endpoint_was_disabled_is_told_by_its_replay(home, endpoint, engine):
    [ada] = settle(engine, 1)
    listen(home, endpoint)
    happen(home)
    endpoint.will_say = [410]
    webhooks.deliver(home, now=NOW)
    with engine.begin() as connection:
        word = Consent(
            customer=ada, topic="offer", action="objected", at=NOW, source="form", actor="customer"
        )
        append(connection, [word])
    happen(home)

    assert webhooks.deliver(home, now=NOW) == 0
    assert webhooks.replay(home, "crm", since=NOW, ids=[], actor="staff:Ada", now=NOW) == 3
    webhooks.deliver(home, now=NOW)
    kinds = sorted(kind for _, kind in endpoint.heard()[1:])
    assert kinds == ["preference.changed", "run.finished", "run.finished"]


def test_one_event_is_replayed_by_its_id(home, endpoint):
    listen(home, endpoint)
    happen(home, times=3)
    webhooks.deliver(home, now=NOW)
    one = endpoint.heard()[1][0]

    webhooks.replay(home, "crm", since=None, ids=[webhooks.number_of(one)], actor="staff:Ada", now=NOW)
    webhooks.deliver(home, now=NOW)
    assert [name for name, _ in endpoint.heard()[3:]] == [one]


@pytest.mark.parametrize(
    ("status", "state", "disabled"),
    [(204, "sent", False), (500, "failed", True)],
    ids=["it works again", "it still fails"],
)
def test_who_slept_for_days_calls_an_endpoint_once_more_before_giving_it_up(
    home, endpoint, status, state, disabled
):
    listen(home, endpoint)
    happen(home, times=2)
    endpoint.will_say = [500, 500]
    webhooks.deliver(home, now=NOW)
    endpoint.will_say = [status] * 2

    assert webhooks.deliver(home, now=NOW + timedelta(days=4)) == 2
    assert rows(home, "SELECT DISTINCT state FROM webhook_calls") == [(state,)]
    assert rows(home, "SELECT disabled_at IS NOT NULL FROM webhooks") == [(disabled,)]


def test_two_secrets_overlap_while_one_is_rotated(home, endpoint):
    old = listen(home, endpoint)
    new = webhooks.rotate(home, "crm", actor="staff:Ada", now=NOW)
    happen(home)
    webhooks.deliver(home, now=NOW)
    happen(home)
    webhooks.deliver(home, now=NOW + timedelta(days=2))

    (_, both, first), (_, one, second) = endpoint.requests
    assert Signer(old).verify(first, both) == Signer(new).verify(first, both)
    Signer(new).verify(second, one)
    with pytest.raises(Exception, match="No matching signature"):
        Signer(old).verify(second, one)


def test_a_dead_endpoint_keeps_no_other_waiting(home, endpoint):
    silent = Endpoint()
    try:
        listen(home, silent, "dead")
        listen(home, endpoint, "alive")
        silent.will_say = [500] * 100
        happen(home, times=30)
        webhooks.deliver(home, now=NOW)
        later = NOW + timedelta(days=1)
        happen(home, times=5, at=later)
        asked = len(silent.requests)
        webhooks.deliver(home, now=later)
    finally:
        silent.close()

    assert len(endpoint.requests) == 35
    assert len(silent.requests) - asked == 5


def test_a_slow_endpoint_keeps_no_other_waiting_and_hears_the_rest_later(home, endpoint):
    slow, freed = Endpoint(), Event()

    def answer(fault, reference):
        freed.wait(1.5)
        return 204, {}, b""

    slow.answer = answer
    listen(home, slow, "a slow one")
    listen(home, endpoint)
    happen(home, times=100)
    with ThreadPoolExecutor() as pool:
        round_ = pool.submit(webhooks.deliver, home, now=NOW)
        until(lambda: len(endpoint.heard()) == 100)
        assert len(slow.heard()) < 80
        made = round_.result()
    freed.set()

    assert made < 200
    assert webhooks.deliver(home, now=NOW) == 200 - made
    assert set(rows(home, "SELECT state, tries FROM webhook_calls")) == {("sent", 1)}
    slow.close()


def test_a_replay_and_a_round_of_calls_never_wait_for_each_other(home, endpoint, engine):
    asked, freed = Event(), Event()

    def answer(fault, reference):
        asked.set()
        freed.wait(5)
        return 204, {}, b""

    endpoint.answer = answer
    listen(home, endpoint)
    happen(home)
    with ThreadPoolExecutor() as pool, engine.begin() as connection:
        round_ = pool.submit(webhooks.deliver, home, now=NOW)
        assert asked.wait(5)
        found = endpoints.find(connection, "crm")
        freed.set()
        waiting = (
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        until(lambda: rows(home, waiting))
        endpoints.replay(connection, found.id, since=NOW, events=(), now=NOW)

    assert round_.result() == 1


def test_what_a_dead_process_had_taken_is_called_by_the_next(home, endpoint, engine):
    listen(home, endpoint)
    happen(home)
    with engine.begin() as connection:
        endpoints.spread(connection, now=NOW)
        [call] = endpoints.take_due(connection, now=NOW, lease=timedelta(minutes=1), limit=10)

    assert webhooks.deliver(home, now=NOW) == 0
    assert webhooks.deliver(home, now=NOW + timedelta(minutes=2)) == 1
    assert endpoint.heard() == [(webhooks.event_id(call.event), "run.finished")]


def test_old_events_are_forgotten_with_their_calls(home, endpoint):
    listen(home, endpoint)
    happen(home)
    webhooks.deliver(home, now=NOW)
    webhooks.deliver(home, now=NOW + timedelta(days=31))

    assert rows(home, "SELECT count(*) FROM events, webhook_calls") == [(0,)]


def test_a_copy_of_a_live_database_calls_nobody(home, endpoint, settings, engine):
    listen(home, endpoint)
    happen(home)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO installation (key, value) VALUES ('live_at', 'elsewhere')"))
    copy = install(home.settings.model_copy(update={"mode": Mode.LIVE}), engine)

    assert webhooks.deliver(copy, now=NOW) == 0
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kinds": ["message.eaten"]}, "no event"),
        ({"name": " "}, "needs a name"),
        ({"url": "https://10.0.0.1/"}, "cannot be called"),
        ({"name": "crm"}, "already"),
    ],
    ids=["no kind", "no name", "a private address", "a name twice"],
)
def test_what_cannot_be_registered_says_why(home, endpoint, given, said):
    listen(home, endpoint)

    with pytest.raises(Problem, match=said):
        webhooks.add(
            home,
            **{"name": "x", "url": endpoint.url, "kinds": (), "personal": False, "actor": "a", "now": NOW}
            | given,
        )


@pytest.mark.parametrize("name", ["evt_", "evt_x", "17a", "evt_99999999999999999999", "\u0661"])
def test_what_is_no_event_is_refused(name):
    with pytest.raises(Problem, match="no event"):
        webhooks.number_of(name)
