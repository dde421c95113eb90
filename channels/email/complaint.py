"""Complaints: somebody pressed "this is spam". Abuse reports (RFC 5965), and those that came before them."""

import re
from dataclasses import dataclass

from channels.email.incoming import WHOLE, Mail, heads

_NO_COMPLAINT = {"auth-failure", "dmarc", "not-spam", "virus"}
"""Feedback types that are no customer's wish (RFC 5965 7.3, RFC 6591, RFC 6430)."""
_OLD = re.compile(
    r"complaint about message|(abuse|spam|feedback loop|junk) (report|complaint|notification)"
    r"|^(email )?feedback report",
    re.IGNORECASE,
)
_TYPE = re.compile(r"^feedback-type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_HEAD = 1000
_OLD_SENDER = re.compile(r"staff@hotmail|feedback ?loop|fbl|abuse|complaint|scomp@", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,100}@[\w.-]{1,200}\w")


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """A report of abuse."""

    kind: str
    """Its feedback type: `abuse`, `fraud`, `opt-out`, ...; what is in `_NO_COMPLAINT` is none."""
    recipient: str = ""
    """Who complains; many reports leave it out."""

    @property
    def counts(self) -> bool:
        """Tell whether a customer complains."""
        return self.kind not in _NO_COMPLAINT


def complaint(mail: Mail) -> Complaint | None:
    """Return the report that a mail is, or None."""
    report = next(mail.of("message/feedback-report"), None)
    declared = "feedback-report" in mail.parameters.get("report-type", "").lower()
    if report is None:  # its type was lost on the way
        told = (part for part in mail.parts if part.kind not in WHOLE)
        report = next((part for part in told if _TYPE.search(part.text[:_HEAD])), None)
    if report is not None:
        fields = heads(re.sub(r"\n\s*\n", "\n", report.text.strip()))
        return Complaint(
            kind=fields.get("feedback-type", "abuse").lower().strip()[:40],
            recipient=_recipient(
                fields.get("original-rcpt-to", "") or fields.get("removal-recipient", ""), mail
            ),
        )
    if declared or _before_the_standard(mail):
        return Complaint(kind="abuse", recipient=_recipient(mail.header("x-hmxmroriginalrecipient"), mail))
    return None


def _before_the_standard(mail: Mail) -> bool:
    """Tell a complaint of the old kind: the whole mail is enclosed, sent by who sends such things."""
    enclosed = next(mail.of(*WHOLE), None)
    if mail.header("x-hmxmroriginalrecipient"):
        return True
    if enclosed is None:
        return False
    microsoft = "x-hmxmroriginalrecipient" in heads(enclosed.text.partition("\n\n")[0])
    named = _OLD.search(mail.header("subject")) and _OLD_SENDER.search(mail.header("from"))
    return microsoft or bool(named)


def _recipient(stated: str, mail: Mail) -> str:
    """Return who complains: as stated, else whom the enclosed mail was for."""
    enclosed = next(mail.of(*WHOLE), None)
    quoted = heads(enclosed.text.partition("\n\n")[0]) if enclosed else {}
    for value in (stated, quoted.get("x-hmxmroriginalrecipient", ""), quoted.get("to", "")):
        found = _ADDRESS.search(value)
        if found:
            return found[0]
    return ""
