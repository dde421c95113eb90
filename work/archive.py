"""The archive: exact bytes of documents under their SHA-256, written once and never changed."""

import hashlib
import os
import secrets
from pathlib import Path


def archived_path(archive: Path, digest: str, kind: str = "pdf") -> Path:
    """Return where a document lies."""
    return archive / digest[:2] / f"{digest}.{kind}"


def keep(archive: Path, document: bytes, kind: str = "pdf") -> str:
    """Store a document durably; returns its SHA-256 in hex. The same bytes are stored once."""
    digest = hashlib.sha256(document).hexdigest()
    path = archived_path(archive, digest, kind)
    if path.exists():
        return digest
    archive.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{digest}.{secrets.token_hex(4)}")
    with draft.open("wb") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return digest


def fetch(archive: Path, digest: str, kind: str = "pdf") -> bytes:
    """Return an archived document.

    Raises:
        FileNotFoundError: the archive has lost it.
        ValueError: the bytes are not those that were stored.
    """
    document = archived_path(archive, digest, kind).read_bytes()
    if hashlib.sha256(document).hexdigest() != digest:
        msg = f"archived document {digest} is damaged"
        raise ValueError(msg)
    return document
