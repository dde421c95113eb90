"""E-mail by SMTP, to a relay or a submission service (RFC 5321, 6409).

One round trip and one write a message where the server offers PIPELINING (RFC 2920): a message's content, its final dot
and the announcement of the next one leave together. At any moment at most one message has its content on the way, so at
most one is in doubt.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from channels.contract import Capability
from channels.email.replies import Stage, refusal, refused_session
from channels.email.session import ANSWER, CALL, CONTENT, RefusedSession, Session, SessionError
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import DkimSettings, SmtpSettings

if TYPE_CHECKING:
    from channels.email.dkim import Signer

LATER = timedelta(minutes=1)
STOPPING = frozenset({ErrorClass.CONFIG, ErrorClass.THROTTLE})
CLOSING = 421
_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")
MAX_ADDRESS = 254
Commands = list[bytes]
OUT_OF_STEP = "out_of_step"
"""The server gave an answer that does not belong to what was said, so that none of the next ones can be trusted."""
ANNOUNCED = 3
"""Commands that announce a message: MAIL, RCPT and DATA, where no RSET goes before them."""
STAGES = {b"RSET": Stage.SENDER, b"MAIL": Stage.SENDER, b"RCPT": Stage.RECIPIENT, b"DATA": Stage.DATA}


class Smtp:
    """Hands e-mails to one server; keeps its connections open between calls."""

    name = "smtp"
    channel = Channel.EMAIL
    capability = Capability.NONE
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: SmtpSettings, *, dkim: DkimSettings | None = None) -> None:
        """Check the settings; the server is contacted by the first message.

        Raises:
            Problem: no host, or a key that cannot sign.
        """
        if not settings.host:
            raise Problem(
                "TIDINGS_EMAIL is smtp, but TIDINGS_SMTP__HOST is empty.", todo="Name the mail relay."
            )
        self.call_timeout = CALL * settings.timeout
        self.rate = settings.rate
        self._settings = settings
        self._signer = _signer(dkim)
        self._idle: list[Session] = []

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over e-mails in order. See `channels.contract.Provider.send`; `reference` is the queue id."""
        lane = _Lane(self._take)
        try:
            for parcel, following in pairwise(chain(map(self._signed, parcels), [None])):
                assert parcel is not None
                yield parcel.attempt, lane.hand_over(parcel, following)
        finally:
            idle = lane.release()
            if idle:
                self._idle.append(idle)

    def _signed(self, parcel: Parcel) -> Parcel:
        email = parcel.content
        if self._signer is None or not isinstance(email, Email):
            return parcel
        return replace(parcel, content=replace(email, raw=self._signer.signed(email.raw)))

    def close(self) -> None:
        """Say goodbye on every idle connection."""
        while session := self._pop():
            session.quit()

    def _take(self) -> Session:
        """Return an idle connection that still stands, or a new one."""
        while session := self._pop():
            if session.idle():
                return session
            session.drop()
        return Session(self._settings)

    def _pop(self) -> Session | None:
        try:
            return self._idle.pop()
        except IndexError:  # another thread may have taken the last one between a look and a pop
            return None


def _signer(dkim: DkimSettings | None) -> "Signer | None":
    if not dkim or not any(dkim.model_dump().values()):
        return None
    from channels.email.dkim import Signer  # only here: cryptography costs 20 ms

    return Signer(dkim)


class _Lane:
    """One call's messages, one after the other."""

    def __init__(self, take: Callable[[], Session]) -> None:
        self._take = take
        self._session: Session | None = None
        self._announced: Commands = []
        self._stopped: Refused | None = None

    def hand_over(self, parcel: Parcel, following: Parcel | None) -> Outcome:
        """Make one attempt; announce the following message on the way where the server allows it."""
        while self._stopped is None:
            session = self._open()
            if isinstance(session, Refused):
                self._stopped = replace(session, called=False)
                return session
            fresh = session.messages == 0
            begun = _Transaction(session, parcel)
            refused = begun.announce(self._announced)
            self._announced = []
            outcome: Outcome
            if refused is None:
                outcome, self._announced = begun.content(following)
            elif not fresh and not session.alive and refused.error is ErrorClass.TRANSIENT:
                continue  # the server closed a connection that had served before; this message had not begun
            else:
                outcome = refused
            if isinstance(outcome, Refused) and outcome.error in STOPPING:
                self._stopped = replace(outcome, called=False)
            return outcome
        return self._stopped

    def release(self) -> Session | None:
        """Return the connection when somebody else can go on with it."""
        session = self._session
        if session is None or not session.alive:
            return None
        if self._announced:
            session.drop()
            return None
        session.rest()
        return session

    def _open(self) -> Session | Refused:
        if self._session is None or not self._session.alive:
            self._announced = []
            try:
                self._session = self._take()
            except RefusedSession as error:
                return refused_session(error.reply)
            except SessionError as error:
                return _transient(error)
        return self._session


