"""TCP gates between a sender and what it talks to: each names the boundaries of a message's life as bytes go by.

A gate knows nothing of the sender's code. It reads PostgreSQL's protocol for the tables that a transaction writes, SMTP
and HTTP for where a message's content begins, ends and is answered. At each boundary it asks `at(point)`; what it asks
may kill or freeze the sender meanwhile. When the answer is False nothing is forwarded and both sides are cut off.
"""

import contextlib
import re
import socket
import struct
import threading
from enum import StrEnum


class Point(StrEnum):
    """A boundary of a message's life, in the order of that life."""

    CLAIM = "before the claim is committed"
    CLAIMED = "after the claim, before the first byte"
    BODY = "in the middle of the content"
    HANDED = "before the last byte of the content"
    ANSWERED = "taken, before the answer is read"
    OUTCOME = "the answer read, before the outcome is committed"
    RECORDED = "after the outcome is committed"
    SETTLING = "before a settlement is committed"
    SETTLED = "after a settlement is committed"
    LISTED = "before the provider's list is read"
    FOLDING = "before a receipt is committed"
    FOLDED = "after a receipt is committed"


class Gate:
    """Listens on a port of its own and passes each connection on, watched by a new `watch(at())`."""

    def __init__(self, target, watch, at):
        self.target = target
        """A port on loopback, or the path of a socket."""
        self._watch = watch
        self._at = at
        self._open = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def watches(self):
        """What watches the connections that are open."""
        with self._lock:
            return list(self._open.values())

    def close(self):
        self._listener.close()
        self.cut()

    def cut(self):
        """Cut off every connection."""
        with self._lock:
            pairs = list(self._open)
        for pair in pairs:
            _cut(*pair)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = _connect(self.target)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                if end.family == socket.AF_INET:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch = self._watch(self._at())
            with self._lock:
                self._open[client, server] = watch
            threading.Thread(target=self._pass, args=(client, server, watch.up), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, watch.down), daemon=True).start()

    def _pass(self, source, target, look):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not all(self._forwarded(target, piece) for piece in look(data)):
                    break
        pair = (source, target) if (source, target) in self._open else (target, source)
        with self._lock:
            self._open.pop(pair, None)
        _cut(source, target)

    def _forwarded(self, target, piece):
        if piece is None:
            return False
        target.sendall(piece)
        return True


def _connect(target):
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target), timeout=None)
    end = socket.socket(socket.AF_UNIX)
    end.connect(str(target))
    return end


def _cut(*ends):
    """Reset rather than close: what waits in a buffer is not read later by somebody who was dead meanwhile."""
    for end in ends:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()


CLAIMS = re.compile(r"INSERT\s+INTO\s+attempts\b", re.IGNORECASE)
MARKS = re.compile(r"UPDATE\s+attempts\b", re.IGNORECASE)
FOLDS = re.compile(r"INSERT\s+INTO\s+receipts\b", re.IGNORECASE)
BEFORE_AND_AFTER = {
    "claim": (Point.CLAIM, Point.CLAIMED),
    "outcome": (Point.OUTCOME, Point.RECORDED),
    "settle": (Point.SETTLING, Point.SETTLED),
    "fold": (Point.FOLDING, Point.FOLDED),
}


