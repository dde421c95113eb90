"""Whatever opens a door without a login is changed in every way we know, 100,000 times; nothing of it opens one.

2,000 of them here, all of them with `make browser`. Each kind is asked by the function that its page or route asks; a
sample goes through HTTP.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from random import Random
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from standardwebhooks import Webhook as Signer
from standardwebhooks import WebhookVerificationError
from starlette.datastructures import FormData, Headers
from structlog.testing import capture_logs

from channels.aws_hook import AwsHook
from channels.contract import Call, Heard
from channels.letter.lob import LobHook
from channels.letter.pingen import PingenHook
from store import keys
from store import staff as accounts
from tests.channels.test_printapis import NOW as PRINTED
from tests.channels.test_printapis import lob_call, lob_event, pingen_call, pingen_event
from tests.channels.test_ses_events import event
from tests.channels.test_twilio_hook import call as twilio_call
from tests.channels.test_twilio_hook import hook as twilio_hook
from tests.channels.test_twilio_hook import inbound
from tests.peers.sns_topic import TOPIC, TopicPeer
from tests.town import settle
from tidings.role import Role
from tidings.settings import AwsEventsSettings, LobSettings, PingenSettings
from tidings.signing import MAC_BYTES, sign, verify
from web import hooks
from web.staff import _token_fits, csrf_token
from work.links import CONFIRM, DOCUMENT, LINK, PREFERENCES, UNSUBSCRIBE, Links

MESSAGE = "0190f3a0-7c3e-7000-8000-000000000001"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STRANGE = ("=", "==", "\n", " ", ".", "%00", "\0", "+", "/", "é", "A")
KINDS = (LINK, DOCUMENT, PREFERENCES, UNSUBSCRIBE, CONFIRM, "cursor", "proof", "sign-on")


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What a valid thing opens, what may not, and how somebody changes it."""

    valid: tuple
    """Each opens."""
    opens: Callable[[object], bool]
    forge: Callable[[Random, object], object]


def changed(random, token):
    """Return a text that is not the token: a letter, a bit, an end, a spelling of base64 changed."""
    place = random.randrange(len(token))
    letter = token[place]
    return random.choice(
        [
            token[:place] + random.choice(ALPHABET) + token[place + 1 :],
            token[:place] + chr(ord(letter) ^ 1 << random.randrange(7)) + token[place + 1 :],
            token[:place],
            token[place:],
            token[:place] + token[place + 1 :],
            token[:place] + random.choice(STRANGE) + token[place:],
            token + random.choice(STRANGE),
            token[:-1] + chr(ord(token[-1]) ^ 1),
            token[:-1] + ALPHABET[(ALPHABET.find(token[-1]) + 1) % 64],
            token.swapcase(),
            token[::-1],
            token * 2,
            "".join(random.choices(ALPHABET, k=len(token))),
        ]
    )