class _Transaction:
    """MAIL, RCPT, DATA and the content of one message."""

    def __init__(self, session: Session, parcel: Parcel) -> None:
        self._session = session
        self._parcel = parcel
        self._deep = "PIPELINING" in session.features

    def announce(self, announced: Commands) -> Refused | Rejected | None:
        """Bring the server to the point where it waits for the content, or return its refusal.

        Args:
            announced: the commands that left with the dot of the message before; none: they leave now.
        """
        session = self._session
        commands = announced or _commands(session, self._parcel)
        if isinstance(commands, Rejected):
            return commands
        session.begin()
        try:
            if self._deep and not announced:
                session.write(b"".join(commands))
            refused = self._answered(commands)
        except SessionError as error:
            return _transient(error)
        if refused is None and session.ahead:
            session.drop()
            return _transient(SessionError(OUT_OF_STEP))
        return refused

    def _answered(self, commands: Commands) -> Refused | Rejected | None:
        session = self._session
        if not self._deep or len(commands) != ANNOUNCED:
            return self._answers(commands)
        if session.goes_on():
            return None
        with session.learning():
            refused = self._answers(commands)
        if refused:
            session.forget()
        return refused

    def _answers(self, commands: Commands) -> Refused | Rejected | None:
        """Read an answer for each command; the first refusal counts, and what was asked already is read to its end."""
        session = self._session
        refused: Refused | Rejected | None = None
        for command in commands:
            if not self._deep:
                session.write(command)
            reply = session.reply()
            stage = STAGES[command[:4]]
            good = reply.intermediate if stage is Stage.DATA else reply.positive
            if reply.code == CLOSING or not (good or reply.no):
                session.drop()
                return refused or (
                    refusal(reply, stage) if reply.no else _transient(SessionError(OUT_OF_STEP))
                )
            if not good and refused is None:
                refused = refusal(reply, stage)
                session.dirty = True
                if not self._deep:
                    break
            elif refused and stage is Stage.DATA and good:
                session.drop()  # it waits for content that must not come: no dot, no message
        if refused is None:
            session.dirty = False
        return refused

    def content(self, following: Parcel | None) -> tuple[Outcome, Commands]:
        """Send the content. Returns the outcome, and the commands that announced the following message."""
        session, email = self._session, self._parcel.content
        assert isinstance(email, Email)
        ahead = _commands(session, following) if following and self._deep else []
        if isinstance(ahead, Rejected):
            ahead = []
        content = email.raw if email.digest else stuffed(email.raw)
        session.begin(CONTENT)
        try:
            session.write(content, b"".join((b".\r\n", *ahead)))
        except SessionError as error:
            return (_transient(error) if error.certain else _doubt(error)), []
        session.begin(ANSWER)
        try:
            reply = session.reply()
        except SessionError as error:
            return _doubt(error), []
        session.messages += 1
        if reply.code == CLOSING:
            session.drop()
        if reply.positive:
            return Accepted(reference=reply.reference), ahead
        if reply.no:
            return refusal(reply, Stage.DATA), ahead
        session.drop()
        return _doubt(SessionError(OUT_OF_STEP)), []


def stuffed(raw: bytes) -> bytes:
    """Return a message with dots at line starts doubled (RFC 5321 4.5.2), ending in CRLF."""
    body = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body


def _commands(session: Session, parcel: Parcel) -> Commands | Rejected:
    """Return the commands that announce a message, or why this server cannot take it."""
    email = parcel.content
    if not isinstance(email, Email):
        return _wrong("not_an_email")
    to, sender = _ascii_domain(email.to), _own(email.envelope_from)
    if to is None or sender is None:
        return _wrong("address_syntax")
    if not email.digest and _bare_line_end(email.raw):
        return _wrong("bare_line_end")  # another server could read it as the end of the message
    options = _options(session, email, parcel.attempt, plain=(to + sender).isascii())
    if isinstance(options, Rejected):
        return options
    mail = f"MAIL FROM:<{sender}>{options}\r\n".encode()
    reset = [b"RSET\r\n"] if session.dirty else []
    return [*reset, mail, f"RCPT TO:<{to}>\r\n".encode(), b"DATA\r\n"]


def _bare_line_end(raw: bytes) -> bool:
    words = raw.replace(b"\r\n", b"")
    return b"\n" in words or b"\r" in words


def _options(session: Session, email: Email, attempt: str, *, plain: bool) -> str | Rejected:
    """Return the parameters of MAIL."""
    features, options = session.features, ""
    limit = features.get("SIZE", "")
    if "SIZE" in features:
        if limit.isdigit() and 0 < int(limit) < len(email.raw):
            return _wrong("5.3.4")
        options += f" SIZE={len(email.raw)}"
    if not (plain if email.digest else email.raw.isascii()):
        if "8BITMIME" not in features:
            return _wrong("8bitmime_not_offered")
        options += " BODY=8BITMIME"
    if not plain:
        if "SMTPUTF8" not in features:
            return Rejected(error=ErrorClass.CONFIG, code="smtputf8_not_offered")  # this address only
        options += " SMTPUTF8"
    return options + (f" RET=HDRS ENVID={attempt}" if "DSN" in features else "")


def _ascii_domain(address: str) -> str | None:
    """Return an address with its domain in ASCII (IDNA), or None when it cannot stand in a command."""
    if not _ADDRESS.fullmatch(address) or len(address) > MAX_ADDRESS:
        return None
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    from idna import IDNAError, encode  # only here: its tables cost 10 ms

    try:  # of 2008, as in the headers: by the rules of 2003 another domain is written, whose owner gets the mail
        return f"{local}@{encode(domain, uts46=True).decode()}"
    except IDNAError:
        return None


_own = lru_cache(maxsize=64)(_ascii_domain)
"""The same for the few addresses that are ours."""


def _wrong(code: str) -> Rejected:
    return Rejected(error=ErrorClass.DATA, code=code)


def _doubt(error: SessionError) -> Unknown:
    return Unknown(code=error.code, detail="no answer to the final dot")


def _transient(error: SessionError) -> Refused:
    return Refused(error=ErrorClass.TRANSIENT, code=error.code, wait=LATER)
