"""Answers: those that a machine gives for its owner (RFC 3834), and those that a person wrote."""

import re

from channels.email.incoming import Mail
from tidings.keywords import own_text

_MACHINE_HEADER = re.compile(
    r"x-(mail(er)?-?)?auto-?(repl|respond|response(?!-suppress$)|answer)|x-(vacation|away-message|boxbe-cr)$|"
    r"x-fc-machinegenerated$"
)
"""`X-Auto-Response-Suppress` is none of them: it asks us not to answer, and people's programs write it, too."""
_READ_RECEIPT = "message/disposition-notification"
_MACHINE_SUBJECT = re.compile(
    r"^auto ?[:-]|out of (the )?office|auto(matic|mated)?[-_ ]?(re(ply|sponse|spond)|generated|"
    r"mail|notif)|away from|vacation|on (holiday|leave)|absen(ce|t)|thank you for (your|"
    r"contacting)|acknowledg|receipt of your|we (have )?received your|challenge|"
    r"confirm(ation)? (required|your|that|request)|verify your (e-?mail|message)|"
    r"please (confirm|verify)|whitelist|"
    r"abwesen|automatische|ferien|urlaub|eingangsbestätigung|nicht im büro|"
    r"automatisk|fraværende|fravær|ikke (til stede|på kontoret)|ferie\b|permisjon|borte|"
    r"frånvar|semester|ej på kontoret|inte på kontoret|autosvar|"
    r"poza biurem|nieobecn|urlop|automatyczna|autoodpowied|"
    r"fora do escrit|ausên|ausent|férias|resposta autom|de férias|"
    r"absent du bureau|réponse automatique|en congé|fuera de la oficina|respuesta autom|"
    r"vacaciones|assente|risposta automatica|afwezig|poissa|automatis|automaat|automatick|автоответ|автоматическ|"
    r"自動(返信|応答|回答)|自动(回复|答复)|自動回覆|자동 ?(회신|응답)",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"boxbe|spam ?arrest|bluebottle|tmda|challenge.?response|sendmail-captcha|"
    r"earthlink.{0,40}(suspect|spamblocker)|click .{0,60}(link|here).{0,80}(deliver|"
    r"verif|confirm|approve)|(verify|confirm) that you are (a )?(human|real|not)|"
    r"to prove .{0,40}(human|person)|approved? sender|allowed sender|request to be added|"
    r"(clique|cliquez|haga clic|kliknij|klicken|klikk|klicka)\b.{0,80}(confirm|encaminh|humain|human|autentic|authent|"
    r"potwierd|bestätig|bekreft|bekräft)|antispam uol|mailinblack",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"^\s{0,4}>|^-{2,}\s?(original|opprinnelig|ursprung|oryginaln|mensagem|ursprüng|"
    r"forwarded)|^_{10,}$|^.{0,200}(wrote|skrev|napisał|napisała|escreveu|schrieb|"
    r"pisze|a écrit)\s?:?\s?$|^(from|fra|från|od|de|von): .{1,200}@",
    re.IGNORECASE | re.MULTILINE,
)
SUBMITTED = "auto_submitted"
"""It says so itself (RFC 3834)."""
BULK = "bulk"
"""Sent by a machine, a list or a server, and perhaps no answer at all: a bounce may look like that."""
CHALLENGE = "challenge"
"""A filter asks the sender to prove something; it may dress up as a delivery report."""
MOST = 20_000
"""Characters of an answer that are kept."""


def answers_itself(mail: Mail) -> str:
    """Return what shows that no person wrote a mail: else ''."""
    submitted = mail.header("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return SUBMITTED
    if any(_MACHINE_HEADER.match(name) for name in mail.headers) or _is_read_receipt(mail):
        return "header"
    precedence = mail.header("precedence").strip().lower().replace("-", "_")
    if precedence == "auto_reply":
        return "header"
    if _CHALLENGE.search(own_text(mail.text[:MOST])[:4000]) or _CHALLENGE.search(mail.header("from")):
        return CHALLENGE
    subject = mail.header("subject")
    if _MACHINE_SUBJECT.search(subject) and not subject.lower().startswith("re:"):
        return "subject"
    bulk = precedence in {"bulk", "junk", "list"} or "list-id" in mail.headers or any(mail.of(_READ_RECEIPT))
    return BULK if bulk or mail.header("return-path").strip() == "<>" else ""


def _is_read_receipt(mail: Mail) -> bool:
    """Tell a person's read receipt from the refusal of a server that dresses it up as one (Dovecot, RFC 5429)."""
    return any("automatic-action" not in part.text.lower() for part in mail.of(_READ_RECEIPT))


def own_words(mail: Mail) -> str:
    """Return what the person wrote, without what is quoted below; all of it when nothing would be left."""
    text = mail.text[:MOST].strip()
    mark = _QUOTED.search(text)
    above = text[: mark.start()].strip() if mark else text
    return above or text
