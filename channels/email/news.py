"""Mail that comes back, sorted: bounces, complaints, answers of machines and of people become receipts.

Anybody can mail us. What a mail says of a delivery counts only when it quotes what only our mail to that customer had
(`work.gather` compares); here it is only read.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from channels.email import ses_events
from channels.email.bounce import Failure, failures
from channels.email.complaint import Complaint, complaint
from channels.email.incoming import MOST as MOST_BYTES
from channels.email.incoming import Mail, read
from channels.email.reply import BULK, CHALLENGE, MOST, SUBMITTED, answers_itself, own_words
from tidings.channel import Channel
from tidings.keywords import Keyword, keyword, keyword_of_mail
from tidings.receipt import Receipt, ReceiptKind

NAME = "mailbox"
FORWARDED = "x-tidings-forwarded"
"""Our own mail to a service desk has it: what comes back with it goes round in circles."""
_OURS = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9A-Za-z]{4,16})@", re.IGNORECASE)
"""The left side of `templates.headers.message_id`."""
_RETURN_PATH = re.compile(r"[+=]([0-9A-Z]{6,16})@")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
FORGED = "dmarc_fail"
"""The code of an answer that its domain says is not its own, and that quotes nothing of ours."""
_FAILED = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)
"""In the topmost Authentication-Results (RFC 8601), which the server that took the mail has written. Who invents one
below, or where none is written, is believed no more than before."""
_ANSWER = re.compile(r"(re|sv|vs|odp|res|aw|antw)\s*:", re.IGNORECASE)
_BY_MAIL = (ReceiptKind.BOUNCED, ReceiptKind.EXPIRED, ReceiptKind.REJECTED, ReceiptKind.COMPLAINED)
"""What is taken of an event of SES that comes as a mail; what it says of good news, anybody could have written."""
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,100}@[\w.-]{1,200}\w")


def news(raw: bytes, *, now: datetime) -> tuple[Receipt, ...]:
    """Return what a mail says; nothing for mail that says nothing of ours, as a report on somebody's DMARC.

    Args:
        raw: the mail as it came; only its first half megabyte is read.
        now: when it is read; its own date is the sender's word.
    """
    mail = read(raw)
    digest = hashlib.sha256(raw[:MOST_BYTES]).hexdigest()[:40]
    message, reference = _quoted(mail)
    blank = Receipt(
        provider=NAME,
        event_id=digest,
        kind=ReceiptKind.REPLIED,
        channel=Channel.EMAIL,
        at=now,
        message=message,
        reference=reference,
    )
    return tuple(
        replace(said, event_id=f"{digest}.{number}") for number, said in enumerate(_sorted(mail, blank))
    )


def _sorted(mail: Mail, blank: Receipt) -> Iterator[Receipt]:
    """Yield what the mail says; `blank` has what does not depend on it."""
    complained = complaint(mail)
    if complained:
        if complained.counts:
            yield _of_complaint(complained, blank)
        return
    told = _of_ses(mail, blank)
    if told is not None:
        yield from told
        return
    machine = "forwarded" if FORWARDED in mail.headers else answers_itself(mail)
    if machine not in {CHALLENGE, "forwarded"}:
        failed = failures(mail, answers=machine not in {"", BULK})
        if failed:
            yield from (_of_failure(failure, blank) for failure in failed)
            return
    yield _of_answer(mail, machine, blank)


def _of_complaint(said: Complaint, blank: Receipt) -> Receipt:
    kind = ReceiptKind.STOPPED if said.kind.startswith("opt-out") else ReceiptKind.COMPLAINED
    return replace(blank, kind=kind, address=said.recipient or None, code=said.kind)


def _of_failure(failure: Failure, blank: Receipt) -> Receipt:
    attempt = _UUID.search(failure.envelope)
    return replace(
        blank,
        kind=failure.kind,
        address=failure.recipient or None,
        error=failure.error,
        code=failure.code,
        attempt=attempt[0].lower() if attempt else None,
    )


def _of_ses(mail: Mail, blank: Receipt) -> Sequence[Receipt] | None:
    """Return what an event of SES says that SNS sent as a mail (`email`, `email-json`); None: it is none."""
    try:
        event, _ = json.JSONDecoder().raw_decode(mail.text.lstrip())
        if isinstance(event, dict) and "TopicArn" in event:
            event = json.loads(event["Message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    said = ses_events.read(event, event_id="", at=blank.at) if isinstance(event, dict) else None
    if said is None:
        return None
    return [
        replace(
            blank, kind=one.kind, address=one.address, error=one.error, code=one.code, attempt=one.attempt
        )
        for one in said
        if one.kind in _BY_MAIL
    ]


def _of_answer(mail: Mail, machine: str, blank: Receipt) -> Receipt:
    found = _ADDRESS.search(mail.header("from")) or _ADDRESS.search(mail.header("reply-to"))
    said = replace(blank, address=found[0] if found else None)
    subject = mail.header("subject").strip()
    pressed = machine == SUBMITTED and keyword(subject) is Keyword.STOP  # a mail program's own Unsubscribe
    if machine and not pressed:
        return replace(said, kind=ReceiptKind.AUTO_REPLIED, code=machine)
    meant = keyword_of_mail(mail.text[:MOST])
    if not _ANSWER.match(subject):  # else the subject is ours
        meant = meant or keyword(subject)
    forged = not blank.reference and _FAILED.search(mail.header("authentication-results"))
    kind = ReceiptKind.STOPPED if meant is Keyword.STOP and not forged else ReceiptKind.REPLIED
    said = replace(said, code=FORGED if forged else "")
    text = f"{subject}\n\n{own_words(mail)}".strip()[:MOST]
    return replace(said, kind=kind, text="\n\n".join(part for part in (text, _left_out(mail)) if part))


def _left_out(mail: Mail) -> str:
    """Return a line about what is attached, which stays in the mailbox; '' when nothing is."""
    kinds = [
        part.kind for part in mail.parts if not part.kind.startswith(("text/", "message/", "multipart/"))
    ]
    return f"[attached, and still in the mailbox: {', '.join(kinds)}]" if kinds else ""


def _quoted(mail: Mail) -> tuple[str | None, str | None]:
    """Return our message's id and reference, where the mail quotes them; or the reference of our return path."""
    found = _OURS.search(mail.everything)
    if found:
        return found[1].lower(), found[2].upper()
    for name in ("x-original-to", "delivered-to", "envelope-to", "to"):
        path = _RETURN_PATH.search(mail.header(name))
        if path:
            return None, path[1]
    return None, None
