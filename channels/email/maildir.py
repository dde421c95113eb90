"""A Maildir: what is in `new/`, and in `cur/` without the flag S, is read; then it lies in `cur/` with it.

What cannot be read is moved to the subfolder `.Unreadable`, with the reason in a file beside it.
"""

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import structlog

from channels.contract import Bag
from channels.email.incoming import MOST
from channels.email.news import NAME, news
from tidings.problem import Problem
from tidings.receipt import Receipt

log = structlog.get_logger()
_AT_ONCE = 50
_READ = "S"
_FLAGS = ":2,"
_ASIDE = ".Unreadable"
_SAME_INSTANT = 2_000_000_000
"""Nanoseconds within which a file system may tell no change from the one before."""
_LONGEST_NAME = 180
"""Bytes; a file system takes 255, with all the flags that there may be behind it."""


class Maildir:
    """One Maildir, read again and again. File names are bytes of strangers and are never shown."""

    name = NAME

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()
        if not (self._folder / "new").is_dir():
            raise Problem(
                f"TIDINGS_MAILBOX__MAILDIR: {self._folder} is no Maildir, it has no folder `new`.",
                todo="Name the Maildir that bounces and replies are delivered to, or make one.",
            )
        self._empty: dict[str, int] = {}
        """When a folder in which nothing waited was last changed: what was read stays in `cur/` for years."""

    def bags(self, *, now: datetime) -> Iterator[Bag]:
        """Yield what is there now. See `channels.contract.Source.bags`."""
        waiting = self._waiting()
        while some := list(islice(waiting, _AT_ONCE)):
            receipts: list[Receipt] = []
            taken: list[Path] = []
            for path in some:
                try:
                    receipts += news(_content(path), now=now)
                except FileNotFoundError:
                    continue  # another process, or a person with a mail program, was here first
                except Exception as error:
                    self._put_aside(path, error)
                else:
                    taken.append(path)
            yield Bag(receipts=receipts, done=partial(self._done, taken))

    def close(self) -> None:
        """Nothing is kept open."""

    def _waiting(self) -> Iterator[Path]:
        for part in ("new", "cur"):
            folder = self._folder / part
            changed = folder.stat().st_mtime_ns if folder.is_dir() else None
            if changed is None or changed == self._empty.get(part):
                continue
            names = sorted(name for name in os.listdir(folder) if _waits(name, part))  # noqa: PTH208 -- a hundred thousand
            if not names and time.time_ns() - changed > _SAME_INSTANT:
                self._empty[part] = changed
            yield from (folder / name for name in names)

    def _done(self, taken: Sequence[Path]) -> None:
        for path in taken:
            _move(path, self._folder / "cur", _READ)

    def _put_aside(self, path: Path, error: Exception) -> None:
        """Move a mail out of the way for good, with the reason."""
        log.warning("a mail could not be read and was put aside", source=NAME, error=type(error).__name__)
        aside = self._folder / _ASIDE
        for part in ("new", "cur", "tmp"):
            (aside / part).mkdir(parents=True, exist_ok=True)
        _move(path, aside / "cur", "")
        (aside / f"{_own_name(path)}.reason").write_text(
            f"{type(error).__name__}: {_reason(error)}\n", encoding="utf-8"
        )


def _waits(name: str, part: str) -> bool:
    seen = part == "cur" and _READ in name.partition(_FLAGS)[2]
    return not seen and not name.startswith(".")


def _reason(error: Exception) -> str:
    """Return what an operator may read: our own words and the system's, never the mail's."""
    return (
        str(error) if isinstance(error, Unreadable) else getattr(error, "strerror", None) or "a fault of ours"
    )


def _move(path: Path, folder: Path, flag: str) -> None:
    flags = {sign for sign in path.name.partition(_FLAGS)[2] if sign.isascii() and sign.isalpha()}
    folder.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):  # somebody else was faster
        path.rename(folder / f"{_own_name(path)}{_FLAGS}{''.join(sorted({*flags, *flag}))}")


def _own_name(path: Path) -> str:
    """Return a mail's name without its flags; a hash of one that leaves no room for them, or for `.reason`."""
    name = os.fsencode(path.name.partition(_FLAGS)[0])
    return os.fsdecode(name) if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()


def _content(path: Path) -> bytes:
    """Return the beginning of a mail; whatever is no plain file (a link, a pipe) is refused, not opened.

    Raises:
        Unreadable: it is no mail.
        OSError: it cannot be opened.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("it is no plain file")
        if not found.st_size:
            raise Unreadable("it is empty")
        return file.read(MOST)


class Unreadable(Exception):  # noqa: N818 -- a finding, not a fault
    """What lies in the Maildir is no mail."""
