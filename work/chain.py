"""The audit's head in a file of the home: whoever cuts off the end of the audit would have to change that file, too."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from store.audit import Head, Verdict, hash_at, head, verdict
from tidings.problem import Exit, Problem
from tidings.whole_number import whole_number

_FILE = "audit-head.json"


def head_file(home: Path) -> Path:
    """Return where the last known head is kept; operators copy it elsewhere (docs/operations.md)."""
    return home / _FILE


def known_head(home: Path) -> Head | None:
    """Return the head that the home remembers, None when there is none yet.

    Raises:
        Problem: the file holds something else.
    """
    path = head_file(home)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Head(position=int(kept["position"]), hash=str(kept["hash"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"{path} is no head of an audit.",
            todo="Compare with a copy of it; `tidings audit head --replace` writes it anew.",
            code=Exit.FAILED,
        ) from error


def parse_head(words: str) -> Head:
    """Return a head from `POSITION:HASH`, as `tidings audit head` prints it.

    Raises:
        Problem: it is something else.
    """
    position, _, digest = words.strip().partition(":")
    number = whole_number(position)
    if number is None or len(digest) != 64 or not set(digest.lower()) <= set("0123456789abcdef"):  # noqa: PLR2004
        raise Problem(f"{words!r} is no head of an audit.", todo="`tidings audit head` prints one.")
    return Head(position=number, hash=digest.lower())


def keep_head(connection: Connection, home: Path, *, now: datetime, replace: bool = False) -> Head | None:
    """Write the newest head to the home's file and return it.

    A head that the chain does not have any more stays in the file, for `verified` to tell; `replace` gives that up, as
    after bringing back a backup.
    """
    newest = head(connection)
    if newest is None:
        return None
    if not replace:
        known = known_head(home)
        if known and (known == newest or hash_at(connection, known.position) != known):
            return newest
    _write(head_file(home), {"position": newest.position, "hash": newest.hash, "at": now.isoformat()})
    return newest


def verified(connection: Connection, home: Path, *, given: Head | None = None) -> Verdict:
    """Look at the whole audit, against a head that was `given`, else the home's own.

    Raises:
        Problem: the home's file holds no head.
    """
    return verdict(connection, known=given or known_head(home))


def _write(path: Path, content: Mapping[str, object]) -> None:
    """Write a file whole or not at all; several processes of a home may do so at once."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content) + "\n", encoding="utf-8")
    beside.replace(path)
