"""Reads what the doors send out of band: slips, as they lie in the outbox."""

import email
import json
import re
from email.policy import default

from channels.registry import providers
from tidings.channel import Channel
from work.slips import hand_out


def post_office(door):
    """Send the slips that wait; return what is new in the outbox: {to, text}, in order."""
    home = door.installation.home
    folder = home / "outbox"
    before = set(folder.rglob("*")) if folder.exists() else set()
    hand_out(door.installation, providers(door.installation.settings, home=home), now=door.clock.now)
    return [
        _read(path) for path in sorted(set(folder.rglob("*")) - before) if path.suffix in (".eml", ".json")
    ]


def _read(path):
    if path.suffix == ".eml":
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        return {
            "to": mail["to"],
            "subject": mail["subject"],
            "text": mail.get_content(),
            "channel": Channel.EMAIL,
        }
    sent = json.loads(path.read_text(encoding="utf-8"))
    if "title" in sent:
        return {"to": sent["to"], "text": f"{sent['body']} {sent['link']}", "channel": Channel.PUSH}
    return {"to": sent["to"], "text": sent["text"], "channel": Channel.SMS}


def code_in(sent):
    """Return the code of six digits."""
    return re.search(r"\b\d{6}\b", sent["text"])[0]


def link_in(sent):
    """Return the first link."""
    return re.search(r"https?://\S+", sent["text"])[0]
