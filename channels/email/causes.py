"""Why a mail came back, from the words and codes of all the servers there are: whose fault it is, by which code.

Words come before codes, because servers write 5.1.1 or 5.7.1 on nearly everything. Of two readings the one that
spares the customer wins: an address is given up only for words or codes that speak of the address, and of nothing
of ours (reputation, SPF, DKIM, DMARC, block lists, relaying), and never for a full mailbox.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What a report says about one recipient."""

    kind: ReceiptKind
    error: ErrorClass
    code: str
    """An enhanced status code (RFC 3463) where there is one, else a word of ours."""


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_MOST = 2000
_NAMES = re.compile(r"[^\s<>()\[\]:;,\"']{1,100}@[\w.-]{1,200}")
"""Addresses say nothing, whatever words they are made of."""
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]|-?\w*\.\w)")
_BASIC = re.compile(r"(?<![\d.@:/-])([45]\d\d)(?=[ -][A-Za-z#\d<'\"(]|[ -]?$)", re.MULTILINE)

_EXPIRED = _words(
    r"(retry|queue|delivery) (time ?out|time|period|lifetime) (was )?(exceeded|"
    r"expired)",
    r"retry timeout exceeded",
    r"message (has )?expired",
    r"message timed out",
    r"(been|was) (in|on) (the|our) (mail )?queue (too long|for)",
    r"not be delivered (for|within|after) \d+ (hours|days)",
    r"maximum retr(y|ies)",
    r"gave up|giving up after",
    r"expired in queue", r"too many (hops|delivery attempts)", r"connection timed out|operation timed out",
     r"(could|can)(no|')?t (connect|contact|establish)",
    r"connection (was )?(refused|reset|dropped|closed|lost)", r"no answer from host|not respond",
    r"did not reply|network (is )?unreachable|no route to host|lost connection|"
    r"conversation with .{1,80} timed out",
    r"name service error|dns (lookup )?failure|temporary (dns|lookup|resolution)|"
    r"host name lookup failure|try again later",
)  # fmt: skip
_FULL = _words(
    r"quota",
    r"full mail ?box|(enough|more|free) space|space .{0,20}used up|space (is )?not enough|receiving limits|"
    r"mail file size exceeds|no (disk )?(space|storage)",
    r"mail ?box (is )?(now )?(full|over|too large|at its limit)",
    r"mailbox.{0,30}exceed",
    r"(box|folder).{0,60}(is|ist|esta|está|är) (full|voll|lleno|cheia|fullt?|pełn)",
    r"over.{0,12}(quota|storage|limit)",
    r"(insufficient|not enough|out of|exceed\w*).{0,30}(storage|disk|space)",
    r"mailbox size limit",
    r"disk (is )?full",
    r"too much mail data|has too many messages",
    r"mailbox (has )?exceeded",
    r"storage (limit|allocation|quota)|no space left",
    r"(inbox|account) (is )?full",
    r"exceeds? allotted|allocated (disk|storage)",
    r"postfach (ist )?(voll|überfüllt)",
    r"przepełnion|skrzynk\w+ .{0,20}pełn",
    r"caixa .{0,30}cheia",
    r"(postboks|postkasse|innboks)\w* .{0,20}full",
    r"inkorg\w* .{0,20}full", r"bo[iî]te .{0,30}pleine", r"buz[oó]n .{0,30}llen", r"переполнен",
)  # fmt: skip
_SENDER = _words(
    r"\bspf\b", r"\bdkim\b", r"\bdmarc\b", r"sender policy framework|domainkeys",
    r"(black|block|deny|reject) ?-?list",
    r"\b(dns|r|ur|su|x|s|d)bl\b",
    r"spamhaus|spamcop|sorbs|barracuda ?central|senderbase|brightmail|cloudmark|"
    r"trustedsource|abuseat|njabl|ordb\.|dsbl|mail-abuse",
    r"reputation",
    r"\brelay(ing)?\b.{0,40}(denied|not (allowed|permitted|accepted)|prohibited|"
    r"refused|disallowed)",
    r"(unable|refus\w+|not (allowed|permitted)|denied|no|cannot) (to )?relay",
    r"not (a|an) (open )?relay|rcpthosts|not a relay",
    r"relay (access )?denied|we do not relay|relaying (is )?(denied|disallowed)|not permitted to relay",
    r"not a gateway|(do|does)( not|n.?t) handle (e-?)?mail for|not in .{0,20}list of allowed",
    r"auth(entication|orization)? (is )?(required|failed)|must (be )?authenticate|"
    r"not authenticated|unauthenticated|authentifi\w+ .{0,20}invalid",
    r"sender ((e-?mail )?address |ip |address |ip address )?(verif\w+ fail|rejected|denied|refused|"
    r"not allowed|domain|blocked|unknown|banned)|sender ip\b",
    r"(bad|invalid|illegal|forged|unknown|unrout\w+|unresolvable|non-?existent) "
    r"(sender|return|reverse|envelope|from\b|mail from)",
    r"\bmail from\b.{0,40}(invalid|not|reject|unknown)|\bfrom: .{0,30}(invalid|reject)",
    r"(invalid|dynamic|generic|residential|dial-?up|your|this|client) ips?\b.{0,40}(send|reject|"
    r"block|not|address|listed|banned|denied|refus)|dynamic ips?\b|[ée]metteur",
    r"back-?scatter|\bbatv\b|(anti-?)?spoof",
    r"domain of sender|sender'?s? (domain|address|host).{0,60}(not|does|invalid|"
    r"unknown|reject)",
    r"reverse (dns|lookup|dns lookup)|\bptr\b|rdns|reverse hostname|invalid dns mx or a",
    r"\bhelo\b|\behlo\b",
)  # fmt: skip
_FILTER = _words(
    r"(your|sending|client) (ip|host|server|mail server|mta|domain|address) .{0,60}(blocked|"
    r"banned|listed|reject|denied|refused|not allowed|bad)",
    r"(ip|host|connection|server) (address )?.{0,60}(is |has been |was |were )?(blocked|"
    r"banned|blacklisted)",
    r"spam ?(ass|trap|source|ming|mer)?|unsolicited|\bu[bc]e\b|\bjunk|bulk ?(e-?)?mail",
    r"(policy|content|security) (reasons?|violation|reject|restriction|filter)|"
    r"violat\w+ .{0,40}policy|local policy|against .{0,30}policy",
    r"(message|mail|content|email) .{0,40}(blocked|filtered|refused|rejected) .{0,30}(by|"
    r"as|due|because|for) .{0,40}(filter|policy|content|spam|url|link|reputation|"
    r"administrator)",
    r"contains? .{0,40}(url|link|phish|suspicious|spam)",
    r"administrative(ly)? (prohibit|den|reject)|access (to .{0,40} )?(denied|"
    r"refused)|not authorized|unauthori[sz]ed|permission denied",
    r"only accepts? (mail|messages) from|restricted (to|address|group|recipient)|"
    r"not allowed to send|moderat|sender (is )?not (on|in|allowed)|senders? list",
    r"too many (connections|recipients|messages)|rate limit|throttl|deferred due to|"
    r"user complaints",
    r"challenge|whitelist|confirm that you",
    r"too many (invalid|bad|unknown|wrong|errors)|at a rate",
    r"(rejected|refused|blocked) by (this|the|a) (user|recipient)\b(?! (domain|server|mail|host|system))|"
    r"user rules|recipient preferences|"
    r"(accept\w*|receiv\w*|want) (any )?(e-?mails?|messages?|connections?) from",
    r"(certificate|tls|encryption) (is )?(required|fail|verif)",
    r"5\.7\.\d{2,3}",
    r"\barc\b fail|unaligned|gatekeeper|suspicious|malicious|fraud|phish",
    r"domain .{0,40}(blocked|prohibited)|:blocked\)|bad (e-?mail )?client|prohibited",
)  # fmt: skip
_MESSAGE = _words(
    r"(message|mail|size|file|body|attachment)s? .{0,60}(too (big|large)|exceed|"
    r"larger than|over(sized)? )",
    r"(exceed\w*|larger than|over).{0,40}(maximum|message|size|limit)",
    r"maximum .{0,30}(size|message)",
    r"too (big|large)",
    r"virus|infected|malware|attachment|executable",
    r"(syntax|format|encoding|mime|header|charset) (error|not|is|problem|invalid)|"
    r"malformed(?! or unexpected)|8bit|not rfc|message (format|content)|duplicate header|conversion",
    r"für gro(ß|ss)|zu gro(ß|ss)|trop (grand|gros|volum)|demasiado grande|muito grande|for stor|zbyt duż",
)  # fmt: skip
_NOBODY = _words(
    r"(user|recipient|mailbox|address|account|addressee|alias|login|name|destination|"
    r"box|person|customer)s?( \S{1,80})? .{0,60}(unknown|not (a )?(known|valid|"
    r"found|exist|recogni[sz]ed|listed|present|registered|local|here|active|available|"
    r"our)|does ?n.?t exist|do(es)? not exist|no longer|nonexist|non-?exist|invalid|"
    r"inactive|disabled|deactivated|suspended|closed|expired|cancell?ed|terminated|"
    r"removed|deleted|discontinued|undeliverable|unavailable|not available|unrout|"
    r"is gone|no such|no mailbox|has moved|ambiguous|locked|isn.?t)",
    r"(unknown|no such|invalid|non-?existent|nonexistant|not a (valid|known)|"
    r"deactivated|unrout(e)?able|undeliverable|bad|illegal|inactive|disabled|"
    r"unrecogni[sz]ed|incorrect|wrong|dead|expired|no)[ _-].{0,30}(user|recipient|"
    r"mail ?box|address|account|local|person|alias|name here|destination|domain|"
    r"host|subscriber|customer|addressee)",
    r"(user|recipient|mailbox|address) .{0,40}(rejected|refused|blocked by recipient)",
    r"name not found|not listed in|(in|public|address|name|domino)\b.{0,20} directory|"
    r"could ?n.?t (find|be found)|cannot be found|not be found|wasn.?t found|"
    r"was not found|no one|nobody|no (valid )?recipients?",
    r"(does|do|did) ?(not|n.?t) (have|like|accept|exist|handle|host|know|match)|"
    r"doesn.?t (exist|have|like)|not exist|has no mailbox|have an? .{0,20}(mailbox|"
    r"account)|not our customer|no longer (work|valid|employ|with|in use|avail|"
    r"here|receiv|monitored|exist|on server)|not a member",
    r"(host|domain|server|name)( \S{1,80})? .{0,30}(unknown|not found|does ?n.?t exist|"
    r"do(es)? not exist|not exist|invalid|non-?exist)",
    r"nxdomain|unknown (host|domain)|host not found|no (mx|such (host|domain))|"
    r"mx record|unrouteable|unroutable|not a gateway|no mail host|null mx|illegal host",
    r"\bx >? ?not found|archived recipient|not an active address|not a local address|recipient not ok|"
    r"non[- ]exist|can.?t accept user|rejected recipients?|no matches to nameserver|(bad|valid)(rcpt|recipient)to|"
    r"missing home dir|find the recipient domain|lookups? failed permanently|answer with no data|"
    r"recipient (domain must exist|has been denied)",
    r"nosuchuser|recipnotfound|recipient.?notfound|badrcptto|bad destination|"
    r"bad address|this user .{0,30}(n.?t|no) ",
    r"(previous|hard) bounce|suppression list|on .{0,30}suppression|mailbox (unavailable|"
    r"disabled|not)",
    r"unbekannt|existiert nicht|nicht (gefunden|vorhanden|bekannt|existent|zugestellt)|"
    r"ungültig",
    r"nie istnieje|nieznany|nie ma takiego|nieprawidłow|nie (został[ao]? )?znalezion|zablokowan",
    r"não (existe|encontrad|foi (poss|encontrad))|inexistente|desconhecid|inválid|usuário",
    r"finnes ikke|ukjent|ble ikke funnet|eksisterer ikke|ugyldig",
    r"finns (inte|ej)|okänd|hittades inte|kunde inte hittas|existerar inte|ogiltig",
    r"inconnu|n.?existe pas|introuvable|invalide|inexist|non r[ée]pertori",
    r"no existe|desconocid|no (se )?encontr",
    r"не (существует|найден)|неизвест|отключен|недоступен|удален|заблокирован",
    r"不存在|无此用户|不正确|存在しません|宛先|見つかりません|リストにありません",
    r"onbekend|bestaat niet",
    r"sconosciut|non esiste|inesistente|nessun utente",
    r"tuntematon|ukendt",
)  # fmt: skip
_SOON = _words(
    r"grey ?-?list|gray ?-?list",
    r"try (again )?later|temporar|please retry|system (is )?(busy|overload)|too busy",
    r"(resources|service|server|system) (is )?(temporarily |currently )?(unavailable|"
    r"not available|overloaded|busy|shutting)",
    r"(internal|local|system|configuration|server) (server )?(error|problem|resource)",
    r"inactivity|load",
)  # fmt: skip

