"""How far a batch was when its process died: a file that outlives the process, so that only few attempts are in doubt.

A batch may be large, and every attempt of a dead sender would be in doubt. Its journal tells which attempts had begun,
and which had an outcome that was not yet committed. It holds across `kill -9`, for the kernel has what was written;
after a power cut or on another machine it is not believed, nor while its process lives: it holds a lock on the file.
Without a journal nothing is wrong, there are only more doubts.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import structlog

from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from work.outcome import Built

log = structlog.get_logger()

_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another one after every start of the machine; where there is none, no journal is kept."""


def folder(home: Path) -> Path:
    """Return where the journals of a home lie."""
    return home / "journal"


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


class Journal:
    """The journal of one batch. Left in an orderly way after `done`, the file is gone; otherwise it waits for `read`.

    Args:
        place: the folder; made when it is missing.
    """

    def __init__(self, place: Path) -> None:
        self._path = place / f"{uuid4().hex}.journal"
        self._file = -1
        self._done = False

    def __enter__(self) -> Self:
        boot = _boot()
        if boot:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._write("boot", boot)
            except OSError as error:
                self._give_up(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0:
            if self._done:
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def claimed(self, attempts: Sequence[str]) -> None:
        """Note whose journal this is: these attempts, none of which has begun."""
        self._note("claimed", *attempts)

    def begun(self, attempts: Sequence[str]) -> None:
        """Note what is handed over next, before it is."""
        self._note("begun", *attempts)

    def took(self, attempt: str, outcome: Outcome, built: Built | None, next_channels: Sequence[str]) -> None:
        """Note an outcome that is about to be committed."""
        if self._file < 0:
            return
        entry = {"outcome": type(outcome).__name__, **_fields(outcome), "next": list(next_channels)}
        if built is not None:
            entry["built"] = _fields(built)
        self._note("took", attempt, _json(entry))

    def done(self) -> None:
        """Say that everything in it is committed."""
        self._done = True

    def _note(self, *words: str) -> None:
        if self._file >= 0:
            try:
                self._write(*words)
            except OSError as error:
                self._give_up(error)

    def _write(self, *words: str) -> None:
        line = ("\t".join(words) + "\n").encode()
        if os.write(self._file, line) != len(line):
            raise OSError("the disk is full")

    def _give_up(self, error: OSError) -> None:
        """Take the file away: one that stops in the middle would call absent what is about to be sent.

        Raises:
            OSError: it cannot be taken away; nothing may be sent.
        """
        log.warning("no journal is kept, so a crash leaves more doubts", error=error.strerror or str(error))
        if self._file >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a dead process's journal says of one attempt."""

    outcome: Outcome
    built: Built | None
    next_channels: Sequence[str]


@dataclass(kw_only=True)
class Tale:
    """What a dead process's journal says: attempts that never began, and outcomes that were not committed for sure."""

    path: Path
    absent: set[str] = field(default_factory=set)
    told: dict[str, Told] = field(default_factory=dict)


def read(place: Path) -> Iterator[Tale]:
    """Yield the journals of dead processes, each locked meanwhile; a tale that was heard to its end is removed.

    One of a living process is left alone, one from before the machine started is removed unread.
    """
    for path in sorted(place.glob("*.journal")):
        with suppress(FileNotFoundError):
            file = os.open(path, os.O_RDWR)
            try:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    with open(file, encoding="utf-8", errors="replace", closefd=False) as lines:
                        yield _tale(path, lines.read())
                    path.unlink(missing_ok=True)
            finally:
                os.close(file)


def _tale(path: Path, text: str) -> Tale:
    """Read what was written; a line that was torn off says nothing."""
    whole = text[: text.rfind("\n") + 1].splitlines()
    boot = _boot()
    if not boot or not whole or whole[0] != f"boot\t{boot}":
        return Tale(path=path)
    tale = Tale(path=path)
    try:
        for line in whole[1:]:
            _hear(tale, *line.split("\t"))
    except (ValueError, LookupError, TypeError) as error:
        log.warning("a journal cannot be read, so there are more doubts", error=type(error).__name__)
        return Tale(path=path)
    return tale


def _hear(tale: Tale, kind: str, *words: str) -> None:
    match kind:
        case "claimed":
            tale.absent.update(words)
        case "begun":
            tale.absent.difference_update(words)
        case "took":
            tale.told[words[0]] = _told(json.loads(words[1]))
        case _:
            raise ValueError(kind)


_KINDS: Mapping[str, type[Outcome]] = {kind.__name__: kind for kind in (Accepted, Rejected, Refused, Unknown)}


def _told(entry: dict[str, Any]) -> Told:
    kind, built, following = _KINDS[entry.pop("outcome")], entry.pop("built", None), entry.pop("next")
    if "error" in entry:
        entry["error"] = ErrorClass(entry["error"])
    if "wait" in entry:
        entry["wait"] = timedelta(seconds=entry["wait"])
    if built is not None:
        built = Built(**built | {"cost": Decimal(built["cost"])})
    return Told(outcome=kind(**entry), built=built, next_channels=following)


def _fields(thing: Outcome | Built) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in type(thing).__slots__}


def _plain(value: object) -> float | str:
    return value.total_seconds() if isinstance(value, timedelta) else str(value)


_json = json.JSONEncoder(separators=(",", ":"), default=_plain, check_circular=False).encode
"""Made once, which is half of what `json.dumps` costs with options."""