def unsigned(random, token, key):
    """Return what has another body, or another signature, than the token: by its bytes."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    place = random.randrange(len(body))
    other = body[:place] + bytes([body[place] ^ 1 << random.randrange(8)]) + body[place + 1 :]
    spoilt = bytearray(raw)
    spoilt[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    made = random.choice(
        [
            other + mac,
            bytes(spoilt),
            body + bytes(MAC_BYTES),
            body,
            mac,
            body + random.randbytes(MAC_BYTES),
            body + mac[:-1],
            raw + raw,
        ]
    )
    text = base64.urlsafe_b64encode(made).decode()
    wrong_key = bytes(a ^ b for a, b in zip(key, random.randbytes(len(key)), strict=True))
    return random.choice(
        [
            text.rstrip("="),
            text,
            base64.b64encode(raw).decode() + "=",
            base64.b16encode(raw).decode(),
            sign(wrong_key, PREFERENCES, body),
            sign(wrong_key, DOCUMENT, other),
        ]
    )


def token_lock(key, kind, bodies, opens):
    """Return the lock of a signed token: also its body signed for every other kind, and bodies between signatures."""
    valid = tuple(sign(key, kind, body) for body in bodies)

    def forge(random, token):
        body = random.choice(bodies)
        foreign = sign(key, random.choice([one for one in KINDS if one != kind]), body)
        cut = -4 * MAC_BYTES // 3
        spliced = random.choice(valid)[:cut] + token[cut:]
        return random.choice([changed(random, token), unsigned(random, token, key), foreign, spliced])

    return Lock(valid=valid, opens=opens, forge=forge)


def token_locks(key, now):
    """Return the locks of all signed tokens; what is over opens nothing."""
    links = Links(key, "https://t.example")
    message = bytes.fromhex(MESSAGE.replace("-", ""))
    today = (now - datetime(2020, 1, 1, tzinfo=UTC)).days
    day, old = today.to_bytes(2), (today - 40).to_bytes(2)
    wishes = [day + b"\x01" + bytes([n]) + brand for n in (1, 2, 3) for brand in (b"", b"nordlys", b"other")]
    until = int(now.timestamp()) + 60

    def in_time(open_it):
        return lambda token: bool((found := open_it(token)) and not found.over(now))

    def signed_for(kind):
        return lambda token: verify(key, kind, token)

    made = {
        "a link": token_lock(key, LINK, [message + bytes([n, 1]) for n in range(9)], links.open_link),
        "a document": token_lock(key, DOCUMENT, [message + day], in_time(links.open_document)),
        "a form": token_lock(key, PREFERENCES, wishes, in_time(links.open_preferences)),
        "an unsubscribe": token_lock(
            key, UNSUBSCRIBE, [message + bytes([0, n]) for n in range(9)], links.open_unsubscribe
        ),
        "a new address": token_lock(key, CONFIRM, [bytes([n]) for n in range(1, 9)], links.open_confirm),
        "a cursor": token_lock(key, "cursor", [b'["/v1/runs",1]', b'["/v1/runs",2]'], signed_for("cursor")),
        "a second factor": token_lock(key, "proof", [f"{until}:document:{MESSAGE}".encode()], signed_for("proof")),
        "a sign-on": token_lock(key, "sign-on", [b'{"state":"a"}', b'{"state":"b"}'], signed_for("sign-on")),
    }  # fmt: skip
    for name, kind, bodies in (
        ("an old form", PREFERENCES, wishes),
        ("an old document", DOCUMENT, [message + day]),
    ):
        lock = made[name.replace("old ", "").replace("an ", "a ")]
        late = [sign(key, kind, body.replace(day, old)) for body in bodies]
        made[name] = Lock(
            valid=lock.valid, opens=lock.opens, forge=lambda random, _, late=late: random.choice(late)
        )
    return made


def secret_locks(door):
    """Return the locks of what is kept as a digest: sessions, invitations, keys, and the token of a session's forms."""
    now, engine = door.clock(), door.installation.engine
    settings = door.installation.settings.login
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    one, other = (accounts.add(connection, name=name, roles=[Role.ADMIN], now=now) for name in ("one", "two"))
    invitation = accounts.invite(connection, other, until=now + timedelta(days=1))
    session = accounts.begin_session(connection, one, now=now, life=settings.life)
    gone = accounts.begin_session(connection, one, now=now, life=settings.life)
    accounts.end_session(connection, gone)
    key = keys.add(connection, name="one", role=Role.SYSTEM)
    ended = [keys.add(connection, name=f"ended {n}", role=Role.SYSTEM, expires_at=now) for n in range(3)]
    csrf, staff = csrf_token(session), SimpleNamespace(csrf=csrf_token(session))

    def fits(token):
        return _token_fits(SimpleNamespace(headers=Headers({})), staff, FormData({"csrf": token}))

    def lock(valid, opens, *others):
        def forge(random, secret):
            return random.choice([changed(random, secret), changed(random, secret), *others])

        return Lock(valid=(valid,), opens=opens, forge=forge)

    return connection, {
        "a session": lock(
            session,
            lambda given: accounts.session(connection, given, now=now, idle=settings.idle, life=settings.life),
            *(gone, csrf, invitation, key, ""),
        ),
        "an invitation": lock(
            invitation, lambda given: accounts.invited(connection, given, now=now), session, key, csrf, ""
        ),
        "an API key": lock(key, lambda given: keys.find(connection, given, now=now), session, invitation, *ended, ""),
        "a form's token": lock(csrf, fits, session, csrf_token(gone), csrf_token(""), ""),
    }  # fmt: skip


