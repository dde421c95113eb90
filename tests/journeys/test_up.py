"""`tidings up`: a wish changed on the form after planning, a campaign that starts by itself, a key for the API."""

import json
import os
import signal
import socket
from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from store.suppressions import mark_known
from templates.catalog import find
from tests.journeys.test_workers import children
from tests.patience import until
from tests.peers.smtp import SmtpPeer
from tests.town import settle
from tests.web.test_form import Fields
from tidings.signing import signing_key
from work.agenda import holidays
from work.links import Links

SAMPLE = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}


FRIDAY = 4
ENDS = cycle([signal.SIGTERM, signal.SIGINT])
"""As whatever watches over services ends one, and as a person does; either ends it in order."""


def a_working_noon():
    """Return when marketing may be sent in Oslo: not before now, for the program that is up ends what is overdue."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while noon.weekday() > FRIDAY or holidays(["NO"], first=noon.date(), last=noon.date()):
        noon += timedelta(days=1)
    return noon.isoformat()


@pytest.fixture
def peer():
    peer = SmtpPeer()
    yield peer
    peer.close()


@pytest.fixture
def up(tidings, engine, peer):
    """A running `tidings up`, live by SMTP, where every run waits for a second person."""
    settle(engine, 3)
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tidings.environment |= {
        "TIDINGS_MODE": "live",
        "TIDINGS_EMAIL": "smtp",
        "TIDINGS_SMTP__HOST": "127.0.0.1",
        "TIDINGS_SMTP__PORT": str(peer.port),
        "TIDINGS_PORT": str(port),
        "TIDINGS_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    process = tidings.start("up", TIDINGS_CONFIRM_OVER="100")
    tidings.url = f"http://127.0.0.1:{port}"
    until(lambda: get(f"{tidings.url}/readyz"))
    yield tidings
    process.send_signal(next(ENDS))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_it_ends_in_order_when_told_although_prefects_server_has_died(tidings, engine):
    """Its flows wait for that server for ever; whoever stops the program need not kill it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    del tidings.environment["PREFECT_API_URL"]
    process = tidings.start("up", TIDINGS_PORT=port)
    until(lambda: get(f"http://127.0.0.1:{port}/readyz"))
    api = json.loads((tidings.home / "prefect" / "server.json").read_text())["url"]
    until(lambda: post(f"{api}/flow_runs/count", b"{}", **{"Content-Type": "application/json"})[1] != "0")
    [server] = children(process.pid, "uvicorn")
    os.kill(server, signal.SIGKILL)
    until(lambda: silent(api))

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "Traceback" not in errors


def silent(url):
    try:
        get(f"{url}/health")
    except OSError:
        return True
    return False


def get(url, **headers):
    with urlopen(Request(url, headers=headers), timeout=10) as answer:
        return answer.read().decode()


def post(url, body, **headers):
    try:
        with urlopen(Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_wish_changed_on_the_form_after_planning_is_honoured(up, peer):
    """The run is planned for three and waits; one of them says no on the form; two get it."""
    noon = a_working_noon()
    code, planned, errors = up(
        "campaign", "run", up.campaign(), "--by", "Ola", "--now", noon, TIDINGS_CONFIRM_OVER="0"
    )
    assert (code, planned["waiting"]) == (0, {"release": 3}), errors
    form = Links(key=signing_key(up.home / "signing.key"), public_url=up.url).preferences(1, "nordlys")

    status, _ = post(form, urlencode(Fields(get(form)).sent | {"offer": "none"}).encode())
    code, sent, errors = up("release", planned["run"], "--by", "Ingrid", "--now", noon)

    assert status == 200
    assert code == 0, errors
    assert (sent["sent"], sent["held"]) == ({"email": 2}, {"no_consent": 1})
    offered = {taken.to for taken in peer.taken if b"\nList-Unsubscribe:" in taken.raw}
    assert offered == {"c2@example.org", "c3@example.org"}
    assert {taken.to for taken in peer.taken} - offered <= {"c1@example.org"}, "told what they have chosen"


def test_a_campaign_by_the_api_starts_when_its_time_comes(up, peer):
    """Posted with a start two seconds ahead, sent without anybody's hand; the same key again changes nothing."""
    _, key, _ = up("keys", "add", "crm", "--role", "marketing")
    headers = {"Authorization": f"Bearer {key['key']}", "Content-Type": "application/json"}
    campaign = {
        "name": "by-api",
        "edition": "1",
        "topic": "offer",
        "template": "offer/autumn",
        "audience": {"everybody": True},
        "data": SAMPLE,
        "schedule": {"start": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()},
    }
    body = json.dumps(campaign).encode()

    first = post(f"{up.url}/v1/campaigns", body, **headers, **{"Idempotency-Key": "k1"})
    again = post(f"{up.url}/v1/campaigns", body, **headers, **{"Idempotency-Key": "k1"})

    assert (first[0], json.loads(first[1])) == (again[0], json.loads(again[1]))
    assert first[0] in (201, 202), first[1]
    run = json.loads(first[1])["run"]
    assert until(lambda: finished(up, run, headers))["audience"] == 3
    assert len(peer.taken) == 3


def finished(up, run, headers):
    report = json.loads(get(f"{up.url}/v1/runs/{run}", **headers))
    return report if report["sent"] == {"email": 3} else None
