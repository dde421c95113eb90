"""What an SMTP server's answer means: RFC 5321 reply codes and RFC 3463 enhanced status codes to error classes."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from channels.email.causes import blamed
from tidings.outcome import ErrorClass, Refused, Rejected

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_QUEUED = re.compile(r"\bqueued (?:mail for delivery )?as:? <?([\w.@+-]+)", re.IGNORECASE)

WAIT = MappingProxyType(
    {
        ErrorClass.TRANSIENT: timedelta(minutes=5),
        ErrorClass.THROTTLE: timedelta(minutes=1),
        ErrorClass.CONFIG: timedelta(minutes=10),
    }
)
FULL_MAILBOX_WAIT = timedelta(hours=4)


class Stage(StrEnum):
    """How far a message had come when the server answered."""

    SESSION = "session"
    """Greeting, EHLO, STARTTLS, AUTH."""
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    """DATA itself, and the answer to the final dot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer: the code and the text of all its lines."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """2xx: done."""
        return self.code // 100 == 2  # noqa: PLR2004 -- RFC 5321 4.2.1

    @property
    def intermediate(self) -> bool:
        """3xx: go on."""
        return self.code // 100 == 3  # noqa: PLR2004

    @property
    def no(self) -> bool:
        """4xx or 5xx."""
        return self.code // 100 in {4, 5}

    @property
    def enhanced(self) -> str:
        """`5.1.1`, or '' where the server gives none."""
        found = _ENHANCED.match(self.text)
        return ".".join(found.groups()) if found else ""

    @property
    def reference(self) -> str:
        """The name that the server gave to the message it took, else its answer."""
        found = _QUEUED.search(self.text)
        return found.group(1) if found else self.text[:200]


_BY_ENHANCED = {
    # The address: never again.
    "5.1.0": ErrorClass.ADDRESS,
    "5.1.1": ErrorClass.ADDRESS,
    "5.1.2": ErrorClass.ADDRESS,
    "5.1.3": ErrorClass.ADDRESS,
    "5.1.6": ErrorClass.ADDRESS,
    "5.1.10": ErrorClass.ADDRESS,
    "5.2.1": ErrorClass.ADDRESS,
    # Ours: sender, relay, authentication.
    "5.1.7": ErrorClass.CONFIG,
    "5.1.8": ErrorClass.CONFIG,
    "5.5.1": ErrorClass.CONFIG,
    "5.5.2": ErrorClass.CONFIG,
    "5.5.4": ErrorClass.CONFIG,
    # A full mailbox is emptied one day.
    "5.2.2": ErrorClass.TRANSIENT,
    # This message: too big, or not takeable as it is.
    "5.2.3": ErrorClass.DATA,
    "5.3.4": ErrorClass.DATA,
    # Too fast.
    "4.7.0": ErrorClass.THROTTLE,
    "4.7.28": ErrorClass.THROTTLE,
    "4.5.3": ErrorClass.THROTTLE,
}
_SENDER_PROOF = range(20, 30)
"""5.7.20 to 5.7.29: DKIM, SPF, reverse DNS, DMARC (RFC 7372)."""
_BY_BASIC = {
    Stage.SESSION: {},
    Stage.SENDER: {552: ErrorClass.DATA},
    Stage.RECIPIENT: {
        550: ErrorClass.ADDRESS,
        551: ErrorClass.ADDRESS,
        553: ErrorClass.ADDRESS,
        501: ErrorClass.ADDRESS,
        552: ErrorClass.TRANSIENT,  # RFC 5321 4.5.3.1.10: as 452
    },
    Stage.DATA: {},
}
_FALLBACK = {
    Stage.SESSION: ErrorClass.CONFIG,
    Stage.SENDER: ErrorClass.CONFIG,
    Stage.RECIPIENT: ErrorClass.CONFIG,
    Stage.DATA: ErrorClass.DATA,
}
_OF_NO_ADDRESS = ("5.0.", "5.2.0", "5.3.", "5.4.")
"""Of no known state, of the system, of the way: without words for an address this message is refused, and no more."""
ABOUT_THE_RECIPIENT = frozenset({Stage.RECIPIENT, Stage.DATA})
_ALWAYS_CONFIG = {502, 503, 504, 521, 530, 534, 535, 538, 555}


def error_class(reply: Reply, stage: Stage) -> ErrorClass:
    """Return the class of an answer that is not a yes.

    Policy (5.7.x) is never the customer's fault: before the content it is about us (relaying, sender, reputation);
    after it, it is about this content, unless it names a proof of the sender. Where a code blames the address, the
    words must not blame something else: servers say 550 and 5.1.1 of relaying, block lists and full mailboxes, too.
    """
    by_code = _by_code(reply, stage)
    plain = stage is Stage.RECIPIENT and reply.code not in _ALWAYS_CONFIG and not reply.enhanced
    if reply.code < 500 or (by_code is not ErrorClass.ADDRESS and not plain):  # noqa: PLR2004
        return by_code
    silent = ErrorClass.DATA if reply.enhanced.startswith(_OF_NO_ADDRESS) else by_code
    return blamed(f"{reply.code} {reply.text}") or silent


def _by_code(reply: Reply, stage: Stage) -> ErrorClass:
    enhanced = reply.enhanced
    if reply.code == 421 and not enhanced.startswith("4.7."):  # noqa: PLR2004 -- closing, try later
        return ErrorClass.TRANSIENT
    if reply.code < 500:  # noqa: PLR2004
        return _BY_ENHANCED.get(enhanced, ErrorClass.TRANSIENT)
    if reply.code in _ALWAYS_CONFIG:
        return ErrorClass.CONFIG
    known = _BY_ENHANCED.get(enhanced)
    if known and (known is not ErrorClass.ADDRESS or stage in ABOUT_THE_RECIPIENT):
        return known
    if enhanced.startswith("5.7."):
        proof = int(enhanced.rpartition(".")[2]) in _SENDER_PROOF
        return ErrorClass.DATA if stage is Stage.DATA and not proof else ErrorClass.CONFIG
    if enhanced.startswith("5.6."):
        return ErrorClass.DATA
    return _BY_BASIC[stage].get(reply.code, _FALLBACK[stage])


def refusal(reply: Reply, stage: Stage) -> Refused | Rejected:
    """Return the outcome of an answer that is not a yes.

    The code is the enhanced one, else the basic one; the server's text may name the customer and stays out.
    """
    error = error_class(reply, stage)
    if error in WAIT:
        return _refused(reply, stage, error)
    return Rejected(error=error, code=_code(reply), detail=_detail(reply, stage))


def refused_session(reply: Reply) -> Refused:
    """Return the outcome of a no before the first message: whatever its words, it is about none of them."""
    error = error_class(reply, Stage.SESSION)
    return _refused(reply, Stage.SESSION, error if error in WAIT else ErrorClass.CONFIG)


def _refused(reply: Reply, stage: Stage, error: ErrorClass) -> Refused:
    wait = FULL_MAILBOX_WAIT if reply.enhanced == "5.2.2" else WAIT[error]
    return Refused(error=error, code=_code(reply), wait=wait, detail=_detail(reply, stage))


def _code(reply: Reply) -> str:
    return reply.enhanced or str(reply.code)


def _detail(reply: Reply, stage: Stage) -> str:
    return f"{reply.code} at {stage}"
