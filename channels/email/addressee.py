"""Whom a mail that came back was for, where no report says so."""

import re
from itertools import islice

from channels.email.incoming import WHOLE, Mail
from channels.email.signs import DAEMON, QUOTE

_SIGNS = r"\s<>()\[\]:;,\"'=\uff1a\uff1b\uff0c\u3001\u3002\uff08\uff09\u3008-\u3011\u201c\u201d\u2018\u2019"
"""What ends an address, the wide signs of East Asian texts among it."""
ADDRESS = re.compile(
    rf"[^{_SIGNS}]{{1,100}}@(?:[\w.-]{{1,200}}\.[A-Za-z]{{2,63}}(?![A-Za-z0-9.-])|[\w.-]{{1,200}}\w)"
)
"""An address in a text: where no blank stands behind it, as in Chinese, it ends with its Latin top domain."""
_MOST = 20_000
_MOST_NAMED = 200
_FIELD = r"^[> \t]{0,6}%s:[ \t]*(.{1,200})$"
_PLACE = re.compile(
    r"(^[ \t>*<(-]{0,12}|(rcpt to|recipients?|address|userid|user|size|to|errors?):?[ \t]{0,4}<?)"
    rf"(?P<who>{ADDRESS.pattern})",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a server names who did not get the mail: at the head of a line, or after a word for a recipient."""
_SENDER = re.compile(r"^[> \t]{0,6}((original|envelope)[ -])?(mail )?(from|sender|message-id|reply-to)\b.{0,300}$",
                     re.IGNORECASE | re.MULTILINE)  # fmt: skip


def addressee(mail: Mail, own: str) -> str:
    """Return whom the mail that came back was for, '' where nothing says so.

    What the server names counts before the head of the mail that it returns: a mailbox may pass its mail on.

    Args:
        own: what the server wrote, without what it quotes.
    """
    stated = named_by(mail, "to")
    words = _SENDER.sub("", own[:_MOST])
    ours = {
        one.lower() for name in ("from", "to", "return-path") for one in ADDRESS.findall(mail.header(name))
    }
    named = [
        one
        for one in ADDRESS.findall(words)[:_MOST_NAMED]
        if one.lower() not in ours and not DAEMON.match(one)
    ]
    known = {one.lower() for one in named}
    placed = (
        found["who"] for found in islice(_PLACE.finditer(words), _MOST_NAMED) if found["who"].lower() in known
    )
    confirmed = (one for one in stated if one.lower() in known)
    return next(confirmed, "") or next(placed, "") or next(iter((*stated, *named)), "")


def named_by(mail: Mail, field: str) -> list[str]:
    """Return the addresses in a field of the mail that came back."""
    lines = re.findall(_FIELD % field, returned(mail)[:_MOST], re.IGNORECASE | re.MULTILINE)
    return [one for line in lines[:20] for one in ADDRESS.findall(line)[:20]]


def returned(mail: Mail) -> str:
    """Return the head and text of the mail that came back, '' where nothing came back with the report."""
    part = next(mail.of(*WHOLE), None)
    if part:
        return part.text
    mark = QUOTE.search(mail.text)
    return mail.text[mark.start() :] if mark else ""
