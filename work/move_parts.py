"""What a foreign export says, sorted into our kinds of import, each row still known by its number in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from work.columns import CANONICAL
from work.mapping import Mapping as FileMapping
from work.reading import Sheet, Unread, cleaned

_ATTRIBUTE = "attribute "


@dataclass(kw_only=True)
class Parts:
    """Collects rows of one file."""

    program: str
    topic: str
    """What a subscription is a permission for."""
    proof: str
    """How these customers agreed; '' makes their consent `legacy`."""
    left: bool = False
    """Whether the file holds those who left the subscription, which it does not say itself."""
    untold: str = ""
    """What the file does not say, as a sentence, where it does not say who said no."""
    unread: list[Unread] = field(default_factory=list)
    """Of the file, told with its first kind."""
    _rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    _numbers: dict[str, list[int]] = field(default_factory=dict)

    def add(self, kind: str, row: int, *, attributes: Mapping[str, Any] | None = None, **values: Any) -> None:
        """Add a row of a kind: values by canonical column; empty ones are left out, lists become JSON."""
        named = {**values, **{_ATTRIBUTE + name: value for name, value in (attributes or {}).items()}}
        texts = {name: text for name, value in named.items() if (text := _text(value))}
        self._rows.setdefault(kind, []).append(texts)
        self._numbers.setdefault(kind, []).append(row)

    def agreed(self, row: int, customer: str, channel: str, at: str = "") -> None:
        """Add the permission that a subscription is, no stronger than it can be proven."""
        action = "given" if self.proof else "legacy"
        self._consent(row, customer, channel, self.topic, action, at, self.proof)

    def withdrew(self, row: int, customer: str, channel: str, at: str = "") -> None:
        """Add that a customer left this subscription."""
        self._consent(row, customer, channel, self.topic, "withdrawn", at, f"unsubscribed in {self.program}")

    def objected(self, row: int, customer: str, channel: str, at: str = "") -> None:
        """Add that a customer wants no marketing on a channel (or `all`), whatever the subscription."""
        self._consent(row, customer, channel, "all", "objected", at, f"opted out in {self.program}")

    def _consent(
        self, row: int, customer: str, channel: str, topic: str, action: str, at: str, proof: str
    ) -> None:
        self.add(
            "consents",
            row,
            customer=customer,
            channel=channel,
            topic=topic,
            action=action,
            at=at,
            proof=proof,
        )

    def sheets(self, path: Path) -> Iterator[tuple[str, Sheet, FileMapping]]:
        """Return (kind, sheet, mapping) of every kind that has rows."""
        import polars as pl

        unread = tuple(self.unread)
        for kind, rows in self._rows.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
            sheet = Sheet(
                path=path,
                kind="csv",
                frame=cleaned(frame),
                rows=pl.Series(self._numbers[kind], dtype=pl.Int64),
                unread=unread,
            )
            unread = ()
            known = [name for name in names if name in CANONICAL[kind]]
            attributes = {
                name.removeprefix(_ATTRIBUTE): name for name in names if name.startswith(_ATTRIBUTE)
            }
            yield (
                kind,
                sheet,
                FileMapping(columns=dict(zip(known, known, strict=True)), attributes=attributes),
            )


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return str(value).lower()
        case [one]:
            return _text(one)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)
