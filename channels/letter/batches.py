"""Print batches in a folder: one directory each, with the merged PDF and its manifest, whole or not there.

A piece is in at most one batch for ever, also across crashes and after the print house took a batch away:

1. the batch is written to `staging/` in the control folder, complete and on disk;
2. its line (batch and messages) is appended to `journal` there: from here on it counts;
3. the directory is moved to its place.

Who comes next under the lock throws away staged batches without a line and moves those that have one. Where the place
is another machine (`place`), a batch that certainly did not get there gets a line that takes its own back.
"""

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from channels.durable import durable_file, safe_name, sync_folder, write_durably
from channels.letter.manifest import PDF, manifest, write_manifest
from channels.letter.merge import bind
from channels.letter.piece import Piece
from tidings.file_hash import sha256_of
from tidings.outcome import ErrorClass, Refused, Unknown

log = structlog.get_logger()

ASKED = "-asked"
"""In the journal: what had been handed over before is in it."""
TAKEN_BACK = "-"
"""Before a batch in the journal: it was not handed over, and its pieces are in none."""


class FolderBusyError(OSError):
    """Another process held the folder for too long; nothing was written."""


class InDoubtError(OSError):
    """The line of a batch may or may not be on the disk."""


Place = Callable[[Path], Refused | Unknown | None]
"""Brings a staged batch to where it is collected. None: it is there. Refused: certainly not. Never half of it."""

Cover = Callable[[Mapping[str, Any]], Mapping[str, bytes]]
"""Makes what people read of a batch, by file name, of its manifest; made where a letter of it wants that."""

Known = Refused | Mapping[str, Sequence[str]]
"""The batches that are there, by their names the keys of their pieces; or why that cannot be told."""


