"""A loopback SMTP server, faults included; what it took is the ground truth of who was mailed how often.

It can run in a process of its own: `python -m tests.peers.smtp FILE` writes the port on stdout and a line for each
message it took (recipient and Message-ID) to FILE, on disk before it says 250.
"""

import os
import re
import socket
import ssl
import struct
import sys
import threading
from dataclasses import dataclass

from tests.peers.fault import NAMES_THE_CUSTOMER, Fault

EXTENSIONS = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


@dataclass
class Taken:
    """One message that the server has, whether or not it said so."""

    sender: str
    to: str
    raw: bytes
    options: str
    reference: str


class SmtpPeer:
    """Takes mail for everybody; `answers` overrides: {"RCPT": b"550 5.1.1 no\\r\\n"}, also `.` and `EHLO`."""

    def __init__(self, extensions=EXTENSIONS, certificate=None, login=None, on_taken=None):
        self.taken = []
        self.sessions = 0
        self.commands = []
        self.answers = {}
        self.answer_to = {}
        """Answers to RCPT by recipient."""
        self.fault = Fault.NONE
        self.hang_up_at = ""
        """A command, or `content`: there it hangs up without an answer."""
        self.close_after = None
        """Messages per connection, then 421."""
        self._extensions = list(extensions)
        self._certificate = certificate
        self._login = login
        self._on_taken = on_taken
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def requests(self):
        return [command for command in self.commands if command.startswith("MAIL")]

    @property
    def references(self):
        return [taken.reference for taken in self.taken]

    def will(self, fault):
        self.fault = fault
        self.answers = {
            Fault.THROTTLE: {"RCPT": b"450 4.7.28 too fast\r\n"},
            Fault.FAILED: {".": b"451 4.3.0 try later\r\n"},
            Fault.UNAVAILABLE: {"EHLO": b"421 4.3.2 away\r\n", "MAIL": b"421 4.3.2 away\r\n"},
            Fault.BAD_ADDRESS: {"RCPT": f"550 5.1.1 {NAMES_THE_CUSTOMER}\r\n".encode()},
            Fault.BAD_CREDENTIALS: {"MAIL": b"530 5.7.0 who are you\r\n"},
        }.get(fault, {})

    def contents(self):
        return [taken.raw for taken in self.taken]

    def close(self):
        if not self._closing.is_set():
            self._closing.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._thread.join()
            with self._lock:
                for connection in self._connections:
                    connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.append(connection)
                self.sessions += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        dialogue = _Dialogue(self, connection)
        try:
            dialogue.run()
        except OSError:
            pass
        finally:
            dialogue.file.close()
            dialogue.connection.close()


class _Dialogue:
    def __init__(self, peer, connection):
        self.peer = peer
        self.connection = connection
        self.file = connection.makefile("rb")
        self.sender = self.to = self.options = ""
        self.messages = 0
        self.logged_in = False

    def run(self):
        self.say(b"220 peer.example ESMTP\r\n")
        while line := self.file.readline():
            words = line.decode().rstrip("\r\n")
            self.peer.commands.append(words)
            verb = words[:4].upper()
            if verb == self.peer.hang_up_at:
                return
            if verb == "QUIT":
                self.say(b"221 2.0.0 bye\r\n")
                return
            answer = self.peer.answers.get(verb)
            if answer is None:
                answer = getattr(self, f"on_{verb.lower()}")(words)
            if answer is None:
                return
            self.say(answer)
            if answer.startswith(b"421"):
                return

    def say(self, answer):
        if answer:
            self.connection.sendall(answer)

    def on_ehlo(self, words):
        listed = ["peer.example", *self.peer._extensions]
        if self.peer._certificate and not isinstance(self.connection, ssl.SSLSocket):
            listed.append("STARTTLS")
        if self.peer._login:
            listed.append("AUTH PLAIN LOGIN")
        lines = [f"250-{entry}" for entry in listed[:-1]] + [f"250 {listed[-1]}"]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def on_helo(self, words):
        return b"250 peer.example\r\n"

    def on_star(self, words):
        self.say(b"220 2.0.0 go ahead\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.peer._certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        with self.peer._lock:
            self.peer._connections.append(self.connection)
        return b""

    def on_auth(self, words):
        import base64

        given = words.partition(" ")[2]
        if given.upper().startswith("PLAIN "):
            _, user, password = base64.b64decode(given[6:]).decode().split("\0")
        else:
            self.say(b"334 VXNlcm5hbWU6\r\n")
            user = base64.b64decode(self.file.readline()).decode()
            self.say(b"334 UGFzc3dvcmQ6\r\n")
            password = base64.b64decode(self.file.readline()).decode()
        self.logged_in = (user, password) == self.peer._login
        return b"235 2.7.0 welcome\r\n" if self.logged_in else b"535 5.7.8 wrong\r\n"

    def on_mail(self, words):
        if self.peer._login and not self.logged_in:
            return b"530 5.7.0 log in first\r\n"
        if self.peer.close_after == self.messages:
            return b"421 4.3.0 enough for one connection\r\n"
        found = re.match(r"MAIL FROM:<([^>]*)>(.*)", words, re.IGNORECASE)
        self.sender, self.options = found.groups()
        self.to = ""
        return b"250 2.1.0 ok\r\n"

    def on_rcpt(self, words):
        to = re.match(r"RCPT TO:<([^>]*)>", words, re.IGNORECASE).group(1)
        if to in self.peer.answer_to:
            return self.peer.answer_to[to]
        self.to = to
        return b"250 2.1.5 ok\r\n"

    def on_rset(self, words):
        self.sender = self.to = ""
        return b"250 2.0.0 ok\r\n"

    def on_data(self, words):
        if not self.to:
            return b"554 5.5.1 no valid recipients\r\n"
        self.say(b"354 go on\r\n")
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line or self.peer.hang_up_at == "content":
                return None
            lines.append(line[1:] if line.startswith(b".") else line)
        return self.end_of_data(b"".join(lines))

    def end_of_data(self, raw):
        peer = self.peer
        if "." in peer.answers:
            return peer.answers["."]
        with peer._lock:
            taken = Taken(self.sender, self.to, raw, self.options, f"Q{len(peer.taken) + 1:06}")
            peer.taken.append(taken)
            if peer._on_taken:
                peer._on_taken(taken)
        self.messages += 1
        return self.fault(f"250 2.0.0 Ok: queued as {taken.reference}\r\n".encode())

    def fault(self, answer):
        peer = self.peer
        if peer.fault is Fault.DROP:
            return None
        if peer.fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        if peer.fault is Fault.SILENT:
            peer._closing.wait(30)
            return None
        if peer.fault is Fault.SLOW:
            for byte in answer * 10:
                if peer._closing.wait(0.05):
                    return None
                self.say(bytes([byte]) if byte != 10 else b"-")
            return None
        return answer


def main(path):
    """Serve until stdin ends."""
    file = open(path, "ab", buffering=0)  # noqa: SIM115, PTH123 -- open as long as the process

    def write(taken):
        found = re.search(rb"(?im)^message-id:\s*(\S+)", taken.raw)
        file.write(f"{taken.to} {found.group(1).decode() if found else '-'}\n".encode())
        os.fsync(file.fileno())

    peer = SmtpPeer(on_taken=write)
    sys.stdout.write(f"{peer.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    peer.close()


if __name__ == "__main__":
    main(sys.argv[1])
