"""One SMTP connection (RFC 5321) on a blocking socket, where every wait has an end.

A server that sends a byte a second cannot hold a message longer than the time-out: the clock runs per phase of a
message, not per read.
"""

import base64
import select
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from channels.email.replies import Reply
from tidings.settings import SmtpSettings

COMMANDS, CONTENT, ANSWER = 1.0, 3 / 5, 2.0
"""How long a phase may take, in time-outs: with the default of 5 minutes what RFC 5321 4.5.3.2 asks for. The answer to
the final dot has the longest: who hangs up while the server still writes sends the message twice."""
CALL = COMMANDS + COMMANDS + CONTENT + ANSWER
"""All phases of one message: opening the connection, announcing, content, answer."""
CONNECT = 30.0
"""Seconds until somebody is there at all."""
SLACK = 1.1
"""The socket's own clock is set anew only where it is further off than this: setting it is a system call."""
MAX_LINES = 200
MAX_REPLY = 64 * 1024
READ = 8 * 1024
IDLE_SECONDS = 60.0
IMPLICIT_TLS = 465
UNKNOWN_COMMAND = frozenset({500, 502})
_BEHIND_CODE = (b" ", b"", b"\r")
_FIRST_DIGIT = b"2345"
"""RFC 5321 4.2.1: there is no other."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SessionError(Exception):
    """The connection cannot be used: it broke, timed out, or the server does not speak SMTP."""

    def __init__(self, code: str, *, certain: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.certain = certain
        """Nothing behind the point that `write` was told may have left."""


class RefusedSession(Exception):  # noqa: N818 -- an answer, not a fault
    """The server, or our own rule about passwords in clear text, said no before the first message."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class Session:
    """A connection that has greeted, switched to TLS and logged in as the settings say."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Connect.

        Raises:
            SessionError: nobody there, or no sense in what they say.
            RefusedSession: see there.
        """
        self._settings = settings
        self._seconds = settings.timeout.total_seconds()
        self._buffer = b""
        self._received = 0
        """How often something came."""
        self._known = b""
        self._until = 0.0
        self._set: dict[int, float] = {}
        """Seconds that the socket waits, by option: where it waits by itself, to be asked for nothing each time."""
        self._last = 0.0
        self.alive = True
        self.messages = 0
        self.dirty = False
        """A transaction was refused half-way; RSET goes before the next one."""
        self.begin()
        try:
            target = (settings.host, settings.port)
            self._socket: socket.socket = socket.create_connection(target, min(CONNECT, self._remaining()))
        except OSError as error:
            raise SessionError(_name(error)) from None
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.settimeout(None)
            self.features = self._greet()
        except BaseException:
            self.drop()
            raise

    def begin(self, phase: float = COMMANDS) -> None:
        """Start the clock of the next phase."""
        self._until = time.monotonic() + phase * self._seconds

    def write(self, data: bytes, behind: bytes = b"") -> None:
        """Send bytes, and what comes behind them: without the last of `behind` nothing is done.

        Raises:
            SessionError: not all of them were taken; it says whether any of `behind` may have left.
        """
        sent, size = 0, len(data)
        end = size + len(behind)
        # Through TLS nobody knows how much of a failed write left: the first part goes by itself.
        together = bool(behind) and not self._encrypted
        try:
            while sent < end:
                self._wind(socket.SO_SNDTIMEO)
                if sent < size:
                    left = memoryview(data)[sent:] if sent else data
                    sent += self._socket.sendmsg((left, behind)) if together else self._socket.send(left)
                else:
                    sent += self._socket.send(memoryview(behind)[sent - size :])
        except OSError as error:
            raise self._broken(_name(error), certain=sent < size) from None

    def reply(self) -> Reply:
        """Read one answer of any number of lines.

        Raises:
            SessionError: there was none in time, or it is not SMTP.
        """
        line = self._line()
        lines = [line]
        while line[3:4] == b"-":
            line = self._line()
            lines.append(line)
            if len(lines) > MAX_LINES or line[:3] != lines[0][:3]:
                raise self._broken("not_smtp")
        answer = _answer(line if len(lines) == 1 else line[:4] + b"\n".join(part[4:] for part in lines))
        if answer is None:
            raise self._broken("not_smtp")
        return answer

    def goes_on(self) -> bool:
        """Take the answers that announce a message, where they are word for word those to the one before."""
        known = self._known
        if not known or not self._buffer.startswith(known):
            return False
        self._buffer = self._buffer[len(known) :]
        return True

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Know the answers that are read meanwhile when they come again; left with an error, know none."""
        before, received, self._known = self._buffer, self._received, b""
        yield
        if self._received == received:  # all of them were there
            self._known = before[: len(before) - len(self._buffer)]

    def forget(self) -> None:
        """Know no answers."""
        self._known = b""

    @property
    def ahead(self) -> bool:
        """Whether the server said more than it was asked: what comes next may not be the answer to what we say next."""
        return bool(self._buffer)

    def ask(self, command: str) -> Reply:
        """Send one command and read its answer."""
        self.write(command.encode() + b"\r\n")
        return self.reply()

    def rest(self) -> None:
        """Note when the connection was last used."""
        self._last = time.monotonic()

    def idle(self) -> bool:
        """Tell whether nobody hung up or said anything since the last use, not long ago."""
        if time.monotonic() - self._last > IDLE_SECONDS or self._buffer:
            return False
        watch = select.poll()
        watch.register(self._socket, select.POLLIN)
        return not watch.poll(0)

    def quit(self) -> None:
        """Say goodbye."""
        try:
            self.begin()
            self.write(b"QUIT\r\n")
        except SessionError:
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Hang up without a word: what was announced and not finished is not sent."""
        self.alive = False
        self._socket.close()

    def _broken(self, code: str, *, certain: bool = True) -> SessionError:
        self.drop()
        return SessionError(code, certain=certain)

    def _greet(self) -> dict[str, str]:
        settings = self._settings
        if settings.port == IMPLICIT_TLS:
            self._encrypt()
        self._expect(self.reply())
        features = self._hello()
        if "STARTTLS" in features and settings.starttls != "never" and not self._encrypted:
            self._expect(self.ask("STARTTLS"))
            if self._buffer:  # RFC 3207 6: what was said in clear text does not count
                raise SessionError("injected_before_tls")
            self._encrypt()
            features = self._hello()
        if settings.starttls == "always" and not self._encrypted:
            raise RefusedSession(Reply(code=530, text="5.7.0 the server offers no STARTTLS"))
        if settings.username:
            self._log_in(features)
        return features

    @property
    def _encrypted(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    def _encrypt(self) -> None:
        """Switch to TLS. The certificate counts when TLS or a password was asked for, else any TLS beats none."""
        context = ssl.create_default_context()
        if self._settings.starttls != "always" and not self._settings.username:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        try:
            self._socket.settimeout(self._remaining())
            self._socket = context.wrap_socket(self._socket, server_hostname=self._settings.host)
        except ssl.SSLCertVerificationError:
            raise RefusedSession(Reply(code=530, text="5.7.5 the certificate is not trusted")) from None
        except OSError as error:
            raise SessionError(_name(error)) from None

    def _hello(self) -> dict[str, str]:
        """Say EHLO and return the extensions with their parameters."""
        reply = self.ask(f"EHLO {_own_name(self._socket)}")
        if reply.code in UNKNOWN_COMMAND:  # RFC 5321 3.2: an old server knows only HELO
            self._expect(self.ask(f"HELO {_own_name(self._socket)}"))
            return {}
        self._expect(reply)
        words = (line.partition(" ") for line in reply.text.split("\n")[1:])
        return {keyword.upper(): parameter for keyword, _, parameter in words}

    def _log_in(self, features: dict[str, str]) -> None:
        settings = self._settings
        if not self._encrypted and settings.host not in LOOPBACK:
            raise RefusedSession(Reply(code=538, text="5.7.11 no password is sent without TLS"))
        password = settings.password.get_secret_value()
        mechanisms = features.get("AUTH", "").upper().split()
        if "PLAIN" in mechanisms or "LOGIN" not in mechanisms:
            self._expect(self.ask("AUTH PLAIN " + _base64(f"\0{settings.username}\0{password}")))
            return
        reply = self.ask("AUTH LOGIN")
        for answer in (settings.username, password):
            if not reply.intermediate:
                raise RefusedSession(reply)
            reply = self.ask(_base64(answer))
        self._expect(reply)  # who goes on asking has let nobody in

    def _expect(self, reply: Reply) -> None:
        if not reply.positive:
            raise RefusedSession(reply)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_REPLY:
                raise self._broken("not_smtp")
            try:
                self._wind(socket.SO_RCVTIMEO)
                more = self._socket.recv(READ)
            except OSError as error:
                raise self._broken(_name(error)) from None
            if not more:
                raise self._broken("closed")
            self._buffer += more
            self._received += 1
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line

    def _wind(self, option: int) -> None:
        """Let the socket wait as long as the phase has left.

        The kernel's own time-outs save two calls of it each time; through TLS they are an error of no meaning.
        """
        left = self._remaining()
        if not left <= self._set.get(option, 0.0) <= left * SLACK:
            if self._encrypted:
                self._socket.settimeout(left)
                self._set.clear()
            else:
                whole, part = divmod(ceil(left * 1e6), 1_000_000)
                self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, part))
            self._set[option] = left

    def _remaining(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _answer(line: bytes) -> Reply | None:
    """Return what an answer of one line says; None where it is not SMTP."""
    if not line[:3].isdigit() or line[0] not in _FIRST_DIGIT or line[3:4] not in _BEHIND_CODE:
        return None
    return Reply(code=int(line[:3]), text=line[4:].decode("utf-8", "replace").replace("\r", ""))


def _own_name(connection: socket.socket) -> str:
    """Return our host name, or the address as a literal (RFC 5321 4.1.3); the resolver is not asked."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _name(error: OSError) -> str:
    """Return a code that says what happened, and nothing about whom it happened to.

    >>> _name(ConnectionRefusedError()), _name(TimeoutError())
    ('connection_refused', 'timeout')
    """
    names = {
        TimeoutError: "timeout",
        BlockingIOError: "timeout",
        ConnectionRefusedError: "connection_refused",
        ConnectionResetError: "connection_reset",
        BrokenPipeError: "connection_reset",
        socket.gaierror: "unknown_host",
    }
    return names.get(type(error), "ssl_error" if isinstance(error, ssl.SSLError) else "connection_failed")