class Database:
    """Reads PostgreSQL's protocol (version 3): which tables a transaction writes, and its COMMIT."""

    def __init__(self, at):
        self._at = at
        self._from_client = b""
        self._from_server = b""
        self._started = False
        self._statements = {}
        self._writes = set()
        self._committing = None
        self.backend = None
        """The server process of this connection."""

    def up(self, data):
        self._from_client += data
        while message := self._client_message():
            if self._is_commit(message) and self._writes:
                kind = self._kind()
                self._writes = set()
                before, _ = BEFORE_AND_AFTER[kind]
                if not self._at(before):
                    yield None
                    return
                self._committing = kind
            yield message

    def down(self, data):
        self._from_server += data
        ready = b""
        while message := self._server_message():
            if message[:1] == b"K":
                self.backend = struct.unpack("!I", message[5:9])[0]
            if self._committing and message[:1] == b"C" and message[5:11] == b"COMMIT":
                _, after = BEFORE_AND_AFTER[self._committing]
                self._committing = None
                if not self._at(after):
                    yield None
                    return
            ready += message
        if ready:
            yield ready

    def _client_message(self):
        head = 1 if self._started else 0
        if len(self._from_client) < head + 4:
            return b""
        size = head + struct.unpack("!I", self._from_client[head : head + 4])[0]
        if len(self._from_client) < size:
            return b""
        message, self._from_client = self._from_client[:size], self._from_client[size:]
        self._started = True
        return message

    def _server_message(self):
        if len(self._from_server) < 5:
            return b""
        size = 1 + struct.unpack("!I", self._from_server[1:5])[0]
        if len(self._from_server) < size:
            return b""
        message, self._from_server = self._from_server[:size], self._from_server[size:]
        return message

    def _is_commit(self, message):
        """Take in a statement that is about to run; tell whether it ends the transaction for good."""
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            statement = body.rstrip(b"\0").decode(errors="replace")
        elif kind == b"P":
            name, query, _ = body.split(b"\0", 2)
            self._statements[name] = query.decode(errors="replace")
            return False
        elif kind == b"B":
            statement = self._statements.get(body.split(b"\0", 2)[1], "")
        else:
            return False
        words = statement.lstrip()[:8].upper()
        if words.startswith("COMMIT"):
            return True
        if words.startswith(("BEGIN", "ROLLBACK")):
            self._writes = set()
        for pattern, writes in ((CLAIMS, "claim"), (FOLDS, "fold"), (MARKS, "mark")):
            if pattern.search(statement):
                self._writes.add(writes)
        return False

    def _kind(self):
        if "claim" in self._writes:
            return "claim"
        if "fold" in self._writes:
            return "fold"
        return "outcome" if self._at.sending() else "settle"


class Smtp:
    """Reads SMTP: the content begins after 354 and ends with a dot on a line of its own."""

    def __init__(self, at):
        self._at = at
        self._stage = "command"
        self._tail = b""

    def up(self, data):
        if self._stage == "content":
            whole = self._tail + data
            if b"\r\n.\r\n" in whole:
                self._tail = b""
                if not self._at(Point.HANDED):
                    yield None
                    return
                self._stage = "dot"
                yield data
                return
            self._tail = whole[-4:]
            yield data[: len(data) // 2]
            yield data[len(data) // 2 :] if self._at(Point.BODY) else None
            return
        yield data

    def down(self, data):
        if self._stage == "dot":
            self._stage = "command"
            if not self._at(Point.ANSWERED):
                yield None
                return
        # With pipelining the answer to a dot and the next 354 may come together.
        if b"\r\n354" in b"\r\n" + data:
            self._stage = "content"
            self._tail = b"\r\n"
        yield data


class Http:
    """Reads HTTP/1.1: a POST hands something over, unless `is_message` says otherwise; a GET asks."""

    def __init__(self, at):
        self._at = at
        self._head = b""
        self._left = 0
        self._kind = ""

    def up(self, data):
        while data:
            if not self._left:
                self._head += data
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    yield data
                    return
                body = self._head[end + 4 :]
                before = data[: len(data) - len(body)]
                self._begin(self._head[:end])
                self._head = b""
                if before:
                    yield before
                if not self._left:
                    return
                data = body
                if not data:
                    return
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            yield part[: len(part) // 2]
            point = Point.HANDED if not self._left else Point.BODY
            if self._kind == "send" and not (self._at(Point.BODY) and (self._left or self._at(point))):
                yield None
                return
            yield part[len(part) // 2 :]

    def down(self, data):
        kind, self._kind = self._kind, ""
        if kind == "send" and not self._at(Point.ANSWERED):
            yield None
            return
        if kind == "ask" and not self._at(Point.LISTED):
            yield None
            return
        yield data

    def _begin(self, head):
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        self._left = int(found.group(1)) if found else 0
        line = head.split(b"\r\n", 1)[0]
        if line.startswith(b"GET "):
            self._kind = "ask"
        elif b"/v2/email/" in line or b"/Messages.json" in line:
            self._kind = "send"
        else:
            self._kind = "other"
