"""Words by which servers say why they did not take a mail: seven reasons, in the languages that servers speak."""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_OURS = (
    r"(unknown|not\b|n.?t\b|\bno\b|invalid|suspend|disabled|lock|denied|deny|reject|refus|closed|expired|missing|fail|"
    r"\bbad\b|banned|listed)"
)
"""What is said of us, right behind a word for us."""
_SENDERS = (
    r"(avsender|avsändar|absender|nadawc|remetente|remitente|mittente|exp[ée]diteur|afzender|lähettäj|odes[ií]latel|"
    r"отправител|发件人|寄件者|送信者|差出人)"
)
_NOT_TAKEN = (
    r"(ugyldig|ukjent|ukendt|avvis|afvis|sperr|spærr|blok|ogiltig|okänd|nekad|spärr|block|ungültig|unbekannt|"
    r"abgelehnt|nieprawid|nieznan|odrzuc|inv[áa]lid|desconhecid|rejeitad|recusad|bloquead|desconocid|rechazad|"
    r"sconosciut|rifiutat|bloccat|non valid|inconnu|refus|rejet|onbekend|ongeldig|geweigerd|неизвест|отклон|не существ|"
    r"不存在|被拒|拒绝|拒否)"
)
_MACHINE = r"(?:server|system|service|network|gateway|connect|relay)"
_NO_MACHINE = r"(?:(?!" + _MACHINE + r")[^\n])"
"""A sign between a recipient and what is said of it. What is said of a machine says nothing of who lives behind it."""
_NO_OTHER = (
    r"(?:(?!\b(?:from|for|to|of|in|offered|response|connection|credential|password|header|mime|format|disk)\b)"
    r"[^\n])"
)

