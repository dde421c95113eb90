"""How far a batch was when its process died: a file that outlives the process, so that only few attempts are in doubt.

A batch may be large, and every attempt of a dead sender would be in doubt. Its journal tells which attempts had begun,
and which had an outcome that was not yet committed. It holds across `kill -9`, for the kernel has what was written;
after a power cut or on another machine it is not believed, nor while its process lives: it holds a lock on the file.
Without a journal nothing is wrong, there are only more doubts.

A write costs as much as a tenth of a mail, so there is one for each window of parcels: what has been answered, and what
may begin next. A provider that is slow has windows of one.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self, overload
from uuid import uuid4

import structlog

from tidings.message import Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.ticks import ticks
from work.outcome import Built

log = structlog.get_logger()

_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another one after every start of the machine; where there is none, no journal is kept."""

LARGEST_WINDOW = 16
"""Parcels that may be in doubt after a crash though they had not begun, or had an answer."""
_QUICK = 0.005
"""Seconds: a window that took longer is halved, and an answer older than that is not kept back."""


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
        self._told: list[str] = []
        """Lines about outcomes that are not written yet."""
        self._written_at = 0.0
        self._lock = Lock()  # providers take parcels from several threads

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
        if not self._done:
            self.tell()
        if self._file >= 0:
            if self._done:
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def claimed(self, attempts: Sequence[str]) -> None:
        """Note whose journal this is: these attempts, none of which has begun."""
        self._note("claimed", *attempts)

    def begun(self, attempts: Sequence[str]) -> None:
        """Note what is handed over next, before it is, and every outcome until now."""
        self._note("begun", *attempts)

    def took(self, attempt: str, outcome: Outcome, built: Built | None, next_channels: Sequence[str]) -> None:
        """Note an outcome that is about to be committed: with the next window, and at once where that may be long."""
        if self._file < 0:
            return
        if type(outcome) is Accepted and built is not None and not next_channels:
            entry = (  # as below, written out: this is every mail's
                f'{{"outcome":"Accepted","reference":{_quoted(outcome.reference)},"next":[],"built":{{"content_hash":'
                f'"{built.content_hash}","parts":{built.parts},"cost":"{built.cost}"}}}}'
            )
        else:
            words = {"outcome": type(outcome).__name__, **_fields(outcome), "next": list(next_channels)}
            entry = _json(words | ({} if built is None else {"built": _fields(built)}))
        with self._lock:
            self._told.append(f"took\t{attempt}\t{entry}\n")
            late = ticks() - self._written_at > _QUICK
        if late:
            self.tell()

    def tell(self) -> None:
        """Write the outcomes that were kept back for the next window: what comes now may take long."""
        if self._told:
            self._note()

    def done(self) -> None:
        """Say that everything in it is committed."""
        self._done = True

    def _note(self, *words: str) -> None:
        with self._lock:
            if self._file >= 0:
                try:
                    self._write(*words)
                except OSError as error:
                    self._give_up(error)

    def _write(self, *words: str) -> None:
        """Write the outcomes until now, and a line of these words."""
        if words:
            self._told.append("\t".join(words) + "\n")
        lines = "".join(self._told).encode()
        self._told = []
        self._written_at = ticks()
        if os.write(self._file, lines) != len(lines):
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


class Watched(Sequence[Parcel]):
    """Parcels for a provider, noted as begun before it gets them: what it never took has not begun.

    Args:
        parcels: in the order in which they are handed over.
        journal: where it is noted.
        clock: seconds that pass.
    """

    def __init__(
        self, parcels: Sequence[Parcel], journal: Journal, clock: Callable[[], float] = ticks
    ) -> None:
        self._parcels = parcels
        self._journal = journal
        self._clock = clock
        self._lock = Lock()
        self._window = 1
        self._noted_at = clock()
        self.begun = 0
        """So many of the first are noted."""

    def __len__(self) -> int:
        return len(self._parcels)

    @overload
    def __getitem__(self, index: int) -> Parcel: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Parcel]: ...

    def __getitem__(self, index: int | slice) -> Parcel | Sequence[Parcel]:
        taken = range(len(self._parcels))[index]
        self._note(taken + 1 if isinstance(taken, int) else max(taken, default=-1) + 1)
        return self._parcels[index]

    def __iter__(self) -> Iterator[Parcel]:
        for place, parcel in enumerate(self._parcels):
            if place >= self.begun:
                self._note(place + 1)
            yield parcel

    def _note(self, needed: int) -> None:
        """Note the next window, of so many at least: twice as many as the last one where that was over quickly."""
        with self._lock:
            if needed <= self.begun:
                return
            now = self._clock()
            quick = now - self._noted_at < _QUICK
            self._window = min(2 * self._window, LARGEST_WINDOW) if quick else max(self._window // 2, 1)
            self._noted_at = now
            until = max(needed, self.begun + self._window)
            self._journal.begun([one.attempt for one in self._parcels[self.begun : until]])
            self.begun = min(until, len(self._parcels))


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a dead process's journal says of one attempt."""

    outcome: Outcome
    built: Built | None
    next_channels: Sequence[str]


@dataclass(kw_only=True)
class Tale:
    """What a dead process's journal says: what was claimed, what of it never began, and outcomes, committed or not."""

    path: Path
    claimed: set[str] = field(default_factory=set)
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
        return Tale(path=path, claimed=tale.claimed)
    return tale


def _hear(tale: Tale, kind: str, *words: str) -> None:
    match kind:
        case "claimed":
            tale.claimed.update(words)
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
