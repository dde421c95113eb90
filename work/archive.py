"""The archive: exact bytes of documents under their SHA-256, written once and never changed."""

import hashlib
import io
import os
import secrets
from pathlib import Path


def archived_path(archive: Path, digest: str) -> Path:
    """Return where a document lies."""
    return archive / digest[:2] / f"{digest}.pdf"


def keep(archive: Path, document: bytes) -> str:
    """Store a document durably; returns its SHA-256 in hex. The same bytes are stored once."""
    digest = hashlib.sha256(document).hexdigest()
    path = archived_path(archive, digest)
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


def fetch(archive: Path, digest: str) -> bytes:
    """Return an archived document.

    Raises:
        FileNotFoundError: the archive has lost it.
        ValueError: the bytes are not those that were stored.
    """
    document = archived_path(archive, digest).read_bytes()
    if hashlib.sha256(document).hexdigest() != digest:
        msg = f"archived document {digest} is damaged"
        raise ValueError(msg)
    return document


def xml_of(document: bytes) -> bytes | None:
    """Return the XML that a PDF carries (Factur-X, ZUGFeRD), None when it carries none or is no readable PDF."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(document)) as pdf:
            names = sorted(name for name in pdf.attachments if name.lower().endswith(".xml"))
            return pdf.attachments[names[0]].get_file().read_bytes() if names else None
    except pikepdf.PdfError:
        return None
