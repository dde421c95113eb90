"""The outbox folder: where messages go when no provider is named, and where a person can look at them.

`email/<message>.eml`, `sms/<message>.json` (push and WhatsApp alike), `letter/<batch>/letters.pdf` with its manifest.
Only our own ids become part of a path.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from channels.contract import Capability
from channels.durable import replace_all
from channels.letter.handover import LetterFolder, refused_by_disk
from tidings.channel import Channel
from tidings.message import CHANNEL_OF, Email, Letter, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected


class Outbox:
    """Files of every channel but letters: one per message; the same message again is the same file."""

    name = "outbox"
    capability = Capability.KEY
    platforms: frozenset[str] = frozenset()
    rate = 0.0
    call_timeout = timedelta(minutes=1)

    def __init__(self, folder: Path, channel: Channel) -> None:
        self.channel = channel
        self._folder = folder / channel

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Write the files, then say so. See `channels.contract.Provider.send`; `reference` is a file's path."""
        files: dict[str, bytes] = {}
        names: dict[str, str] = {}
        for parcel in parcels:
            if CHANNEL_OF[type(parcel.content)] is not self.channel:
                yield parcel.attempt, Rejected(error=ErrorClass.DATA, code="wrong_channel")
                continue
            names[parcel.attempt], content = _file(parcel)
            files[names[parcel.attempt]] = content
        try:
            replace_all(self._folder, files)
        except OSError as error:
            refused = refused_by_disk(error)
            yield from ((attempt, refused) for attempt in names)
            return
        for attempt, name in names.items():
            yield attempt, Accepted(reference=f"{self.channel}/{name}")

    def close(self) -> None:
        """Nothing is kept open."""


class LetterOutbox(LetterFolder):
    """Print batches in the outbox folder."""

    name = "outbox"
    channel = Channel.LETTER
    capability = Capability.KEY
    platforms: frozenset[str] = frozenset()
    rate = 0.0
    call_timeout = timedelta(minutes=2)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / Channel.LETTER, folder / ".letter")

    def close(self) -> None:
        """Nothing is kept open."""


def _file(parcel: Parcel) -> tuple[str, bytes]:
    """Return name and content of a parcel's file."""
    content = parcel.content
    if isinstance(content, Email):
        return f"{parcel.message}.eml", _note_line(parcel.note) + content.raw
    entry: dict[str, Any] = {"message": parcel.message, "purpose": parcel.purpose, "brand": parcel.brand}
    if not isinstance(content, Letter):
        entry |= {field.name: getattr(content, field.name) for field in fields(content)}
        entry |= {name: value.isoformat() for name, value in entry.items() if isinstance(value, datetime)}
    if parcel.note:
        entry["note"] = parcel.note
    return f"{parcel.message}.json", json.dumps(entry, ensure_ascii=False, indent=1).encode() + b"\n"


def _note_line(note: str) -> bytes:
    """Return a header line that says why the e-mail is here; after it the file is what would have left."""
    printable = "".join(sign for sign in note if sign.isascii() and sign.isprintable())
    return f"X-Tidings-Outbox: {printable}\r\n".encode() if printable else b""
