"""Files that are there whole or not at all, and stay there after a power cut."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def safe_name(name: str) -> str:
    """Return `name` when it can be one component of a path.

    Raises:
        ValueError: it has a separator, a leading dot, or any sign that a person's text could bring in.
    """
    if not is_safe(name):
        msg = "this id cannot be a file name"
        raise ValueError(msg)
    return name


def is_safe(name: str) -> bool:
    """Return whether `safe_name` would take a name."""
    return bool(_SAFE.fullmatch(name))


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file and force it to the disk; its name is durable after `sync_folder`."""
    with durable_file(path) as file:
        file.write(content)


@contextmanager
def durable_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file to be written piece by piece; at the end it is forced to the disk, see `write_durably`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with open(descriptor, "wb") as file:  # noqa: PTH123 -- opened by descriptor
        yield file
        file.flush()
        os.fsync(descriptor)


def replace_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file under its name in `folder`; every one appears whole, the same name is replaced.

    The folder is forced to the disk once, after the last file: on return all of them are durable.

    Raises:
        OSError: no space, no permission; then some files may be there, each of them whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        draft = folder / f".{safe_name(name)}.{secrets.token_hex(4)}"
        try:
            write_durably(draft, content)
            draft.replace(folder / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
