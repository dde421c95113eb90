"""Reads headers with nothing but the interpreter's own `email`: python3.X read_headers.py CORPUS.

Prints one line for each that says something else than was meant.
"""

import json
import sys
from email.parser import BytesParser
from email.policy import SMTP, compat32
from pathlib import Path

LONGEST = 998
"""Bytes of a line (RFC 5322, 2.1.1)."""


def wrong_of_mail(told):
    """Yield what is not as it was meant in the headers of a whole mail."""
    message = read(told["head"], SMTP)
    found = dict(message.items())
    if message.keys() != read(told["head"], compat32).keys() or len(found) != len(message.keys()):
        yield f"headers {message.keys()}"
    # Read without its body, a multipart message is none to Python 3.11.2: that is not the headers' doing.
    own = [one for one in message.defects if type(one).__name__ != "MultipartInvariantViolationDefect"]
    defects = [*own, *(one for value in found.values() for one in value.defects)]
    if defects or message.get_payload().strip():
        yield f"defects {defects}"
    if {"bcc", "cc", "sender", "resent-to"} & {key.lower() for key in found}:
        yield f"a header that nobody wrote: {list(found)}"
    if addresses(found["To"]) != [told["to"]]:
        yield f"To {addresses(found['To'])}"
    if squeezed(told["subject"]) not in squeezed(found["Subject"]):
        yield f"Subject {found['Subject']!r}"
    if any(end in value for value in found.values() for end in "\r\n"):
        yield "a line end inside a header"
    if max(map(len, told["head"].split("\r\n"))) > LONGEST:
        yield "a line that is too long"


def wrong_of_mailbox(told):
    """Yield what is not as it was meant in a To field with the name in it."""
    field = read(told["field"], SMTP)
    to = field["To"]
    if field.keys() != ["To"] or addresses(to) != [told["to"]] or field.get_payload():
        yield f"the mailbox {to!r}"
    elif told["shown"] and squeezed(to.addresses[0].display_name) != squeezed(told["shown"]):
        yield f"the name {to.addresses[0].display_name!r}"


def read(text, policy):
    """Return the headers of a message."""
    return BytesParser(policy=policy).parsebytes(text.encode("ascii"), headersonly=True)


def addresses(header):
    """Return the addresses of a header."""
    return [one.addr_spec for one in header.addresses]


def squeezed(text):
    """Return text without blanks: 3.11 keeps the one between two encoded words, which RFC 2047 drops."""
    return "".join(text.split())


def judged(told):
    """Return what is wrong; a parser that falls over reads nothing right."""
    try:
        return [*wrong_of_mail(told), *wrong_of_mailbox(told)]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


with Path(sys.argv[1]).open(encoding="utf-8") as corpus:
    for line in corpus:
        mail = json.loads(line)
        for what in judged(mail):
            sys.stdout.write(ascii(f"{mail['name']!r}: {what}") + "\n")
