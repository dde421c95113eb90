"""One file that holds an installation: the database at one moment, the documents, the key, what people wrote.

A tar file (POSIX pax): `manifest.json` last, with the hash of everything before it, so that a file that was cut off
is told from a whole one. It holds personal data and the signing key: mode 0600, and never in an outbox.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import text

from store.dump import dump
from tidings.problem import Problem
from work.installation import Installation

DATABASE = "database.dump"
MANIFEST = "manifest.json"
KEPT = ("organisation.toml", "policy.toml", "signing.key")
FOLDERS = ("templates", "archive")


@dataclass(frozen=True, kw_only=True, slots=True)
class BackedUp:
    """What a backup holds."""

    file: str
    at: datetime
    """The restore point: what was sent after it is unknown to whoever restores it."""
    customers: int
    messages: int
    documents: int
    bytes: int


def back_up(installation: Installation, target: Path, *, now: datetime) -> BackedUp:
    """Write a backup, whole or not at all; sending goes on meanwhile.

    The database is read first: a document that it names is archived before it is named.

    Raises:
        Problem: the file is there already, or cannot be written; nothing is left of it.
    """
    if target.exists():
        raise Problem(
            f"{target} is there already.", todo="Name another file; a backup is never written over."
        )
    hashes: dict[str, str] = {}
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tidings-") as folder:
            draft = Path(folder) / "backup"
            snapshot = Path(folder) / DATABASE
            counted = _counted(installation)
            dump(installation.engine, snapshot)
            with draft.open("xb") as file:
                draft.chmod(0o600)
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    for name, path in _files(installation.home, snapshot):
                        hashes[name] = _add(tar, name, path)
                    documents = sum(name.startswith("archive/") for name in hashes)
                    manifest = {
                        "version": version("tidings"),
                        "at": now.isoformat(),
                        "sha256": hashes,
                        **counted,
                    }
                    _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            size = draft.stat().st_size
            os.link(draft, target)  # unlike a rename it refuses to replace what somebody else put there
    except OSError as error:
        raise Problem(
            f"The backup {target} could not be written: {error.strerror}.", todo="Nothing is left of it."
        ) from error
    return BackedUp(file=str(target), at=now, documents=documents, bytes=size, **counted)


def _counted(installation: Installation) -> dict[str, int]:
    with installation.engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM customers) AS customers, (SELECT count(*) FROM messages) AS messages"
            )
        ).one()
    return dict(row._mapping)


def _files(home: Path, snapshot: Path) -> Iterator[tuple[str, Path]]:
    yield DATABASE, snapshot
    yield from ((name, home / name) for name in KEPT if (home / name).is_file())
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(home).as_posix(), path


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file as it is now and return the hash of what was added: somebody may write a template meanwhile."""
    entry = tarfile.TarInfo(name)
    with path.open("rb") as file:
        entry.size, entry.mode = os.fstat(file.fileno()).st_size, 0o600
        read = _Hashed(file)
        tar.addfile(entry, read)
    return read.digest.hexdigest()


class _Hashed(RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        found = self._file.read(size)
        self.digest.update(found)
        return found


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, BytesIO(content))