@dataclass(kw_only=True)
class PrintBatches:
    """The batches in `folder`; `control` is our own folder, on the same file system unless there is a `place`."""

    folder: Path
    control: Path
    place: Place | None = None
    """Unset: a rename into `folder`, which comes true whatever dies."""
    known: Callable[[], Known] | None = None
    """Asked once, where our own books are empty: a new machine, a restored backup."""
    cover: Cover | None = None
    patience: timedelta = timedelta(seconds=30)
    """How long to wait for another process that holds the folder."""
    _read: int = field(default=0, init=False)
    _batch_of: dict[str, str] = field(default_factory=dict, init=False)

    def add(self, pieces: Sequence[Piece]) -> dict[str, str | Refused | Unknown]:
        """Hand over pieces that are in no batch yet, one batch per destination, postage class and sheets.

        Returns:
            Batch of each piece by its key, whether it was handed over now or earlier, or why it is in none.

        Raises:
            FolderBusyError: nothing was written.
            InDoubtError: the next call finds out, and continues either way.
            OSError: no space or no permission; pieces that `batch_of` knows are printed nevertheless.
        """
        with self._locked() as stuck:
            kinds: dict[tuple[str, str, int], dict[str, Piece]] = {}
            for piece in self._fresh(pieces):
                kinds.setdefault(piece.kind, {})[piece.key] = piece
            for kind in sorted(kinds):
                stuck = stuck or self._commit(list(kinds[kind].values()))
            return {piece.key: self._answer(piece.key, stuck) for piece in pieces}

    def _fresh(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield what is to be printed: an envelope for several while none of them is in a batch, else each alone."""
        new = {safe_name(piece.key): piece for piece in pieces if piece.key not in self._batch_of}
        shared = {key: piece for piece in new.values() if piece.inside for key in piece.keys}
        apart = {piece.key for key, piece in shared.items() if key not in new}
        for key, piece in new.items():
            around = shared.get(key)
            if around is None or around.key in apart:
                yield piece.alone()
            elif around is piece:
                yield piece

    def batch_of(self, key: str) -> str | None:
        """Return the batch that a piece was handed over in, as far as this object has seen."""
        batch = self._batch_of.get(key)
        waits = batch is not None and self.place is not None and (self.control / "staging" / batch).exists()
        return None if waits else batch

    def _answer(self, key: str, stuck: Refused | Unknown | None) -> str | Refused | Unknown:
        batch = self.batch_of(key)
        if batch is not None:
            return batch
        code = stuck.code if stuck else "not_in_batch"
        if key in self._batch_of:
            return Unknown(code=code)
        if isinstance(stuck, Refused):
            return stuck
        return Refused(error=ErrorClass.TRANSIENT, code=code, wait=timedelta(minutes=1))

    def _commit(self, pieces: list[Piece]) -> Refused | Unknown | None:
        batch = batch_id(pieces)
        staged = self.control / "staging" / batch
        staged.mkdir(parents=True)
        with durable_file(staged / PDF) as file:
            ranges = bind(((piece.printed.pdf, piece.printed.constant) for piece in pieces), file)
        digest = sha256_of(staged / PDF)
        told = manifest(batch, pieces, ranges)
        write_manifest(staged, told, digest, self._beside(pieces, told))
        sync_folder(staged)
        self._append(" ".join((batch, *(key for piece in pieces for key in piece.keys))))
        failed = self._place(staged)
        if isinstance(failed, Refused):  # the first try, and certainly absent: these may go another way
            self._append(TAKEN_BACK + batch)
            shutil.rmtree(staged)
        return failed

    def _beside(self, pieces: Sequence[Piece], told: Mapping[str, Any]) -> Mapping[str, bytes]:
        if self.cover is None or not any(piece.printed.cover for piece in pieces):
            return {}
        try:
            return self.cover(told)
        except Exception as error:  # people miss a sheet; nobody misses a letter
            log.exception(
                "a batch goes without its cover sheet", batch=told["batch"], error=type(error).__name__
            )
            return {}

    def _append(self, line: str) -> None:
        try:
            with (self.control / "journal").open("ab") as journal:
                journal.write(line.encode() + b"\n")
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise InDoubtError(error.errno, "the journal could not be written") from error
        self._catch_up()

    def _place(self, staged: Path) -> Refused | Unknown | None:
        if self.place is None:
            staged.rename(self.folder / staged.name)
            sync_folder(self.folder)
            return None
        failed = self.place(staged)
        if failed is None:
            shutil.rmtree(staged)
        return failed

    @contextmanager
    def _locked(self) -> Iterator[Refused | Unknown | None]:
        """Hold the folder alone, with what a dead process left behind brought in order, or why it cannot be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.control.mkdir(parents=True, exist_ok=True)
        with (self.control / "lock").open("a") as lock:
            _take(lock.fileno(), self.patience)
            self._cut_torn_line()
            unknown = self._remember()
            self._catch_up()
            if unknown is not None:
                yield unknown
                return
            written = set(self._batch_of.values())
            stuck: Refused | Unknown | None = None
            for staged in sorted((self.control / "staging").glob("*")):
                if staged.name not in written:
                    shutil.rmtree(staged)
                elif stuck is None:
                    stuck = self._place(staged)
            yield stuck

    def _remember(self) -> Refused | None:
        """Fill empty books with what was handed over before; returns why that cannot be known."""
        if self.known is None or (self.control / "journal").stat().st_size:
            return None
        found = self.known()
        if isinstance(found, Refused):
            return found
        lines = [" ".join((batch, *keys)) for batch, keys in sorted(found.items())]
        write_durably(self.control / "journal", "".join(f"{line}\n" for line in [*lines, ASKED]).encode())
        return None

    def _cut_torn_line(self) -> None:
        """Drop the line that a power cut left without its end: its batch was never placed."""
        path = self.control / "journal"
        with path.open("ab+") as journal:
            end = journal.seek(0, os.SEEK_END)
            journal.seek(max(0, end - 1))
            if end and journal.read(1) != b"\n":
                journal.seek(0)
                journal.truncate(journal.read().rfind(b"\n") + 1)

    def _catch_up(self) -> None:
        """Read the lines that others, or we, wrote since the last time."""
        with (self.control / "journal").open("rb") as journal:
            journal.seek(self._read)
            for line in journal:
                batch, *keys = line.decode().split()
                if batch.startswith(TAKEN_BACK):
                    taken = batch.removeprefix(TAKEN_BACK)
                    self._batch_of = {key: held for key, held in self._batch_of.items() if held != taken}
                self._batch_of.update(dict.fromkeys(keys, batch))
                self._read += len(line)


def batch_id(pieces: Sequence[Piece]) -> str:
    """Return the name of the batch of these pieces: `NO-standard-1-` and a hash of their keys, order and pages.

    A place may keep the PDF of a try that came to nothing: under the same name only the same pages may follow, else
    the manifest of the next try would give them to other customers.

    Country and postage class are shown only when they are plain codes; anything else stays out of the path.
    """
    country, postage, sheets = pieces[0].kind
    digest = hashlib.blake2b(digest_size=8)
    for piece in pieces:
        told = (piece.keys, piece.run, piece.note, piece.not_before, piece.last_day, len(piece.printed.pdf))
        digest.update(repr(told).encode())
        digest.update(piece.printed.pdf)
    shown = (
        country if re.fullmatch(r"[A-Z]{2}", country) else "XX",
        postage if re.fullmatch(r"[a-z0-9-]{1,20}", postage) else "other",
        str(sheets),
    )
    return "-".join((*shown, digest.hexdigest()))


def _take(descriptor: int, patience: timedelta) -> None:
    until = time.monotonic() + patience.total_seconds()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                msg = "another process holds the folder"
                raise FolderBusyError(msg) from None
            time.sleep(0.02)
        else:
            return
