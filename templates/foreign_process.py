"""Judges a foreign PDF in a process of its own, with limits: a hostile file cannot hold us up."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any

from templates.foreign_letter import judge
from templates.judgement import Finding, Judgement, window_of
from tidings.problem import Problem

MAX_BYTES = 50_000_000
SECONDS = 60
"""CPU time after which a file is given up."""
MEMORY = 2 << 30
"""Bytes of address space after which a file is given up."""


def judged(path: Path, country: str, kind: str = "", *, enclosed: bool = False) -> dict[str, Any]:
    """Judge a file in a process of its own, with limits on time and memory; see `Judgement.told`.

    Args:
        path: of the PDF.
        country: destination, ISO 3166-1 alpha-2.
        kind: of the envelope's window, where it is not the usual one.
        enclosed: whether it goes behind a letter, so that nobody asks it for an address.

    Raises:
        Problem: the file cannot be read, or is no PDF at all.
    """
    window_of(country, kind)
    try:
        size, begins = path.stat().st_size, _begins_as_pdf(path)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise Problem(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}.", todo="Make its images smaller.")
    if not begins:
        raise Problem(f"{path} is no PDF: it does not begin as one.", todo="Save it as PDF.")
    command = [sys.executable, "-I", "-c", _CHILD, str(Path(__file__).parents[1]), str(path), country, kind]
    command.append("enclosed" if enclosed else "")
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter; the path is one argument
            command, capture_output=True, text=True, check=False, timeout=10 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return _given_up(country, kind)
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    if done.returncode == _NO_PDF:
        raise Problem(f"{path} is not a PDF that can be opened: {done.stdout.strip()}.")
    return _given_up(country, kind, damaged=done.returncode == _DAMAGED)


def _begins_as_pdf(path: Path) -> bool:
    """Return whether a file says that it is a PDF, within the bytes where readers look for that (ISO 32000-1, H.3)."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


_AT_ONCE = BoundedSemaphore(2)
"""Files that are looked at at the same time for callers from outside."""
_PATIENCE = 30.0
"""Seconds after which who waits for that is told to come again."""


def judged_bytes(pdf: bytes, country: str, kind: str = "", *, enclosed: bool = False) -> dict[str, Any]:
    """Judge a PDF that somebody sent, as `judged` does; nothing is kept of it.

    Raises:
        Problem: it is no PDF, or too many others are being looked at.
    """
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Problem("Too many files are being looked at.", todo="Try again in a minute.")
    try:
        with TemporaryDirectory(prefix="tidings-pdf-") as folder:
            path = Path(folder) / "file.pdf"
            path.write_bytes(pdf)
            try:
                return judged(path, country, kind, enclosed=enclosed)
            except Problem as problem:
                raise Problem(problem.what.replace(str(path), "The file"), todo=problem.todo) from problem
    finally:
        _AT_ONCE.release()


_NO_PDF = 9
_DAMAGED = 10
_TOO_MUCH = 11
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from templates.foreign_process import child; child()"


def child() -> None:
    """Judge the file of the command line within the limits, and print it as JSON."""
    path, country, kind, enclosed = sys.argv[2:]
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import pikepdf

    try:
        found = judge(Path(path).read_bytes(), country, kind, enclosed=bool(enclosed)).told()
    except pikepdf.PasswordError:
        sys.stdout.write("it is locked with a password")
        sys.exit(_NO_PDF)
    except pikepdf.PdfError as error:
        said = str(error).partition("\n")[0]
        sys.stdout.write(re.sub(r"^stream <[^>]*>\W*", "", said))
        sys.exit(_NO_PDF)
    except MemoryError:
        sys.exit(_TOO_MUCH)
    except Exception:  # what a hostile file breaks in a reader is its own finding
        sys.exit(_DAMAGED)
    sys.stdout.write(json.dumps(found))


def _given_up(country: str, kind: str, *, damaged: bool = False) -> dict[str, Any]:
    heavy = f"it takes more than {SECONDS} s or {MEMORY >> 30} GiB to draw"
    finding = Finding(
        check="file", verdict="block", detail="it is damaged: a page cannot be drawn" if damaged else heavy
    )
    return Judgement(
        country=country,
        window=window_of(country, kind).kind,
        pages=0,
        sheets=0,
        colour_pages=(),
        address=(),
        findings=(finding,),
    ).told()
