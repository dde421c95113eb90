"""What two versions of a template differ in, word by word."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A piece of a text file: in both versions (`same`), in the older only (`gone`), or in the newer only (`new`)."""

    kind: str
    text: str


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[Change]]:
    """Return, for each file that differs, its words in order with what went and what came; a few lines around each."""
    return {
        name: _words(before.get(name, ""), after.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name, "") != after.get(name, "")
    }


_AROUND = 200
"""Characters kept beside a change."""


def _words(old: str, new: str) -> list[Change]:
    a, b = _split(old), _split(new)
    found: list[Change] = []
    for kind, first, last, start, end in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Change(kind="same", text=_shortened("".join(a[first:last]))))
            continue
        if first < last:
            found.append(Change(kind="gone", text="".join(a[first:last])))
        if start < end:
            found.append(Change(kind="new", text="".join(b[start:end])))
    return found


def _split(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _shortened(text: str) -> str:
    return text if len(text) <= 2 * _AROUND else f"{text[:_AROUND]} \N{HORIZONTAL ELLIPSIS} {text[-_AROUND:]}"
