"""The providers, in a process that is never killed: `python -m tests.crash.providers LOG SEED`.

Whatever one of them takes is a line of JSON in LOG before it is answered: that is the ground truth. Their ports are
the first line of stdout. They misbehave as real ones do, by chance: they take a message and hang up, reset, say 500 or
answer too late; they refuse with 429, 500, 503 and take nothing. What they tell later (Twilio's list and callbacks,
SES's events in a queue) lags behind, comes early, late, twice, and some of it is forged. `calm` on stdin ends the
faults; the process ends with its stdin.
"""

import json
import os
import random
import socket
import socketserver
import struct
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.crash.news import Clock, Events, Phone

FAULTS = {
    # (what it does, whether it has the message): how often in 1,000
    ("drop", True): 12,
    ("reset", True): 8,
    ("late", True): 6,
    ("500", True): 8,
    ("500", False): 8,
    ("503", False): 8,
    ("429", False): 6,
    ("bad address", False): 8,
    ("drop", False): 8,
}
LATE = 2.0
"""Seconds: longer than the sender waits."""
GOOD = ("", True)


class Log:
    """What was taken and what was refused for good, on disk before anybody is told."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._lock = threading.Lock()
        self._count = 0

    def write(self, kind, to, what="taken"):
        """Append a line; returns its number, from which the provider's reference is made."""
        with self._lock:
            self._count += 1
            number = self._count
        os.write(self._file, json.dumps({"kind": kind, "to": to, "what": what}).encode() + b"\n")
        return number


class Chance:
    """Draws a fault for each message; the same message may fare differently each time."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.calm = threading.Event()

    def fault(self):
        """Return what it does, and whether it has the message then."""
        drawn = self.below(1000)
        for fault, share in FAULTS.items():
            drawn -= share
            if drawn < 0:
                return GOOD if self.calm.is_set() else fault
        return GOOD

    def below(self, limit):
        with self._lock:
            return self._random.randrange(limit)


def vanish(connection, fault):
    """Hang up without an answer."""
    if fault == "late":
        time.sleep(LATE)
    with suppress(OSError):  # the sender is dead already
        if fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            connection.shutdown(socket.SHUT_RDWR)


ANSWERS = {
    "EHLO": "250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 9999999",
    "DATA": "354 go on",
    "QUIT": "221 2.0.0 bye",
}


class Relay(socketserver.ThreadingTCPServer):
    """SMTP (RFC 5321), with PIPELINING: nobody can ask it what it took (capability none)."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, log, chance):
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.log = log
        self.chance = chance


