"""The folder that print house and post put lists and scans into: emptied again and again, nothing in it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from channels.contract import Bag, Source
from channels.receivers import sources
from tidings.file_hash import sha256_of
from tidings.problem import Problem
from tidings.receipt import Receipt
from work.confirmations import read_confirmations
from work.installation import Installation
from work.intake_table import Flaw
from work.returned import read_returned, rows_of

log = structlog.get_logger()

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
"""Names of files that somebody is still writing."""
LARGEST = 500_000_000


class PaperFolder:
    """A file that was taken in is moved to `done`; one with wrong rows or that cannot be used to `wrong`, with why."""

    name = "paper"

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._installation = installation
        self._folder = folder

    def bags(self, *, now: datetime) -> Iterator[Bag]:
        """Yield the news of each file. See `channels.contract.Source`."""
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() in UNFINISHED:
                continue
            if path.is_symlink() or not path.is_file():
                continue
            yield self._bag(path, now)

    def close(self) -> None:
        """Nothing is kept open."""

    def _bag(self, path: Path, now: datetime) -> Bag:
        rejects = self._rejects(path)
        try:
            if path.stat().st_size > LARGEST:
                raise Problem(f"{path} is larger than {LARGEST:,} bytes.", todo="Send it in parts.")
            receipts, problems = self._read(path, rejects, now)
        except (Problem, OSError) as problem:
            said = str(problem)
            log.warning("a list from the print house or the post cannot be used", file=path.name)
            return Bag(receipts=(), done=lambda: self._put_aside(path, said))
        if not any(one.rejects for one in problems):
            rejects.unlink(missing_ok=True)
            return Bag(receipts=receipts, done=lambda: self._keep(path))
        return Bag(receipts=receipts, done=lambda: self._put_aside(path, _sentences(problems)))

    def _read(self, path: Path, rejects: Path, now: datetime) -> tuple[Sequence[Receipt], Sequence[Flaw]]:
        rows = rows_of(path)
        if "batch" in rows.names:
            confirmed, receipts = read_confirmations(self._installation, rows, now=now, rejects=rejects)
            return receipts, confirmed.problems
        returned, receipts = read_returned(self._installation, rows, now=now, rejects=rejects)
        return receipts, returned.problems

    def _rejects(self, path: Path) -> Path:
        folder = self._folder / "wrong"
        folder.mkdir(exist_ok=True)
        return folder / f"{_short(path)}.{_digest(path)}.rejected.csv"

    def _keep(self, path: Path) -> None:
        self._move(path, "done")

    def _put_aside(self, path: Path, said: str) -> None:
        moved = self._move(path, "wrong")
        if moved is not None:
            moved.with_name(f"{moved.name}.why.txt").write_text(said + "\n", "utf-8")

    def _move(self, path: Path, to: str) -> Path | None:
        """Move a file out of the way; its content is part of its name, so that nothing is overwritten."""
        folder = self._folder / to
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            return path.rename(folder / f"{_short(path)}.{_digest(path)}{path.suffix.lower()[:10]}")
        return None


def all_sources(installation: Installation) -> Mapping[str, Source]:
    """Return every queue, mailbox and folder that is set up, by name.

    Raises:
        Problem: a setting of one of them is wrong.
    """
    return {**sources(installation.settings, home=installation.home), **paper_source(installation)}


def paper_source(installation: Installation) -> Mapping[str, Source]:
    """Return the folder as a source by its name; nothing when there is no such folder.

    Raises:
        Problem: the folder that the settings name is missing.
    """
    named = installation.settings.returns.folder
    folder = named.expanduser().absolute() if named else installation.home / "inbox" / "paper"
    if not folder.is_dir():
        if named is not None:
            raise Problem(f"TIDINGS_RETURNS__FOLDER: {folder} is not a folder.", todo="Make it, or mount it.")
        return {}
    return {PaperFolder.name: PaperFolder(installation, folder)}


def _short(path: Path) -> str:
    return path.stem[:100]


def _digest(path: Path) -> str:
    return sha256_of(path)[:12]


def _sentences(problems: Sequence[Flaw]) -> str:
    return "\n".join(
        f"row {one.row}, {one.column or 'row'}: {one.problem} ({one.value!r})" for one in problems
    )
