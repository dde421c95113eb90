"""By what a mail without a report shows that a server wrote it, and where that server's own words end."""

import re

DAEMON = re.compile(
    r"^\s*<>|mailer[-_ ]?daemon|post[-_ ]?master|mail ?delivery|mdaemon|delivery[-_ ]?(sub)?system|"
    r"mail(ing)? ?system|mail administrator|system administrator|maildaemon|mail[-_]server|"
    r"\bbounces?([-+=][^@\s<>]{0,200})?@|mmdf|\bsmtp[@\">]|^smtp\b|"
    r"mail router|mail system|microsoft ?exchange|internet mail|"
    r"daemon@|mail\.?daemon|notification@|undeliver",
    re.IGNORECASE,
)
SUBJECT = re.compile(
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
    r"unzustellbar|nicht zustellbar|zustellung|übermittlung|zurückgewiesen|niedostarcz|"
    r"nie (można )?dostarczy|non recapitabil|não é possível entregar|no se puede entregar|"
    r"kan (ikke|inte) lever|ikke leveret|未送達|配信不能|エラー通知|недостав|"
    r"zwrot|não (foi )?entreg|falha|devolvid|uleverbar|ikke lever|kunne ikke|"
    r"levering|olevererbar|kunde inte|obeställbar|leverans|non remis|échec|no entregad|"
    r"devuelt|не доставлен|недоставлен|ошибка|退信|送信|配信|mislykt|misslyck|nieudan|"
    r"kan niet|onbestelbaar|mancata consegna|impossibile",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"this is the .{0,60}(program|mail|server|postfix|qmail)|i'?m (sorry|afraid)|"
    r"automatically (by|generated)|could ?n.?t (be )?(deliver|send|reach)|could not (be )?(deliver|"
    r"send|reach)|was not deliver|(has|have) not been deliver|not be deliver|"
    r"undeliver|unable to (deliver|send)|cannot (be )?deliver|delivery (to the following|"
    r"of the|failed|failure|has failed|status|attempt)|did(n.t| not) reach|returned (to|"
    r"because|by|as|unopened)|failed (address|recipient|to deliver)|bounced|permanent (fatal )?error|"
    r"fatal error|had (permanent|delivery)|error (occurred|while|sending|transferring)|"
    r"(message|mail|e-?mail).{0,60}(rejected|blocked|refused|not accepted|returned|"
    r"was not|failed)|transcript of session|error message|no longer|rejected your|delivery problem|"
    r"nie powiodło się|misslyckades|mislyktes|échec de la remise|impossibile recapitare|falha na entrega|"
    r"nicht zugestellt|konnte nicht|unzustellbar|fehlgeschlagen|nie (mogła|została|można|udało)|"
    r"não (pôde|foi|pode)|kunne ikke|kan ikke|kunde inte|gick inte|n.a pas pu|"
    r"no (se )?(pudo|ha)|не (был|может|удалось)|无法|退回|送信できません|配信",
    re.IGNORECASE,
)
QUOTE = re.compile(
    r"^[-=_*> \t|]{0,40}((below (this line )?is a copy|this is a copy of|(here is|"
    r"a copy of|the (body|headers?|first|text) of).{0,40}(message|mail)|"
    r"received: ?from|return-path:|message-id:)[^\n]{0,80}|"
    r"((the|your) )?(original|returned|undelivered|unsent|rejected|failed|begin(ning)? of|message (?=text|head))"
    r"[ \w]{0,30}(message|mail|text|headers?)( (text|headers?))?"
    r"( (follows?|is (following|attached|below)|attached|begins?))?[-=_*> \t|.:]{0,60})$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line below which the mail stands that came back."""
DELAYED = re.compile(
    r"warning message only|do(es)? not need to (resend|do)|will (continue|keep|"
    r"be retried|be attempted|try|retry)|still (being )?(tr(y|ied)|undelivered|"
    r"in (the )?queue)|not yet been deliver|(has|have|been|is|was) delayed|delivery .{0,30}delayed|"
    r"no action is required|(?<!no further )delivery attempts will|attempts to deliver .{0,40}will|"
    r"could not send message for past|not been able to deliver .{0,40}yet|(verzögert|"
    r"opóźni|försenad|fördröj|forsinke|atrasad|retard|retras|ritard|vertraagd|viiväst|zpožděn|keep(s)? trying|задерж)",
    re.IGNORECASE,
)
