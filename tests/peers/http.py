"""A loopback HTTP server that plays a provider, faults included, and remembers what it took."""

import contextlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.peers.fault import NAMES_THE_CUSTOMER, Fault


class HttpPeer:
    """Subclass per service: `answer(fault, number)` gives status, headers and body."""

    content_type = "application/json"
    text = NAMES_THE_CUSTOMER
    """What it says when it says no."""

    def __init__(self):
        self.requests = []
        """(path, headers, body) of each, in the order of arrival."""
        self.references = []
        self.fault = Fault.NONE
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"peer": self}))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def will(self, fault):
        self.fault = fault

    def answer(self, fault, reference):
        raise NotImplementedError

    def close(self):
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def take(self, path, headers, body):
        """Remember a request; return its reference."""
        with self._lock:
            self.requests.append((path, headers, body))
            reference = f"ref-{len(self.requests):04}"
            if self.fault in {Fault.NONE, Fault.DROP, Fault.RESET, Fault.SILENT, Fault.SLOW}:
                self.references.append(reference)
            return reference


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    peer: HttpPeer

    def do_POST(self):
        peer = self.peer
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        reference = peer.take(self.path, dict(self.headers), body)
        if peer.fault in {Fault.DROP, Fault.RESET, Fault.SILENT}:
            self._vanish()
            return
        status, headers, payload = peer.answer(peer.fault, reference)
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {peer.content_type}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload
        if peer.fault is Fault.SLOW:
            self._drip(whole)
        else:
            self.wfile.write(whole)

    do_PUT = do_GET = do_POST  # noqa: N815 -- as the library calls them

    def _vanish(self):
        self.close_connection = True
        if self.peer.fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif self.peer.fault is Fault.SILENT:
            self.peer.closing.wait(30)

    def _drip(self, whole):
        for byte in whole:
            if self.peer.closing.wait(0.05):
                return
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_):
        pass
