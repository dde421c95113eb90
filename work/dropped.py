"""A dropped file before anybody reads it: is it whole, and can it be read at all?"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

from tidings.problem import Problem

LARGEST = 512 * 2**20
"""Bytes; a table of several million rows. A larger one could take all memory, again at every start."""


def is_quiet(path: Path, seconds: float) -> bool:
    """Tell whether nobody wrote a file for so long, by the clock that dates files, and nobody has it open to write."""
    try:
        return time.time() - path.stat().st_mtime >= seconds and not _is_written(path)
    except FileNotFoundError:
        return False


def content_of(path: Path, size: int) -> bytes:
    """Return all of a file of so many bytes.

    Raises:
        Problem: it is too large, or may not be read.
    """
    if size > LARGEST:
        raise Problem(
            f"The file has {size:,} bytes; a dropped one may have {LARGEST:,}.",
            todo="Split it, or take it in with `tidings import`.",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise Problem(
            f"{path} cannot be read: {error.strerror}.", todo="Let Tidings read it, and drop it again."
        ) from error


def _is_written(path: Path) -> bool:
    """Tell whether a program has a file open to write, as an upload that came to a halt does.

    Linux grants a read lease on a file only where nobody has it open to write; where it cannot tell, nobody does. Who
    opens it in the meantime waits for us to close it, and the signal of that is one that does nothing.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(file)
    return False
