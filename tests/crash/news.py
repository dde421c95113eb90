"""What providers tell later, as badly as they do: behind, early, late, twice, in no order, and some of it forged."""

import base64
import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit

LAG = 0.4
"""Seconds that Twilio's list is behind."""
EARLY, SOON, LATE = 0.0, 0.3, 2.0
"""Seconds after which news goes out; what goes early may be there before the answer is."""
LOST = 200
"""One in so many of SES's events never comes."""
TWICE = 5
"""One in so many pieces of news comes twice."""
FORGED = 20
"""One in so many messages that Twilio has not got is said to be delivered, by somebody without the token."""
HIDDEN = 2.0
"""Seconds after which a queue gives out again what nobody struck off."""
TOKEN = "crash"
MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
SPEED = 60
"""Business seconds a second: what waits a minute is due after one. Leases and time-outs keep their own time."""


def business_time(began):
    """Return the instant that all processes of a round agree on."""
    return MORNING + timedelta(seconds=(time.time() - began) * SPEED)


class Clock:
    """Business time as the providers know it."""

    began = time.time()

    def now(self):
        return business_time(self.began)


class Later:
    """Does things at their time, in a thread of its own."""

    def __init__(self):
        self._wake = threading.Condition()
        self._waiting = []
        self._numbers = itertools.count()
        threading.Thread(target=self._run, daemon=True).start()

    def do(self, after, act, *arguments):
        with self._wake:
            heapq.heappush(self._waiting, (time.time() + after, next(self._numbers), act, arguments))
            self._wake.notify()

    def _run(self):
        while True:
            with self._wake:
                while not self._waiting or self._waiting[0][0] > time.time():
                    self._wake.wait(self._waiting[0][0] - time.time() if self._waiting else None)
                _, _, act, arguments = heapq.heappop(self._waiting)
            act(*arguments)


class News:
    """When and how often a piece of news goes out."""

    def __init__(self, chance):
        self._chance = chance
        self.later = Later()

    def one_in(self, times):
        return self._chance.below(times) == 0

    def tell(self, act, *arguments):
        for _ in range(1 + self.one_in(TWICE)):
            delay = (EARLY, SOON, SOON, LATE)[self._chance.below(4)]
            self.later.do(delay, act, *arguments)


class Phone:
    """Twilio's list of what it took, and its status callbacks."""

    def __init__(self, chance, clock):
        self._news = News(chance)
        self._clock = clock
        self._lock = threading.Lock()
        self._messages = []
        self.hooks = 0
        """Where our pages listen; 0: they do not."""

    def taken(self, sid, form):
        with self._lock:
            self._messages.append((time.time(), sid, form, self._clock.now()))
        for status in ("queued", "sent", "delivered"):
            self._news.tell(self._call, form, sid, status, TOKEN)

    def not_taken(self, form):
        """Let somebody who is not Twilio say that it was."""
        if self._news.one_in(FORGED):
            self._news.tell(self._call, form, "SM" + "f" * 32, "delivered", "guessed")

    def listed(self, query):
        """Answer as https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources."""
        seen = time.time() - LAG
        with self._lock:
            found = [one for one in self._messages if one[0] < seen and one[2]["To"] == query.get("To")]
        return {"messages": [_shown(*one) for one in found], "next_page_uri": None, "uri": ""}

    def _call(self, form, sid, status, token, tries=3):
        where = urlsplit(form.get("StatusCallback", ""))
        if not where.path or not self.hooks:
            return
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "To": form["To"],
            "AccountSid": "AC1",
        }
        signed = form["StatusCallback"] + "".join(name + fields[name] for name in sorted(fields))
        signature = base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        answered = 0
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.hooks, timeout=3)
            connection.request("POST", f"{where.path}?{where.query}", urlencode(fields), headers)
            answered = connection.getresponse().status
            connection.close()
        if answered not in {200, 204, 403} and tries > 1:
            self._news.later.do(SOON, self._call, form, sid, status, token, tries - 1)


def _shown(at, sid, form, created):
    stamp = format_datetime(created)
    return {
        "sid": sid, "to": form["To"], "from": form.get("From"), "body": form["Body"], "status": "sent",
        "direction": "outbound-api", "date_created": stamp, "date_sent": stamp, "date_updated": stamp,
    }  # fmt: skip


class Events:
    """SES's events (sent, delivered), as a queue gives them out (SQS, JSON protocol)."""

    def __init__(self, chance, clock):
        self._news = News(chance)
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting = {}
        """Message id: (when it may be given out, how often it was, body)."""

    def taken(self, reference, to, tags):
        if self._news.one_in(LOST):
            return
        stamp = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        mail = {
            "timestamp": stamp,
            "messageId": reference,
            "destination": [to],
            "tags": {tag["Name"]: [tag["Value"]] for tag in tags},
        }
        told = {"timestamp": stamp, "recipients": [to], "smtpResponse": "250 ok", "processingTimeMillis": 5}
        self._news.tell(self._put, json.dumps({"eventType": "Send", "mail": mail, "send": {}}))
        self._news.tell(self._put, json.dumps({"eventType": "Delivery", "mail": mail, "delivery": told}))
        if self._news.one_in(50):
            stranger = {
                **mail,
                "messageId": "nobody",
                "tags": {"attempt": ["00000000-0000-7000-8000-000000000000"]},
            }
            self._news.tell(
                self._put, json.dumps({"eventType": "Delivery", "mail": stranger, "delivery": told})
            )
            self._news.tell(self._put, '{"eventType": "Del')

    def _put(self, body):
        with self._lock:
            self._waiting[f"m-{next(self._numbers)}"] = (0.0, 0, body)

    def asked(self, action, order):
        with self._lock:
            if action == "ReceiveMessage":
                return {"Messages": [self._given(name) for name in self._visible(order)]}
            entries = order.get("Entries", [])
            for entry in entries:
                self._waiting.pop(entry["ReceiptHandle"], None)
            return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}

    def _visible(self, order):
        now = time.time()
        found = [name for name, (since, _, _) in self._waiting.items() if since <= now]
        return found[: order.get("MaxNumberOfMessages", 1)]

    def _given(self, name):
        _, times, body = self._waiting[name]
        self._waiting[name] = (time.time() + HIDDEN, times + 1, body)
        return {
            "MessageId": name,
            "ReceiptHandle": name,
            "Body": body,
            "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "Attributes": {"ApproximateReceiveCount": str(times + 1)},
        }