EXPIRED = _any(
    r"(retry|queue|delivery) (time ?out|time|period|lifetime) (was )?(exceeded|"
    r"expired)",
    r"retry timeout exceeded",
    r"message (has )?expired",
    r"message timed out",
    r"(been|was) (in|on) (the|our) (mail )?queue (too long|for)",
    r"not be delivered (for|within|after) \d+ (hours|days)",
    r"maximum retr(y|ies)",
    r"gave up|giving up(?! on)",
    r"expired in queue", r"too many (hops|delivery attempts)", r"connection timed out|operation timed out",
     r"(could|can)(no|')?t (connect|contact|establish)",
    r"connection (was )?(refused|reset|dropped|closed|lost)",
    r"no (free )?(answer|response|reply|connection)\b|not respond",
    r"did not reply|network (is )?unreachable|no route to host|lost connection|"
    r"conversation with .{1,80} timed out",
    r"name service error|dns (lookup )?failure|temporary (dns|lookup|resolution)|"
    r"host name lookup failure|try again later",
)  # fmt: skip
FULL = _any(
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
    r"przepe[łl]nion|skrzynk\w+ .{0,20}pe[łl]n",
    r"caixa .{0,30}cheia",
    r"(postboks|postkasse|innboks)\w* .{0,20}full",
    r"inkorg\w* .{0,20}full", r"bo[iî]te .{0,40}(pleine|satur)", r"(buz[oó]n|casilla|bandeja) .{0,40}llen",
    r"переполнен|ящик заполнен|квот",
    r"\b(kvote|kvot|kvót|[ck]ota|cuota|kontingent|kiintiö|speicherplatz)|lotad|"
    r"(casella|mailbox) .{0,30}pien|postvak .{0,20}vol\b",
    r"(postkasse|indbakke)\w* .{0,20}fuld|(brevlåda|postlåda)\w* .{0,20}full|posteingang .{0,30}voll|täynnä",
    r"(armazenamento|almacenamiento|espaço|espacio|archiviazione|stockage)|limit\w* skrzynk|skrzynk\w+ .{0,30}zapełn",
    r"已满|空间不足|いっぱい|一杯|満杯|容量|가득|용량",
)  # fmt: skip
SENDER = _any(
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
    r"not authenticated|unauthenticated|passwords?\b|credentials?\b|authentifi\w+ .{0,20}invalid",
    r"sender ((e-?mail )?address |ip |address |ip address )?(verif\w+ fail|rejected|denied|refused|"
    r"not allowed|domain|blocked|unknown|banned)|sender ip\b",
    r"(bad|invalid|illegal|forged|unknown|unrout\w+|unresolvable|non-?existent) "
    r"(sender|return|reverse|envelope|from\b|mail from)",
    r"\bmail from\b.{0,40}(invalid|not|reject|unknown)|\bfrom: .{0,30}(invalid|reject)",
    r"(invalid|dynamic|generic|residential|dial-?up|your|this|client) ips?\b.{0,40}(send|reject|"
    r"block|not|address|listed|banned|denied|refus)|dynamic ips?\b|[ée]metteur",
    r"back-?scatter|\bbatv\b|(anti-?)?spoof",
    r"verif\w+ (the |your )?(sender|from)|\b(sender|from) (address )?(is |was )?not verif",
    r"domain of sender|sender'?s? (domain|address|host|mailbox|account|mx)\b.{0,60}" + _OURS,
    r"\byour (own )?((e-?)?mail |sending |sender |smtp |from |envelope |return |outgoing |isp |server'?s? )?"
    r"(account|domain|host|hostname|server|ip|sender|name|mta|network|provider)\b.{0,60}" + _OURS,
    r"(domain|mx|address|account|host|server|name|records?) (of|for|from) (the |your |its )?(sender|return|envelope)",
    _SENDERS + r"\w* .{0,25}" + _NOT_TAKEN,
    _NOT_TAKEN + r"\w* (\w+ )?" + _SENDERS,
    r"(发件人|送信者|差出人|отправител).{0,20}" + _NOT_TAKEN,
    r"\bip\b.{0,40}(blok|block|bloqu|bloccat|sperr|spärr|zablok|заблок)|uceprotect|\bopen relay|"
    r"(?<!not )(?<!n't )\blisted (at|by)\b|internal list",
    r"czarn\w+ li[sś]|svarte?liste?|sortliste|list[ae] ne(gr|r)a|liste noire|schwarze\w* liste|ч[её]рн\w+ спис|黑名单",
    r"reverse (dns|lookup|dns lookup)|\bptr\b|rdns|reverse hostname|invalid dns mx or a",
    r"\bhelo\b|\behlo\b",
)  # fmt: skip
FILTER = _any(
    r"(your|sending|client) (ip|host|server|mail server|mta|domain|address) .{0,60}(blocked|"
    r"banned|listed|reject|denied|refused|not allowed|bad)",
    r"(ip|host|connection|server) (address )?.{0,60}(is |has been |was |were )?(blocked|"
    r"banned|blacklisted)",
    r"spam ?(ass|trap|source|ming|mer)?|unsolicited|\bu[bc]e\b|\bjunk|bulk ?(e-?)?mail",
    r"(policy|content|security) (reasons?|violation|reject|restriction|filter)|"
    r"(?<!privacy )\bpolic(y|ies)\b",
    r"(message|mail|content|email) .{0,40}(blocked|filtered|refused|rejected) .{0,30}(by|"
    r"as|due|because|for) .{0,40}(filter|policy|content|spam|url|link|reputation|"
    r"administrator)",
    r"contains? .{0,40}(url|link|phish|suspicious|spam)",
    r"administrative(ly)? (prohibit|den|reject)|access (to .{0,40} )?(denied|"
    r"refused)|not authorized|unauthori[sz]ed|permission denied",
    r"only accepts? (mail|messages) from|restricted (to|address|group|recipient)|"
    r"not allowed to (send|connect)|blocked senders?|frequency limited|content (was )?(denied|rejected)",
    r"moderat|sender (is )?not (on|in|allowed)|senders? list",
    r"too many (connections|recipients|messages)|rate limit|throttl|deferred due to|"
    r"user complaints",
    r"challenge|whitelist|confirm that you",
    r"too many (invalid|bad|unknown|wrong|errors)|at a rate",
    r"(rejected|refused|blocked) by ((this|the|a) )?(user|recipient)s?\b(?! (domain|server|mail|host|system))|"
    r"user rules|recipient preferences|"
    r"(accept\w*|receiv\w*|want) (any )?((e-?)?mails?|messages?|connections?) from",
    r"(certificate|tls|encryption) (is )?(required|fail|verif)|\bno (tls|encryption)",
    r"\bfiltered\b|\bblocked\b(?! by recipient| due to inactiv)",
    r"5\.7\.\d{2,3}",
    r"\barc\b fail|unaligned|gatekeeper|suspicious|malicious|fraud|phish",
    r"domain .{0,40}(blocked|prohibited)|:blocked\)|bad (e-?mail )?client|prohibited",
)  # fmt: skip
MESSAGE = _any(
    r"(message|mail|size|file|body|attachment)s? .{0,60}(too (big|large)|exceed|"
    r"larger than|over(sized)? )",
    r"(exceed\w*|larger than|over).{0,40}(maximum|message|size|limit)",
    r"maximum .{0,30}(size|message)",
    r"too (big|large)",
    r"virus|infected|malware|attachment|executable",
    r"(syntax|format|encoding|mime|header|charset) (error|not|is|problem|invalid)|"
    r"(bad|invalid|illegal|missing|broken) (mime|headers?)\b|malformed(?! or unexpected)|8bit|not rfc",
    r"message (format|content)|duplicate header|conversion",
    r"für gro(ß|ss)|zu gro(ß|ss)|trop (grand|gros|volum)|demasiado grande|muito grande|for stor|zbyt duż",
)  # fmt: skip
NOBODY = _any(
    r"(user|recipient|mailbox|address|account|addressee|alias|login|name|destination|"
    r"box|person|customer)s?(?! (?:mail |smtp )?" + _MACHINE + r")( \S{1,80})? "
    + _NO_MACHINE + r"{0,60}(unknown|not (a )?(known|valid|"
    r"found|exist|recogni[sz]ed|listed|present|registered|local|here|active|available|"
    r"our)|does ?n.?t exist|do(es)? not exist|no longer|nonexist|non-?exist|invalid|"
    r"inactive|disabled|deactivated|suspended|closed|expired|cancell?ed|terminated|"
    r"removed|deleted|discontinued|undeliverable|unavailable|not available|unrout|"
    r"is gone|no such|no mailbox|has moved|ambiguous|locked|isn.?t)",
    r"(unknown|no such|invalid|non-?existent|nonexistant|not a (valid|known)|"
    r"deactivated|unrout(e)?able|undeliverable|bad|illegal|inactive|disabled|"
    r"unrecogni[sz]ed|incorrect|wrong|dead|expired|no)[ _-]" + _NO_OTHER + r"{0,30}(user|recipient|"
    r"mail ?box|address|account|local|person|alias|name here|destination|domain|"
    r"host|subscriber|customer|addressee)",
    r"(user|recipient|mailbox|address) .{0,40}(rejected|refused|blocked by recipient)",
    r"name not found|not listed in|(in|public|address|name|domino)\b.{0,20} directory|"
    r"could ?n.?t (find|be found)|cannot be found|not be found|wasn.?t found|"
    r"was not found|no one|nobody|no (valid )?recipients?",
    r"(does|do|did) ?(not|n.?t) (have|like(?! recipient)|accept|exist|handle|host|know|match)|"
    r"doesn.?t (exist|have|like(?! recipient))|not exist|has no mailbox|have an? .{0,20}(mailbox|"
    r"account)|not our customer|no longer (work|valid|employ|with|in use|avail|"
    r"here|receiv|monitored|exist|on server)|not a member",
    r"(host|domain|server|name)( \S{1,80})? .{0,30}(unknown|not found|does ?n.?t exist|"
    r"do(es)? not exist|not exist|invalid|non-?exist)",
    r"nxdomain|name or service not known|unknown (host|domain)|host not found|no (mx|such (host|domain))|"
    r"mx record|unrouteable|unroutable|not a gateway|no mail host|null mx|illegal host",
    r"\bx >? ?not found|archived recipient|not an active address|not a local address|recipient not ok|"
    r"non[- ]exist|can.?t accept user|rejected recipients?|no matches to nameserver|(bad|valid)(rcpt|recipient)to|"
    r"missing home dir|find the recipient domain|lookups? failed permanently|answer with no data|"
    r"recipient (domain must exist|has been denied)",
    r"nosuchuser|recipnotfound|recipient.?notfound|badrcptto|bad destination|"
    r"bad address|this user .{0,30}(n.?t|no) ",
    r"(previous|hard) bounce|suppression list|on .{0,30}suppression|mailbox (unavailable|"
    r"disabled|not)",
    r"unbekannt|existiert nicht|nicht (gefunden|vorhanden|bekannt|existent)|"
    r"ungültig",
    r"nie istnieje|nieznany|nie ma takiego|nieprawidłow|nie (został[ao]? )?znalezion|zablokowan",
    r"não (existe|encontrad|foi (poss\w+ (encontr|localiz)|encontrad))|inexistente|desconhecid|inválid|"
    r"(conta|caixa) .{0,30}(desativad|cancelad|exclu[íi]d|removid)",
    r"fin(ne|de)s ikke|ukjent|(ble|blev|kunne|fant) ikke (bli |be |blive )?(funnet|fundet|findes|adress)|"
    r"eksisterer ikke|ugyldig|fant ikke",
    r"finns (inte|ej)|okänd|hittades inte|(inte|inte att) (gick att )?hitta|existerar inte|ogiltig",
    r"ingen (slik|sådan|sånn) (bruker|mottak|adress|postkasse|användare|postlåda|brevlåda|bruger)",
    r"inconnu|n.?existe pas|introuvable|invalide|inexist|non r[ée]pertori",
    r"no existe|desconocid|no (se )?(ha )?encontr",
    r"не (существует|найден)|неизвест|отключен|недоступен|удален|заблокирован",
    r"不存在|无此用户|不正确|找不到|存在しません|宛先(が)?不明|見つかりません|見つからない(?!か)|リストにありません",
    r"onbekend|bestaat niet|niet (worden )?gevonden",
    r"sconosciut|non esiste|inesistente|nessun utente|non (è stato )?trovat",
    r"tuntematon|ukendt|ei löydy|ei löytyn|neexistuje|nenaleze|nebyl[ao]? nalezen|possibly incorrect|due to inactivity",
)  # fmt: skip
SOON = _any(
    r"grey ?-?list|gray ?-?list",
    r"try (again )?later|temporar|please retry|system (is )?(busy|overload)|too busy",
    r"(resources|service|server|system) (is )?(temporarily |currently )?(unavailable|"
    r"not available|overloaded|busy|shutting)",
    r"(internal|local|system|configuration|server) (server )?(error|problem|resource)",
    r"inactivity time|load|limit (is |was |has been )?(exceed|reach)|混み合",
    r"intern\w* (fehler|feil|fel)\b|erro interno|erreur interne|error interno|errore interno|błąd wewn",
)  # fmt: skip

AGAIN = _any(r"try again later|temporar")
PASSING = _any(
    r"(?<!not )(?<!not a )(?<!than )(?<!than a )temporar(il)?y|try again (later|in\b)|host not found,? try again",
    r"no (valid )?route to|(network|host) (is )?unreachable|connection (was )?(refused|reset)|all routes|"
    r"(did|does)( not|n.?t) accept our requests? to connect",
)
"""Words about a while, or about the way there: nothing about who lives at its end, whatever the code says."""
LOOP = _any(r"looping|mail loop|routing loop|loops? back|hop count|too many hops")
