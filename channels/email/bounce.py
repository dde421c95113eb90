"""Mail that says that a mail did not arrive: delivery reports (RFC 3464), and what servers wrote before."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flufl.bounce import all_failures

from channels.email.causes import cause, says_enough, speaks_of_failure
from channels.email.incoming import WHOLE, Mail, as_message, heads
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

logging.getLogger("flufl.bounce").setLevel(
    logging.CRITICAL
)  # it tells with a traceback what it stumbled over
REPORTS = ("message/delivery-status", "message/global-delivery-status", "text/delivery-status")
_OTHER = (*WHOLE, "message/disposition-notification", "message/feedback-report")
"""What may have the same fields as a report, and is none."""
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"'=]{1,100}@[\w.-]{1,200}\w")
_STATUS_LINES = re.compile(
    r"^(final-recipient|original-recipient|x-actual-recipient)[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE
)
_DAEMON = re.compile(
    r"^\s*<>|mailer[-_ ]?daemon|post[-_ ]?master|mail ?delivery|mdaemon|delivery[-_ ]?(sub)?system|"
    r"mail(ing)? ?system|mail administrator|system administrator|maildaemon|mail[-_]server|"
    r"bounce|mmdf|\bsmtp\b|mail router|mail system|microsoft ?exchange|internet mail|"
    r"daemon@|mail\.?daemon|notification@|undeliver",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|un-?deliverable|non[- ]?(deliver|remise)|deliver\w* (status|fail|"
    r"notif|report|problem|error|delay|has failed|incomplete|time)|fail\w* (to deliver|"
    r"deliver|notice|mail|message)|return\w* (mail|to sender|message)|mail (could not|"
    r"not|delivery|system|status|failure|returned|rejected|error)|(message|mail|"
    r"e-?mail) .{0,40}(not (be )?deliver|undeliver|bounced|rejected|returned|"
    r"failed|blocked)|could ?n.?t (be )?(deliver|send)|could not (be )?(deliver|"
    r"send)|unable to deliver|cannot (be )?deliver|not delivered|user unknown|"
    r"bounce|nondeliverable|failure notice|delayed|warning: (could not send|message)|"
    r"mail failure|delivery failed|permanent (fail|error)|rejected|\bNDN\b|problem delivering|"
    r"unknown (user|recipient)|no such (user|account)|quota|message status|returned:|"
    r""
    r"unzustellbar|nicht zustellbar|zustellung|zurückgewiesen|niedostarczon|nie (można )?dostarczy|"
    r"zwrot|não (foi )?entreg|falha|devolvid|uleverbar|ikke lever|kunne ikke|"
    r"levering|olevererbar|kunde inte|obeställbar|leverans|non remis|échec|no entregad|"
    r"devuelt|не доставлен|недоставлен|ошибка|退信|送信|配信|mislykt|misslyck|nieudan|"
    r"kan niet|onbestelbaar|mancata consegna|impossibile",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"this is the .{0,60}(program|mail|server|postfix|qmail)|i'?m (sorry|afraid)|"
    r"automatically (by|generated)|could ?n.?t (be )?(deliver|send|reach)|could not (be )?(deliver|"
    r"send|reach)|was not deliver|(has|have) not been deliver|not be deliver|"
    r"undeliver|unable to (deliver|send)|cannot (be )?deliver|delivery (to the following|"
    r"of the|failed|failure|has failed|status|attempt)|did(n.t| not) reach|returned (to|"
    r"because|by|as|unopened)|failed (address|recipient|to deliver)|bounced|permanent (fatal )?error|"
    r"fatal error|had (permanent|delivery)|error (occurred|while|sending|transferring)|"
    r"(message|mail|e-?mail).{0,60}(rejected|blocked|refused|not accepted|returned|"
    r"was not|failed)|transcript of session|error message|no longer|rejected your|delivery problem|"
    r""
    r"nicht zugestellt|konnte nicht|unzustellbar|nie (mogła|została|można|udało)|"
    r"não (pôde|foi|pode)|kunne ikke|kan ikke|kunde inte|gick inte|n.a pas pu|"
    r"no (se )?(pudo|ha)|не (был|может|удалось)|无法|退回|送信できません|配信",
    re.IGNORECASE,
)
_QUOTE = re.compile(
    r"^[-=_*> \t|]{0,40}(below (this line )?is a copy|this is a copy of|(here is|"
    r"a copy of|the (body|header|first|text) of).{0,40}(message|mail)|(the )?(original|"
    r"returned|undelivered|unsent|rejected|failed|your|begin(ning)? of)[ \w]{0,30}(message|"
    r"mail|text|headers?)( (follows?|is|was|text|headers?|attached|begins?))?|"
    r"received: from|return-path:|message-id:)[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
_DELAYED = re.compile(
    r"warning message only|do(es)? not need to (resend|do)|will (continue|keep|"
    r"be retried|be attempted|try|retry)|still (being )?(tr(y|ied)|undelivered|"
    r"in (the )?queue)|not yet been deliver|(has|have|been|is|was) delayed|delivery .{0,30}delayed|"
    r"no action is required|delivery attempts will|attempts to deliver .{0,40}will|"
    r"could not send message for past|not been able to deliver .{0,40}yet|(verzögert|"
    r"opóźni|försenad|forsinket|atrasad|retard)",
    re.IGNORECASE,
)
_HEADER_TO = re.compile(r"^[> \t]{0,6}to:[ \t]*(.{1,200})$", re.IGNORECASE | re.MULTILINE)
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


def returned(mail: Mail) -> str:
    """Return the head and text of the mail that came back, '' where nothing came back with the report."""
    part = next(mail.of(*WHOLE), None)
    if part:
        return part.text
    mark = _QUOTE.search(mail.text)
    return mail.text[mark.start() :] if mark else ""


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
        fields = heads(re.sub(r"^[ \t>]+(?=[A-Za-z-]{3,40}:)", "", block, flags=re.MULTILINE))
        envelope = envelope or fields.get("original-envelope-id", "")
        if fields.keys() & {"final-recipient", "original-recipient", "action", "x-actual-recipient"}:
            found.append(fields)
    for fields in found:
        recipient = _recipient(fields) or (_to(mail) if len(found) == 1 else "")
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
        found = _ADDRESS.search(fields.get(name, "").partition(";")[2] or fields.get(name, ""))
        if found:
            return found[0]
    return ""


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
    daemon = bool(_DAEMON.search(mail.header("from")))
    nobody = mail.header("return-path").strip() == "<>"
    signs = (daemon or nobody, bool(_SUBJECT.search(mail.header("subject"))), bool(_OPENING.search(own)))
    if answers:
        return daemon and (
            all(signs) or (speaks_of_failure(own) and (sum(signs) > 1 or not mail.header("subject")))
        )
    said = sum(signs) > 1 and (speaks_of_failure(own) or all(signs))
    return said or (any(signs) and _known(mail) is not None)


def _written(mail: Mail) -> Sequence[Failure]:
    """Return what a mail without a report says in words."""
    own = _own(mail)
    stated = tuple(_ADDRESS.findall(mail.header("x-failed-recipients")))
    recipients = stated or _known(mail) or (_to(mail) or _named(mail, own),)
    if _DELAYED.search(own) or re.search(r"delay|warning", mail.header("subject"), re.IGNORECASE):
        return [Failure(kind=ReceiptKind.DELAYED, recipient=one) for one in recipients]
    why = cause(own or mail.header("subject"))
    return [Failure(kind=why.kind, recipient=one, error=why.error, code=why.code) for one in recipients]


def _known(mail: Mail) -> tuple[str, ...] | None:
    """Return who could not be reached by what the library knows of old servers; None when it knows nothing."""
    try:
        temporary, permanent = all_failures(as_message(mail))
    except Exception:  # whatever it stumbles over was made to be stumbled over
        return None
    found = tuple(sorted(address.decode("ascii", "replace") for address in permanent or temporary))
    return found or None


def _own(mail: Mail) -> str:
    """Return what the server wrote, without what it quotes."""
    text = mail.text or "\n".join(part.text for part in mail.parts if part.kind not in WHOLE)
    mark = _QUOTE.search(text, 40)
    return text[: mark.start()] if mark else text[:6000]


def _to(mail: Mail) -> str:
    """Return whom the mail that came back was for."""
    quoted = returned(mail)
    for line in _HEADER_TO.findall(quoted[:20000]):
        found = _ADDRESS.search(line)
        if found:
            return found[0]
    return ""


def _named(mail: Mail, own: str) -> str:
    """Return the first address in the words that is nobody's who mails."""
    ours = {
        found[0].lower()
        for name in ("from", "to", "return-path")
        for found in [_ADDRESS.search(mail.header(name))]
        if found
    }
    found = (one for one in _ADDRESS.findall(own) if one.lower() not in ours and not _DAEMON.match(one))
    return next(found, "")