_AGAIN = _words(r"try again later|temporar")
_PASSING = _words(
    r"(?<!not )(?<!not a )(?<!than )(?<!than a )temporar(il)?y|try again (later|in\b)|host not found,? try again",
    r"no (valid )?route to|(network|host) (is )?unreachable|connection (was )?(refused|reset)|all routes|"
    r"(did|does)( not|n.?t) accept our requests? to connect",
)
"""Words about a while, or about the way there: nothing about who lives at its end, whatever the code says."""
_LOOP = _words(r"looping|mail loop|routing loop|loops? back|hop count|too many hops")

_SURE_ADDRESS = {"5.4.1", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_BY_STATUS = {
    "5.1.0": ErrorClass.ADDRESS,
    "5.1.4": ErrorClass.ADDRESS,
    "5.1.5": ErrorClass.ADDRESS,
    "5.1.7": ErrorClass.CONFIG,
    "5.1.8": ErrorClass.CONFIG,
    "5.1.9": ErrorClass.CONFIG,
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
    (_FULL, ErrorClass.TRANSIENT, "mailbox_full"),
    (_SENDER, ErrorClass.CONFIG, "policy"),
    (_FILTER, ErrorClass.CONFIG, "filter"),
    (_LOOP, ErrorClass.TRANSIENT, "loop"),
    (_MESSAGE, ErrorClass.DATA, "message"),
    (_NOBODY, ErrorClass.ADDRESS, "address"),
    (_SOON, ErrorClass.TRANSIENT, "temporary"),
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
        not enhanced and (basic[1][0] == "4" if basic else bool(_AGAIN.search(words)))
    )
    error, word = _told(words, enhanced)
    telling = error is ErrorClass.CONFIG or word == "mailbox_full"
    tired = not telling and (soft or error is None) and bool(_EXPIRED.search(words))
    given_up = tired or word == "loop" or enhanced in _EXPIRED_STATUS
    if given_up or (error is ErrorClass.ADDRESS and (soft or bool(_PASSING.search(words)))):
        return Cause(
            kind=ReceiptKind.EXPIRED, error=ErrorClass.TRANSIENT, code=_code(enhanced, "expired", None)
        )
    if error is None:
        error, word = _by_code(enhanced, basic[1] if basic else "")
    return Cause(kind=ReceiptKind.BOUNCED, error=error, code=_code(enhanced, word, error))


def _code(enhanced: str, word: str, error: ErrorClass | None) -> str:
    """Return the enhanced code, but our word where the code blames an address that the words do not."""
    misleads = enhanced in _SURE_ADDRESS and error is not ErrorClass.ADDRESS
    return word if misleads or not enhanced else enhanced


def says_enough(status: str) -> bool:
    """Tell whether a status alone says that the address is none."""
    return _enhanced("", status) in _SURE_ADDRESS


def speaks_of_failure(words: str) -> bool:
    """Tell whether a text gives any reason for a failure."""
    words = _plain(words)
    return bool(_said(words)) or bool(_EXPIRED.search(words))


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
    if enhanced in _SURE_ADDRESS and ErrorClass.ADDRESS in errors and not about_us:
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
    known = _BY_STATUS.get(enhanced) or _BY_SUBJECT.get(enhanced.rpartition(".")[0])
    if known:
        return known, enhanced
    return ErrorClass.TRANSIENT, basic or "unclear"
