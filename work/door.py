"""The second factor of an invoice's page: what only its customer knows, or a code sent to them; few tries."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from store import tries
from store.links import Billed
from work.asking import HOUR, subject, told

MOST_TRIES = 5
"""Wrong answers for one document in an hour."""
_DIGITS = 4
_SHORTEST_REFERENCE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Factors:
    """What a customer can prove themselves with; `asked` names it: postcode, digits."""

    postcodes: tuple[str, ...]
    digits: tuple[str, ...]

    @property
    def asked(self) -> str:
        """Which of them the page may ask for: `both`, `postcode`, `digits`, '' for none."""
        if self.postcodes and self.digits:
            return "both"
        return "postcode" if self.postcodes else "digits" if self.digits else ""


def factors_of(billed: Billed) -> Factors:
    """Return the postcodes of a customer's letters, and the last four digits of their numbers where those are long."""
    plain = [_plain(code) for code in billed.postcodes]
    numbers = ["".join(re.findall(r"[0-9]", one)) for one in billed.references]
    return Factors(
        postcodes=tuple(code for code in plain if len(code) >= _DIGITS),
        digits=tuple(number[-_DIGITS:] for number in numbers if len(number) >= _SHORTEST_REFERENCE),
    )


def admitted(
    connection: Connection, *, key: bytes, billed: Billed, message: str, answer: str, now: datetime
) -> bool | None:
    """Tell whether an answer (postcode, digits, or the code that was sent) is right; None: too many were wrong."""
    asked = subject(key, "document", message)
    tries.one_by_one(connection, asked)
    if tries.counted(connection, [asked], since=now - HOUR)[0] >= MOST_TRIES:
        return None
    given = _plain(answer)
    factors = factors_of(billed)
    if _among(given, (*factors.postcodes, *factors.digits)):
        return True
    if told(connection, key=key, customer=billed.customer, kind="document", code=given, now=now):
        return True
    tries.add(connection, [asked], now=now)
    return False


def _among(given: str, right: Sequence[str]) -> bool:
    """Compare with all of them, in the same time whatever was given."""
    found = [hmac.compare_digest(given.encode("utf-8", "replace"), one.encode()) for one in right]
    return any(found)


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())[:32]
