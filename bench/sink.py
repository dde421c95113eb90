"""A mail server that takes everything as fast as it can, and afterwards says what it took: `python -m bench.sink`.

With `--count` it keeps recipients only, so that it can take any number of mails.
"""

import email
import email.policy
import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

END = b"\r\n.\r\n"
SAMPLE = 25


class Sink:
    """The server's process, as the suites see it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._ask(""))

    def report(self) -> dict[str, Any]:
        """Return what came since the last report: `count`, `recipients`, `distinct` bodies, `sample` by recipient."""
        found: dict[str, Any] = json.loads(self._ask("report\n"))
        return found

    def _ask(self, words: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(words)
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def running(*, keep: bool = True) -> Iterator[Sink]:
    """Run a sink in a process of its own, so that its CPU is nobody's; without `keep` it forgets what mails say."""
    command = [sys.executable, "-m", "bench.sink", *([] if keep else ["--count"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Sink(process)
        finally:
            process.kill()


def _serve(connection: socket.socket, taken: list[tuple[str, bytes]], *, keep: bool) -> None:
    """Answer commands a line at a time and take a content in one piece: one search for its end, none for its lines."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"220 sink\r\n")
    answers = {
        b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n",
        b"DATA": b"354 go on\r\n",
        b"QUIT": b"221 bye\r\n",
    }
    to, data = "", b""
    while more := connection.recv(1 << 20):
        data += more
        said = b""
        while (end := data.find(b"\r\n")) >= 0:
            verb = data[:4].upper()
            if verb == b"RCPT":
                to = data[:end].split(b"<")[1].split(b">")[0].decode()
            data = data[end + 2 :]
            said += answers.get(verb, b"250 ok\r\n")
            if verb == b"DATA":
                connection.sendall(said)
                raw, data = _content(connection, data)
                taken.append((to, raw if keep else b""))
                said = b"250 2.0.0 queued as %d\r\n" % len(taken)
        connection.sendall(said)
        if said.startswith(b"221"):
            return


def _content(connection: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    """Return a content up to its final dot, and what came behind it."""
    start = 0
    while (end := data.find(END, start)) < 0:
        start = max(len(data) - len(END), 0)
        more = connection.recv(1 << 20)
        if not more:
            raise ConnectionError
        data += more
    return data[: end + 2], data[end + len(END) :]


def _report(taken: list[tuple[str, bytes]]) -> dict[str, Any]:
    bodies = set()
    sample: dict[str, dict[str, str]] = {}
    for to, raw in taken:
        bodies.add(hashlib.sha256(raw.partition(b"\r\n\r\n")[2]).digest())
        if len(sample) < SAMPLE:
            sample[to] = words_of(raw.replace(b"\r\n..", b"\r\n."))
    recipients = len({to for to, _ in taken})
    return {"count": len(taken), "recipients": recipients, "distinct": len(bodies), "sample": sample}


def words_of(raw: bytes) -> dict[str, str]:
    """Return what a reader has of a mail: `subject`, `plain` and `html`."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    words = {"subject": str(message["subject"])}
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        words[kind] = str(part.get_content()).replace("\r\n", "\n").strip() if part else ""
    return words


def main() -> None:
    """Serve until stdin ends; print the port, then a report for each line."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[tuple[str, bytes]] = []
    keep = "--count" not in sys.argv
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(
                target=_serve, args=(connection, taken), kwargs={"keep": keep}, daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    for _ in sys.stdin:
        report = _report(taken)
        taken.clear()  # before it is told: the next mail may come at once
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
