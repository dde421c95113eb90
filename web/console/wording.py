"""A text of a template in plain words, for those who write it: its values by name instead of in tags."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TAG = re.compile(r"\{\{-?\s*([\w.]+)[^{}]*\}\}|\{%-?\s*(\w+)[^{}%]*%\}")
_SIGNS = {"if": "[", "for": "[", "elif": " / ", "else": " / ", "endif": "]", "endfor": "]"}
"""What depends on a value stands in brackets; what comes instead behind a stroke."""


def in_plain_words(text: str, names: Mapping[str, str]) -> str:
    """Return how a text reads, '' when there is no tag in it.

    Args:
        text: with the tags of docs/writing-templates.md.
        names: what a value is called, by its name in a tag (`code`, `customer.first_name`).

    >>> in_plain_words("{% if code %}{{ code }}, {% endif %}{{ off | percent }} off", {"off": "Discount"})
    '[“code”, ]“Discount” off'
    """
    if not _TAG.search(text):
        return ""

    def plain(tag: re.Match[str]) -> str:
        if tag[1]:
            return f"“{names.get(tag[1]) or tag[1].rpartition('.')[2].replace('_', ' ')}”"
        return _SIGNS.get(tag[2], "")

    return _TAG.sub(plain, text)