def spoilt(random, data):
    """Return bytes with one bit changed, or cut, or with something behind."""
    place = random.randrange(len(data))
    flipped = data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]
    return random.choice([flipped, flipped, data[:place], data + random.randbytes(1)])


def forged_call(random, call):
    """Return a call that was not signed as it is: its body, its signature, its query changed, or another's."""
    name = next(name for name in call.headers if "signature" in name and "timestamp" not in name)
    stamp = {key: str(int(value) + 1) for key, value in call.headers.items() if key.endswith("timestamp")}
    body, signature = spoilt(random, call.body), changed(random, call.headers[name])
    headers = random.choice(
        [{name: signature}, {name: ""}, {name: call.headers[name][:-1]}, stamp or {name: "x"}]
    )
    without = {key: value for key, value in call.headers.items() if key != name}
    whole = {"path": call.path, "query": call.query, "headers": call.headers, "body": call.body}
    made = random.choice([{"body": body}, {"headers": call.headers | headers}, {"headers": without}])
    if call.query and random.random() < 0.2:
        made = {"query": changed(random, call.query)}
    return Call(**whole | made)


def same(call):
    """Return what a call says, however its form is spelt."""
    form = parse_qsl(call.body.decode("latin-1"), keep_blank_values=True)
    return call.query, call.headers, form if "x-twilio-signature" in call.headers else call.body


def amazon_lock(topic, now):
    """Return the lock of a topic's notifications; what it does not sign may be as it likes."""
    aws = AwsHook("ses", AwsEventsSettings(topics=TOPIC, endpoint=topic.url))
    told = topic.notification(event("Bounce"), now)

    def of_topic(body):
        return Call(path="/hooks/ses", query="", headers={"content-type": "text/plain"}, body=body)

    def forged_notification(random, call):
        fields = json.loads(call.body)
        name = random.choice(
            ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "Signature"]
        )
        if name == "Signature":
            value = base64.b64encode(spoilt(random, base64.b64decode(fields[name]))).decode()
        else:
            value = spoilt(random, fields[name].encode()).decode("latin-1")
        return of_topic(json.dumps(fields | {name: value}).encode())

    return Lock(
        valid=(of_topic(told),),
        opens=lambda call: isinstance(aws.hear(call, now=now), Heard),
        forge=forged_notification,
    )


def event_lock():
    """Return the lock of our own events, as whoever hears them checks them."""
    secret = "whsec_" + base64.b64encode(b"s" * 32).decode()
    at, body = datetime.now(UTC), '{"type":"run.finished","data":{"run":"r"}}'
    sealed = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(secret).sign("evt_1", at, body),
    }

    def believed(given):
        try:
            Signer(secret).verify(given[0], given[1])
        except WebhookVerificationError:
            return False
        return True

    def forged_event(random, given):
        text, headers = given
        raw = base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))
        signature = "v1," + base64.b64encode(spoilt(random, raw)).decode()
        name = random.choice(["webhook-id", "webhook-timestamp"])
        return random.choice(
            [
                (text.replace("r", "s", random.randint(1, 3)) + " " * random.randrange(9), headers),
                (text, headers | {"webhook-signature": signature}),
                (text, headers | {name: headers[name][:-1] + str((int(headers[name][-1]) + 1) % 10)}),
            ]
        )

    return Lock(valid=((body, sealed),), opens=believed, forge=forged_event)


