"""Why a mail came back, from the words and codes of all the servers there are: whose fault it is, by which code.

Words come before codes, because servers write 5.1.1 or 5.7.1 on nearly everything. Of two readings the one that
spares the customer wins: an address is given up only for words or codes that speak of the address, and of nothing
of ours (reputation, SPF, DKIM, DMARC, block lists, relaying), and never for a full mailbox.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from channels.email.wording import (
    AGAIN,
    EXPIRED,
    FILTER,
    FULL,
    LOOP,
    MESSAGE,
    NOBODY,
    PASSING,
    SENDER,
    SOON,
)
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What a report says about one recipient."""

    kind: ReceiptKind
    error: ErrorClass
    code: str
    """An enhanced status code (RFC 3463) where there is one, else a word of ours."""


_MOST = 2000
_NAMES = re.compile(
    r"[^\s<>()\[\]:;,\"']{1,100}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,9}|\bhost \S{1,200} (?=said:|refused to talk to me:)"
)
"""Addresses and names of servers say nothing, whatever words they are made of."""
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]|-?\w*\.\w)")
_BASIC = re.compile(r"(?<![\d.@:/-])([45]\d\d)(?=[ -][A-Za-z#\d<'\"(]|[ -]?$)", re.MULTILINE)

_SURE_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_DECIDES = {*_SURE_ADDRESS, "5.4.1"}
"""Codes that decide between doubtful words. 5.4.1 alone does not: Exchange means the address by it, RFC 3463 a host."""
_ABOUT_US = {"521", "530", "534", "535", "538"}
"""Replies to whoever calls, whomever the mail is for (RFC 7504, RFC 4954)."""
_BY_STATUS = {
    "5.1.0": ErrorClass.ADDRESS,
    "5.1.4": ErrorClass.ADDRESS,
    "5.1.5": ErrorClass.ADDRESS,
    "5.1.7": ErrorClass.CONFIG,
    "5.1.8": ErrorClass.CONFIG,
    "5.1.9": ErrorClass.CONFIG,
    "5.1.20": ErrorClass.CONFIG,
    "5.2.2": ErrorClass.TRANSIENT,
    "5.2.3": ErrorClass.DATA,
    "5.3.4": ErrorClass.DATA,
    "5.5.4": ErrorClass.CONFIG,
    "5.4.310": ErrorClass.ADDRESS,
    **dict.fromkeys(_SURE_ADDRESS, ErrorClass.ADDRESS),
}
_BY_SUBJECT = {"5.6": ErrorClass.DATA, "5.7": ErrorClass.CONFIG, "5.5": ErrorClass.CONFIG}
_EXPIRED_STATUS = {"5.4.7", "5.4.300", "5.4.316", "4.4.7"}
_LISTED = (
    (FULL, ErrorClass.TRANSIENT, "mailbox_full"),
    (SENDER, ErrorClass.CONFIG, "policy"),
    (FILTER, ErrorClass.CONFIG, "filter"),
    (LOOP, ErrorClass.TRANSIENT, "loop"),
    (MESSAGE, ErrorClass.DATA, "message"),
    (NOBODY, ErrorClass.ADDRESS, "address"),
    (SOON, ErrorClass.TRANSIENT, "temporary"),
)


def cause(words: str, status: str = "") -> Cause:
    """Return why a mail came back.

    Args:
        words: what the server said about the recipient; bounded here.
        status: of a delivery report, '' where it has none.
    """
    words = _plain(words)
    enhanced = _enhanced(words, status)
    basic = _BASIC.search(words)
    soft = enhanced[:1] == "4" or (
        not enhanced and (basic[1][0] == "4" if basic else bool(AGAIN.search(words)))
    )
    error, word = _told(words, enhanced)
    telling = error is ErrorClass.CONFIG or word == "mailbox_full"
    tired = not telling and (soft or error is None) and bool(EXPIRED.search(words))
    given_up = tired or word == "loop" or enhanced in _EXPIRED_STATUS
    if given_up or (error is ErrorClass.ADDRESS and (soft or bool(PASSING.search(words)))):
        return Cause(
            kind=ReceiptKind.EXPIRED, error=ErrorClass.TRANSIENT, code=_code(enhanced, "expired", None)
        )
    if error is None:
        error, word = _by_code(enhanced, basic[1] if basic else "")
    return Cause(kind=ReceiptKind.BOUNCED, error=error, code=_code(enhanced, word, error))


def blamed(words: str) -> ErrorClass | None:
    """Return what the words of a refused recipient blame, None where they blame nothing that we know.

    A filter, and words for us beside words for the address, blame this message: who is asked for the next recipient
    may well take it.
    """
    words = _plain(words)
    error, word = _told(words, _enhanced(words, ""))
    if error is ErrorClass.CONFIG and (word == "filter" or ErrorClass.ADDRESS in dict(_said(words))):
        return ErrorClass.DATA
    if error in {None, ErrorClass.ADDRESS} and (PASSING.search(words) or EXPIRED.search(words)):
        return ErrorClass.TRANSIENT
    return error


def _code(enhanced: str, word: str, error: ErrorClass | None) -> str:
    """Return the enhanced code, but our word where the code blames an address that the words do not."""
    misleads = enhanced in _DECIDES and error is not ErrorClass.ADDRESS
    return word if misleads or not enhanced else enhanced


def says_enough(status: str) -> bool:
    """Tell whether a status alone says that the address is none."""
    return _enhanced("", status) in _SURE_ADDRESS


def speaks_of_failure(words: str) -> bool:
    """Tell whether a text gives any reason for a failure."""
    words = _plain(words)
    return bool(_said(words)) or bool(EXPIRED.search(words))


@lru_cache(maxsize=16)
def _said(words: str) -> tuple[tuple[ErrorClass, str], ...]:
    return tuple((error, word) for pattern, error, word in _LISTED if pattern.search(words))


def _plain(words: str) -> str:
    """Return the words on one line, bounded, without the addresses among them."""
    return _NAMES.sub(" x ", " ".join(words[: 2 * _MOST].split()))[:_MOST]


def _told(words: str, enhanced: str) -> tuple[ErrorClass | None, str]:
    """Return what the words say; a code that names the address decides against doubtful words for a filter."""
    if _BY_STATUS.get(enhanced) is ErrorClass.CONFIG:  # it names the sender: no words make it the customer's
        return ErrorClass.CONFIG, "policy"
    said = _said(words)
    errors = [error for error, _ in said]
    about_us = {"policy", "message", "mailbox_full", "loop", "temporary"} & {word for _, word in said}
    if enhanced in _DECIDES and ErrorClass.ADDRESS in errors and not about_us:
        return ErrorClass.ADDRESS, "address"
    return said[0] if said else (None, "")


def _enhanced(words: str, status: str) -> str:
    """Return the more telling of the report's status and the first code in the words: x.0.0 tells nothing."""
    found: Sequence[str] = [match[0] for match in _ENHANCED.finditer(words)]
    reported = _ENHANCED.search(status)
    codes = [reported[0], *found] if reported else list(found)
    telling = [code for code in codes if not code.endswith(".0.0")]
    return (telling or codes or [""])[0]


def _by_code(enhanced: str, basic: str) -> tuple[ErrorClass, str]:
    """Return what the codes say where the words say nothing; what is unclear is held against nobody."""
    if basic in _ABOUT_US:
        return ErrorClass.CONFIG, "policy"
    known = _BY_STATUS.get(enhanced) or _BY_SUBJECT.get(enhanced.rpartition(".")[0])
    if known:
        return known, enhanced
    return ErrorClass.TRANSIENT, basic or "unclear"
