"""Mail that says that a mail did not arrive: delivery reports (RFC 3464), and what servers wrote before."""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flufl.bounce import all_failures

from channels.email.addressee import ADDRESS, addressee, named_by, returned
from channels.email.causes import cause, says_enough, speaks_of_failure
from channels.email.incoming import WHOLE, Mail, as_message, heads
from channels.email.signs import DAEMON, DELAYED, OPENING, QUOTE, SUBJECT
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

logging.getLogger("flufl.bounce").setLevel(
    logging.CRITICAL
)  # it tells with a traceback what it stumbled over
REPORTS = ("message/delivery-status", "message/global-delivery-status", "text/delivery-status")
_OTHER = (*WHOLE, "message/disposition-notification", "message/feedback-report")
"""What may have the same fields as a report, and is none."""
_STATUS_LINES = re.compile(
    r"^(final-recipient|original-recipient|x-actual-recipient)[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE
)
_NO_WORDS = re.compile(
    r"^[> \t]{0,8}(subject|sent|cc|bcc|date|from)[ \t]{0,4}:.{0,1000}$", re.IGNORECASE | re.MULTILINE
)
"""What a server repeats of our mail's head: our subject gives no reason."""
_ESCAPED = re.compile(r"\\x\{([0-9A-F]{1,6})\}", re.IGNORECASE)
"""A character of an address in a report that is ASCII only (RFC 6533 3)."""
_ANSWERED = re.compile(
    r"(?<![\d.])(5\d\d[ -]#?5\.\d{1,3}\.\d{1,3}|#5\d\d|[45]\d\d [45]\.\d{1,3}\.\d{1,3})(?![\d.])"
)
"""A server's answer with its codes: whatever the language around it, a machine quotes another one."""
_FOR_GOOD = re.compile(r"permanent|(?<![\d.])5\d\d[ -]|(?<![\d.])5\.\d{1,3}\.\d|unknown", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(re|sv|vs|odp|res|aw|antw)\s*:", re.IGNORECASE)
_ACTIONS = {
    "fail": ReceiptKind.BOUNCED,
    "error": ReceiptKind.BOUNCED,
    "delay": ReceiptKind.DELAYED,
    "deliver": ReceiptKind.DELIVERED,
    "relay": ReceiptKind.ACCEPTED,
    "expand": ReceiptKind.ACCEPTED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What became of a mail to one recipient, as somebody's server says."""

    kind: ReceiptKind
    """BOUNCED, EXPIRED, DELAYED, DELIVERED, or ACCEPTED where it was only passed on."""
    recipient: str = ""
    """As it was written; '' where the report names nobody."""
    error: ErrorClass | None = None
    code: str = ""
    envelope: str = ""
    """Our ENVID (RFC 3461), where the report quotes it."""


def failures(mail: Mail, *, answers: bool = False) -> Sequence[Failure]:
    """Return what a mail reports, nothing where it is no report.

    Args:
        answers: the mail calls itself an automatic answer; then only a report counts, not mere words.
    """
    reported = list(_reported(mail))
    if reported:
        return reported
    return _written(mail) if _is_bounce(mail, answers=answers) else []


def _reported(mail: Mail) -> Iterator[Failure]:
    """Yield the recipients of a delivery report, under whatever type it came."""
    text = "\n\n".join(
        part.text
        for part in mail.parts
        if part.kind in REPORTS or (part.kind not in _OTHER and _STATUS_LINES.search(part.text))
    )
    if not text:
        return
    envelope, found = "", []
    for block in re.split(r"\n[ \t>]*\n", text):
        quoted = block.lstrip("\n")
        margin = quoted[: len(quoted) - len(quoted.lstrip(" \t>"))]
        fields = heads(quoted.removeprefix(margin).replace(f"\n{margin}", "\n"))
        envelope = envelope or fields.get("original-envelope-id", "")
        if fields.keys() & {"final-recipient", "original-recipient", "action", "x-actual-recipient"}:
            found.append(fields)
    for fields in found:
        recipient = _recipient(fields) or (addressee(mail, _own(mail)) if len(found) == 1 else "")
        yield _judged(mail, fields, recipient, envelope, alone=len(found) == 1)


def _judged(mail: Mail, fields: dict[str, str], recipient: str, envelope: str, *, alone: bool) -> Failure:
    action = fields.get("action", "").lower()
    status = fields.get("status", "")
    kind = next((kind for word, kind in _ACTIONS.items() if action.startswith(word)), None)
    if kind is None:
        kind = ReceiptKind.DELAYED if status.startswith("4") else ReceiptKind.BOUNCED
    if kind is not ReceiptKind.BOUNCED:
        return Failure(kind=kind, recipient=recipient, code=status[:12].strip(), envelope=envelope)
    words = " ".join((fields.get("diagnostic-code", ""), fields.get("x-supplementary-info", ""), status))
    if (
        alone and not says_enough(status) and not speaks_of_failure(words)
    ):  # the report is empty: what is written above it says more
        words += " " + _own(mail)
    why = cause(words, status)
    return Failure(kind=why.kind, recipient=recipient, error=why.error, code=why.code, envelope=envelope)


def _recipient(fields: dict[str, str]) -> str:
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        stated = _ESCAPED.sub(_character, fields.get(name, ""))
        found = ADDRESS.search(stated.partition(";")[2] or stated)
        if found:
            return found[0]
    return ""


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= sys.maxunicode else found[0]


def _is_bounce(mail: Mail, *, answers: bool) -> bool:
    """Tell whether a mail without a report is one all the same: by who sent it, and by what it says."""
    if mail.header("x-failed-recipients"):
        return True
    if mail.kind == "multipart/report" and mail.parameters.get("report-type", "").lower() in {
        "",
        "delivery-status",
    }:
        return True
    own = _own(mail)
    daemon = bool(DAEMON.search(mail.header("from")))
    if not daemon and _is_answer(mail):  # people write of deliveries that failed, too
        return False
    nobody = mail.header("return-path").strip() == "<>"
    subject = bool(SUBJECT.search(mail.header("subject")))
    late, enclosed = _is_delayed(mail, own), bool(returned(mail))
    answered = daemon and bool(_ANSWERED.search(own))
    opened = bool(OPENING.search(own)) or answered or late or (daemon and enclosed)
    signs = (daemon or (nobody and subject), subject, opened)
    speaks = answered or late or speaks_of_failure(own)
    if answers:
        return daemon and (all(signs) or (speaks and (sum(signs) > 1 or not mail.header("subject"))))
    writers = ADDRESS.findall(mail.header("from"))
    shown = signs[0] or enclosed or bool({*ADDRESS.findall(own)} - {*writers})
    return (sum(signs) > 1 and shown and (speaks or all(signs))) or (any(signs) and _known(mail) is not None)


def _is_delayed(mail: Mail, own: str) -> bool:
    """Tell whether a server says that it goes on trying."""
    warned = re.search(r"delay|warning", mail.header("subject"), re.IGNORECASE)
    return bool(DELAYED.search(own)) or (bool(warned) and not _FOR_GOOD.search(own))


def _is_answer(mail: Mail) -> bool:
    """Tell whether a mail calls itself an answer to one of ours."""
    return bool(_ANSWER.match(mail.header("subject"))) or bool(
        {"in-reply-to", "references"} & mail.headers.keys()
    )


def _written(mail: Mail) -> Sequence[Failure]:
    """Return what a mail without a report says in words."""
    own = _own(mail)
    stated = tuple(ADDRESS.findall(mail.header("x-failed-recipients")))
    recipients = stated or _known(mail) or (addressee(mail, own),)
    if _is_delayed(mail, own):
        return [Failure(kind=ReceiptKind.DELAYED, recipient=one) for one in recipients]
    why = cause(own or mail.header("subject"))
    return [Failure(kind=why.kind, recipient=one, error=why.error, code=why.code) for one in recipients]


def _known(mail: Mail) -> tuple[str, ...] | None:
    """Return who could not be reached by what the library knows of old servers; None when it knows nothing."""
    try:
        temporary, permanent = all_failures(as_message(mail))
    except Exception:  # whatever it stumbles over was made to be stumbled over
        return None
    names = {address.decode("ascii", "replace") for address in permanent or temporary}
    names -= {*named_by(mail, "message-id"), *named_by(mail, "from")}
    own = _own(mail)
    return tuple(sorted({name for name in names if name in own} or names)) or None


def _own(mail: Mail) -> str:
    """Return what the server wrote, without what it quotes."""
    text = mail.text or "\n".join(part.text for part in mail.parts if part.kind not in WHOLE)
    mark = QUOTE.search(text, 40)
    return _NO_WORDS.sub("", text[: mark.start()] if mark else text[:6000])
