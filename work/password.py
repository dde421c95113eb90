"""Passwords of staff: which are good enough, and how they are kept (scrypt, RFC 7914)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import threading
from enum import StrEnum

SHORTEST, LONGEST = 12, 200
"""Characters. A sentence is easier to remember than eight signs, and harder to guess."""
_COST, _BLOCK, _LANES = 2**15, 8, 3
"""32 MiB of memory for a guess."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""A flood of logins takes its turn: it gets neither the memory nor all the processors."""
_DIFFERENT = 5
_OBVIOUS = """
    abcdefghijklmnopqrstuvwxyz correcthorsebatterystaple 01234567890123456789 98765432109876543210 administrator
    qwertyuiop motdepasse contrasena asdfghjkl iloveyou password passwort hemmelig losenord valkommen velkommen
    changeme passord letmein welcome zxcvbnm tidings bemvindo qwerty azerty secret haslo senha admin witaj
"""
"""Longer ones first, where one begins with another."""
_LEET = str.maketrans("@4310$5!7åäæöøłę", "aaeiossitaaaoole")


class Flaw(StrEnum):
    """Why a password is not taken; a key of `t.login.flaw`."""

    SHORT = "short"
    LONG = "long"
    OBVIOUS = "obvious"


def flaw(password: str, *, name: str = "") -> Flaw | None:
    """Return why nobody called `name` should have this password; None when it will do.

    >>> flaw("kort"), flaw("Passw0rd2026!!"), flaw("seven tall birches"), flaw("ingrid-ingrid-1", name="ingrid")
    (<Flaw.SHORT: 'short'>, <Flaw.OBVIOUS: 'obvious'>, None, <Flaw.OBVIOUS: 'obvious'>)
    """
    if len(password) < SHORTEST:
        return Flaw.SHORT
    if len(password) > LONGEST:
        return Flaw.LONG
    return Flaw.OBVIOUS if _obvious(password, name) else None


def _obvious(password: str, name: str) -> bool:
    """Say whether little is left without what everybody tries first: known words, the name, years, one sign again."""
    lowered = password.casefold()
    if len(set(lowered)) < _DIFFERENT:
        return True
    dateless = re.sub(r"(19|20)\d\d", "", lowered)
    left = [lowered, dateless, dateless.translate(_LEET)]
    for word in (*_OBVIOUS.split(), name.casefold()):
        if len(word) > 2:  # noqa: PLR2004 -- two letters are in every sentence
            left = [text.replace(word, "") for text in left]
    rows = "".join(_OBVIOUS.split())
    rest = min((re.sub(r"\W", "", text) for text in left), key=len)
    return len(rest) < _DIFFERENT or rest in rows or len(set(rest)) < _DIFFERENT - 2


def hashed(password: str) -> str:
    """Return what is kept of a password: `scrypt$cost$block$lanes$salt$hash`; about a quarter of a second."""
    salt = os.urandom(16)
    return "$".join(
        ("scrypt", str(_COST), str(_BLOCK), str(_LANES), _text(salt), _text(_scrypt(password, salt)))
    )


_NOBODYS = f"scrypt${_COST}${_BLOCK}${_LANES}$$"


def fits(password: str, kept: str) -> bool:
    """Return whether a password is the one that is kept; where none is kept it takes as long, and the answer is no."""
    kind, cost, block, lanes, salt, digest = (kept or _NOBODYS).split("$")
    assert kind == "scrypt"
    found = _scrypt(password[: LONGEST + 1], base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, base64.b64decode(digest) or os.urandom(len(found)))


def _scrypt(password: str, salt: bytes, cost: int = _COST, block: int = _BLOCK, lanes: int = _LANES) -> bytes:
    with _AT_ONCE:
        return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=2**27, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