def hook_locks(topic, now):
    """Return the locks of the webhooks: ours that are called, and what we sign when we call."""

    def heard(hook, at):
        return lambda call: isinstance(hook.hear(call, now=at), Heard)

    def lock(hook, call, at):
        return Lock(valid=(call,), opens=heard(hook, at), forge=forged_call)

    return {
        "Twilio": lock(twilio_hook(), twilio_call(inbound("STOP")), now),
        "Lob": lock(
            LobHook(LobSettings(webhook_secret="s")), lob_call(lob_event("letter.delivered"), secret=b"s"), PRINTED
        ),
        "Pingen": lock(
            PingenHook(PingenSettings(webhook_secret="s")), pingen_call(pingen_event("webhook_sent"), b"s"), PRINTED
        ),
        "Amazon": amazon_lock(topic, now),
        "our own events": event_lock(),
    }  # fmt: skip


@pytest.fixture
def locks(door):
    topic = TopicPeer()
    connection, secrets = secret_locks(door)
    now = door.clock()
    yield token_locks(door.installation.key, now) | secrets | hook_locks(topic, now)
    connection.close()
    topic.close()


def is_valid(lock, given):
    return given in lock.valid or (isinstance(given, Call) and same(given) in map(same, lock.valid))


def tried(locks, number, seed=4):
    """Try so many forgeries, the kinds in turn; return how many there were of each, and what was accepted."""
    random, tries, accepted = Random(seed), Counter(), []
    for name in islice(cycle(locks), number):
        lock = locks[name]
        valid = random.choice(lock.valid)
        forged = next(made for _ in count() if not is_valid(lock, made := lock.forge(random, valid)))
        tries[name] += 1
        if lock.opens(forged):
            accepted.append((name, forged))
    return tries, accepted


def check(locks, number):
    for _ in range(2):  # what is valid opens, before and after
        assert [name for name, lock in locks.items() if not all(map(lock.opens, lock.valid))] == []
        with capture_logs():
            tries, accepted = tried(locks, number)
        assert accepted == []
        assert sum(tries.values()) == number
        number = len(locks)


def test_two_thousand_forgeries_open_nothing(locks):
    check(locks, 2_000)


@pytest.mark.browser
def test_a_hundred_thousand_forgeries_open_nothing(locks):
    check(locks, 100_000)


def test_a_sample_of_them_opens_nothing_by_http_either(door, engine, staff, locks):
    settle(engine)
    hooks.strangers.forget()
    random, client, somebody = Random(5), door.client, staff(Role.ADMIN)
    pages = {"a link": "l", "a document": "d", "a form": "p", "an unsubscribe": "u", "a new address": "c"}
    for name, place in pages.items():
        for _ in range(20):
            token = unsigned(random, random.choice(locks[name].valid), door.installation.key).replace(
                "/", "_"
            )
            for method in ("GET", "POST"):
                answer = client.request(method, f"/{place}/{token}", data={"List-Unsubscribe": "One-Click"})
                assert answer.status_code in (404, 405), (name, token)
    for _ in range(20):
        key = "".join(random.choices(ALPHABET, k=40))
        assert client.get("/v1/runs", headers={"X-API-Key": f"tdg_{key}"}).status_code == 401
        assert (
            client.get("/today", headers={"Cookie": f"tidings={key}"}, follow_redirects=False).status_code
            == 303
        )
        assert somebody.post("/account/language", {"csrf": key}).status_code == 403
        assert client.get(f"/v1/runs?cursor={key}", headers=door.key("system", name=key)).status_code == 400
    assert door.ask("SELECT count(*) FROM touchpoints") == [(0,)]
    assert door.ask("SELECT count(*) FROM statements") == [(0,)]