class _Dialogue(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        with suppress(OSError):
            self._serve()

    def _serve(self):
        self._say("220 relay.example ESMTP")
        to = ""
        while line := self.rfile.readline():
            verb = line[:4].decode().upper()
            if verb == "RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            self._say(ANSWERS.get(verb, "250 2.0.0 ok"))
            if verb == "QUIT" or (verb == "DATA" and not (self._content() and self._end(to))):
                return

    def _content(self):
        """Read to the final dot; False when the sender died before it."""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
        return True

    def _end(self, to):
        fault, takes = self.server.chance.fault()
        if takes:
            number = self.server.log.write("none", to)
        elif fault == "bad address":
            self.server.log.write("none", to, "refused")
        if fault in {"drop", "reset", "late"}:
            vanish(self.connection, fault)
            return False
        answers = {"429": "450 4.7.28 too fast", "bad address": "550 5.1.1 nobody", "500": "451 4.3.0 later"}
        if takes:
            self._say(f"250 2.0.0 Ok: queued as Q{number:08}")
        else:
            self._say(answers.get(fault, "451 4.3.2 later"))
        return True

    def _say(self, words):
        self.wfile.write(words.encode() + b"\r\n")


class Services(ThreadingHTTPServer):
    """SES and its queue of events (capability event), Twilio with its list and its callbacks (capability list)."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, log, chance):
        super().__init__(("127.0.0.1", 0), _Service)
        self.log = log
        self.chance = chance
        self.clock = Clock()
        self.forget()

    def forget(self):
        """Let the next round begin with nothing taken: its customers have the same numbers."""
        self.events = Events(self.chance, self.clock)
        self.phone = Phone(self.chance, self.clock)

    def handle_error(self, request, client_address):
        """Say nothing: senders die in the middle here."""


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 4.0
    """Seconds that a request may stand still, less than a lease, as anywhere: then it was never handed over."""

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:  # the sender died in the middle: nothing was handed over
            self.close_connection = True
            return
        target = self.headers.get("X-Amz-Target", "")
        if target.startswith("AmazonSQS."):
            self._answer(
                200,
                self.server.events.asked(target.partition(".")[2], json.loads(body)),
                kind="x-amz-json-1.0",
            )
        elif self.path == "/v2/email/outbound-emails":
            self._ses(json.loads(body))
        elif self.path.endswith("/Messages.json"):
            self._twilio({name: values[0] for name, values in parse_qs(body.decode()).items()})
        else:
            self._answer(404, {"message": "no such path"})

    def do_GET(self):
        where = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        self._answer(200, self.server.phone.listed(query))

    def _ses(self, order):
        to = order["Destination"]["ToAddresses"][0]
        fault, takes = self.server.chance.fault()
        if takes:
            reference = f"ses-{self.server.log.write('event', to):08}"
            self.server.events.taken(reference, to, order.get("EmailTags", []))
        if self._misbehaves("event", to, fault, takes, "x-amzn-ErrorType", {
            "429": (429, "TooManyRequestsException"),
            "500": (500, "InternalFailure"),
            "503": (503, "ServiceUnavailable"),
            "bad address": (400, "MessageRejected"),
        }):  # fmt: skip
            return
        self._answer(200, {"MessageId": reference})

    def _twilio(self, form):
        fault, takes = self.server.chance.fault()
        if takes:
            sid = f"SM{self.server.log.write('list', form['To']):032x}"
            self.server.phone.taken(sid, form)
        else:
            self.server.phone.not_taken(form)
        errors = {"429": (429, 20429), "500": (500, 20500), "503": (503, 20503), "bad address": (400, 21211)}
        if self._misbehaves("list", form["To"], fault, takes, "X-Code", errors):
            return
        self._answer(201, {"sid": sid, "status": "queued", "error_code": None})

    def _misbehaves(self, kind, to, fault, takes, header, errors):
        """Do what the fault says; False when there is none."""
        if fault in {"drop", "reset", "late"}:
            self.close_connection = True
            vanish(self.connection, fault)
        elif fault:
            if not takes and fault == "bad address":
                self.server.log.write(kind, to, "refused")
            status, code = errors[fault]
            answer = {"code": code, "message": "no", "status": status, "more_info": ""}
            self._answer(status, answer, **{header: str(code)})
        return bool(fault)

    def _answer(self, status, value, kind="json", **headers):
        body = json.dumps(value).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", f"application/{kind}")
        self.send_header("Content-Length", str(len(body)))
        for name, said in headers.items():
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing: senders are frozen in the middle here."""

    def finish(self):
        with suppress(OSError, ValueError):
            super().finish()


def main(path, seed):
    """Serve until stdin ends."""
    log, chance = Log(path), Chance(int(seed))
    relay, services = Relay(log, chance), Services(log, chance)
    for server in (relay, services):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(json.dumps({"smtp": relay.server_address[1], "http": services.server_address[1]}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order, _, value = line.strip().partition(" ")
        if order == "calm":
            chance.calm.set()
        elif order == "storm":
            chance.calm.clear()
        elif order == "hooks":
            services.phone.hooks = int(value)
        elif order == "fresh":
            services.forget()
        elif order == "began":
            services.clock.began = float(value)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
