"""A folder on an IMAP server (RFC 3501): what is in it is read, and then lies in another one."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from channels.contract import Bag
from channels.email.incoming import MOST
from channels.email.news import NAME, news
from tidings.problem import Problem
from tidings.receipt import Receipt
from tidings.settings import MailboxSettings

log = structlog.get_logger()
_AT_ONCE = 50


class Imap:
    """One folder. The connection is kept between looks and made again when it was lost.

    A failure is raised to whoever empties the source: it rests and looks again. What was not committed is still in
    the folder.
    """

    name = NAME

    def __init__(self, settings: MailboxSettings) -> None:
        if not settings.username:
            raise Problem(
                "TIDINGS_MAILBOX__HOST is set, but TIDINGS_MAILBOX__USERNAME is not.",
                todo="Set both, and TIDINGS_MAILBOX__PASSWORD.",
            )
        self._settings = settings
        self._server: imaplib.IMAP4 | None = None

    def bags(self, *, now: datetime) -> Iterator[Bag]:
        """Yield what is there now. See `channels.contract.Source.bags`."""
        try:
            waiting = self._waiting()
            for start in range(0, len(waiting), _AT_ONCE):
                receipts: list[Receipt] = []
                taken: list[bytes] = []
                for uid in waiting[start : start + _AT_ONCE]:
                    raw = self._fetch(uid)
                    if not raw:  # or somebody else has taken it meanwhile, and nothing is moved
                        self._move([uid], self._settings.aside)
                        continue
                    try:
                        receipts += news(raw, now=now)
                    except Exception as error:
                        log.warning("a mail could not be read and was put aside", error=type(error).__name__)
                        self._move([uid], self._settings.aside)
                    else:
                        taken.append(uid)
                yield Bag(receipts=receipts, done=partial(self._move, taken, self._settings.done))
        except (OSError, imaplib.IMAP4.error):
            self.close()
            raise

    def close(self) -> None:
        """Give back the connection."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()
            with suppress(OSError):
                server.shutdown()  # which a logout that failed has not done

    def _connected(self) -> imaplib.IMAP4:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> imaplib.IMAP4:
        settings, seconds = self._settings, self._settings.timeout.total_seconds()
        context = ssl.create_default_context()
        if settings.encryption == "tls":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                settings.host, settings.port, ssl_context=context, timeout=seconds
            )
        else:
            server = imaplib.IMAP4(settings.host, settings.port, timeout=seconds)
            if settings.encryption == "starttls":
                server.starttls(context)
        server.login(settings.username, settings.password.get_secret_value())
        return server

    def _waiting(self) -> list[bytes]:
        """Return the UIDs of what is in the folder; the connection is tried first, for it may have died of old age."""
        if self._server is not None:
            try:
                self._server.noop()
            except (OSError, imaplib.IMAP4.error):
                self.close()
        _good(self._connected().select(_quoted(self._settings.folder)))
        found = _good(self._connected().uid("SEARCH", "UNDELETED"))
        return bytes(found[0] or b"").split() if found else []

    def _fetch(self, uid: bytes) -> bytes:
        answer = _good(self._connected().uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST}>)"))
        return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), b"")

    def _move(self, uids: Sequence[bytes], folder: str) -> None:
        """Move mail (RFC 6851), or copy and delete it where the server cannot; the folder is made when needed."""
        if not uids:
            return
        server, which, where = self._connected(), b",".join(uids).decode(), _quoted(folder)
        command = "MOVE" if "MOVE" in server.capabilities else "COPY"
        status, _ = server.uid(command, which, where)
        if status != "OK":
            server.create(where)
            _good(server.uid(command, which, where))
        if command == "COPY":
            _good(server.uid("STORE", which, "+FLAGS.SILENT", r"(\Deleted)"))
            if "UIDPLUS" in server.capabilities:
                _good(server.uid("EXPUNGE", which))
            else:
                _good(server.expunge())


def _good(answer: tuple[str, list[Any]]) -> list[Any]:
    """Return the data of an answer.

    Raises:
        imaplib.IMAP4.error: the server said no; its words stay out, they may name a customer.
    """
    status, data = answer
    if status != "OK":
        msg = "the server refused a command"
        raise imaplib.IMAP4.error(msg)
    return data


def _quoted(folder: str) -> str:
    """Return a folder's name as the protocol wants it: quoted, in modified UTF-7 (RFC 3501 5.1.3)."""
    coded = re.sub(
        r"&|[^\x20-\x7e]+",
        lambda found: "&-" if found[0] == "&" else f"&{_utf7(found[0])}-",
        folder,
    )
    escaped = coded.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _utf7(text: str) -> str:
    import base64

    return base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
