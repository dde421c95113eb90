"""A service over HTTP that is some milliseconds away: `python -m bench.service twilio|sns|ses MILLISECONDS`.

It takes every message and afterwards says how many came and how many of them were distinct.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

AWAY = 30
"""Milliseconds from a data centre to a provider and back, with the provider's own work."""
ANSWERS = {
    "twilio": (201, "application/json", '{{"sid": "SM{0}", "status": "queued"}}'),
    "sns": (
        200,
        "text/xml",
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
        "<MessageId>{0}</MessageId></PublishResult></PublishResponse>",
    ),
}
TEXT = {"twilio": "Body", "sns": "Message"}


def _answered(name: str, body: str, taken: list[str]) -> tuple[int, str, str]:
    """Note what came; return status, content type and body of the answer."""
    if name != "ses":
        taken.append(parse_qs(body)[TEXT[name]][0])
        status, kind, answer = ANSWERS[name]
        return status, kind, answer.format(len(taken))
    request = json.loads(body)
    entries = [json.dumps(entry) for entry in request.get("BulkEmailEntries", ())]
    taken += entries or [body]
    results = [{"Status": "SUCCESS", "MessageId": str(len(taken) + n)} for n in range(len(entries))]
    one = {"MessageId": str(len(taken))}
    return 200, "application/json", json.dumps({"BulkEmailEntryResults": results} if entries else one)


class Service:
    """The service's process, as the suites see it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert process.stdout
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def report(self) -> tuple[int, int]:
        """Return how many messages came since the last report, and how many of them were distinct."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("report\n")
        self._process.stdin.flush()
        count, distinct = json.loads(self._process.stdout.readline())
        return count, distinct


@contextmanager
def running(name: str, away: int = AWAY) -> Iterator[Service]:
    """Run a service in a process of its own."""
    command = [sys.executable, "-m", "bench.service", name, str(away)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Service(process)
        finally:
            process.kill()


def main(name: str, milliseconds: str) -> None:
    """Serve until stdin ends; print the port, then a report for each line."""
    taken: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, kind, answer = _answered(name, body, taken)
            payload = answer.encode()
            time.sleep(int(milliseconds) / 1000)
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n\r\n"
            self.wfile.write(head.encode() + payload)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps([len(taken), len(set(taken))]) + "\n")
        sys.stdout.flush()
        taken.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])
