"""Hostile names, and what the headers of their mails must be: written once, read by every Python that there is.

`email` of Python 3.11 decodes encoded words before it looks for line ends, 3.12 and 3.13 do not: each reads another
thing in the same bytes, so each must find exactly the headers that were meant (seen 2026-11-21).
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from templates.catalog import find
from templates.headers import mailbox
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from templates.safe import clean
from tidings.channel import Channel
from tidings.message import Email
from tidings.problem import Problem

VERSIONS = ("3.11", "3.12", "3.13")
READER = Path(__file__).with_name("read_headers.py")
PIECES = (
    "=?utf-8?q?x=0D=0ABcc=3Aevil@example.com?=", "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=", "=?us-ascii?q?=0A?=",
    "=?iso-8859-1?q?=0D=0A=0D=0A?=", "=?utf-7?q?+AA0ACg-Bcc: x?=", "=?utf-8?q?", "?=", "=?", "=?x?y?z?=",
    "\r\n", "\n", "\r", "\r\nBcc: evil@example.com", "\nTo: other@example.com\n\n", "\x00", "\x0b", "\x0c", "\x1c",
    "\x85", "\u2028", "\u2029", "\u202e", "\u200b", "\u00ad", "\ufeff", "\t", " ", "  ", "\u00a0", "\u3000",
    '"', "\\", "\\\"", "'", "(", ")", "<", ">", "<evil@example.com>", ",", ";", ":", "@", ".", "=", "_", "?", "%0d%0a",
    "Ada", "Lovelace", "Łukasz", "Øyvind", "李", "😀", "👩\u200d👧", "e\u0301", "שלום", "مرحبا", "a" * 80, "é" * 40,
    "x y " * 20,
    "Undisclosed-recipients:;", "group: a@b.example, c@d.example;", "ada@example.org", "[127.0.0.1]", "xn--", "{{7*7}}",
)  # fmt: skip


def name_of(number: int, seed: int) -> str:
    """Return the name of that number: pieces that have broken mail programs, in any order, and any characters."""
    chance = random.Random(f"{seed}:{number}")
    parts = [
        chance.choice(PIECES) if chance.random() < 0.8 else chr(chance.randrange(1, 0xD800))
        for _ in range(chance.randint(1, 7))
    ]
    return "".join(parts)


def written(count: int, seed: int) -> Iterator[str]:
    """Yield one line of JSON a name: the header bytes of its mail, what they must mean, and the same for a mailbox."""
    offer = find("offer/autumn")
    sample = sample_subject(offer, SAMPLE_BRAND, "en")
    for number in range(count):
        name = name_of(number, seed)
        data = {**sample.data, "customer": {"first_name": name, "last_name": name, "company": ""}}
        try:
            mail = render(offer, Channel.EMAIL, replace(sample, data=data))
        except Problem:  # longer than a name may be: refused before anything is sent
            continue
        assert isinstance(mail, Email)
        head = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        told = {
            "name": name,
            "head": head.decode("ascii"),
            "to": sample.to,
            "subject": " ".join(clean(name).split()),
            "field": f"To: {mailbox(name, sample.to)}\r\n\r\n",
            "shown": " ".join(clean(name).split()),
        }
        yield json.dumps(told)


def pythons() -> dict[str, str]:
    """Return the interpreters that work here by version: of `$PYTHONS` (paths with `:` between), then of the PATH."""
    found: dict[str, str] = {}
    named = [path for path in os.environ.get("PYTHONS", "").split(":") if path]
    for path in [*named, *(shutil.which(f"python{version}") or "" for version in VERSIONS)]:
        if not path:
            continue
        asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        version = answer.stdout.strip()
        if answer.returncode == 0 and version in VERSIONS:
            found.setdefault(version, path)
    return found


def read_by(python: str, corpus: Path) -> list[str]:
    """Return what an interpreter reads otherwise than it was meant, one sentence each."""
    done = subprocess.run(
        [python, str(READER), str(corpus)], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return done.stdout.splitlines()
