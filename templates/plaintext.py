"""Markdown as people write plain e-mail: the words, the addresses of links, no syntax left over."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

_DEEPER = frozenset({"bullet_list_open", "ordered_list_open", "blockquote_open"})
_BACK = frozenset({"bullet_list_close", "ordered_list_close", "blockquote_close"})
_ENDS = frozenset({"paragraph_close", "heading_close", "tr_close"})


class Walker:
    """Writes the tokens of one text. A statement's comment goes to the beginning of the next line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._prefix: list[str] = []
        self._cells: list[str] = []
        self._bullet = ""
        self._before = ""

    def walk(self, tokens: Sequence[Token]) -> str:
        """Return the text."""
        for token in tokens:
            self._block(token)
        self._line(self._before)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def _block(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._cells.append(inline(token.children or ()))
        elif kind == "html_block":
            self._before += token.content
        elif kind in _ENDS:
            self._flush(tight=kind == "tr_close" or token.hidden)
        elif kind == "list_item_open":
            self._bullet = f"{token.info}. " if token.info else "- "
        elif kind == "hr":
            self._line(self._before + "-" * 40)
            self._lines.append("")
        else:
            self._nest(kind)

    def _nest(self, kind: str) -> None:
        if kind in _DEEPER:
            self._prefix.append("  ")
        elif kind in _BACK:
            self._prefix.pop()
            self._lines.append("")
        elif kind == "table_close":
            self._lines.append("")

    def _line(self, text: str) -> None:
        self._lines.append(text)
        self._before = ""

    def _flush(self, *, tight: bool) -> None:
        cells = [cell for cell in self._cells if cell.strip()]
        self._cells = []
        if not cells:
            return
        text = f"{cells[0]}: {', '.join(cells[1:])}" if len(cells) > 1 else cells[0]
        indent = "".join(self._prefix[:-1]) if self._bullet else "".join(self._prefix)
        first, *more = text.split("\n")
        self._line(f"{self._before}{indent}{self._bullet}{first}")
        self._lines += [f"{''.join(self._prefix)}{line}" for line in more]
        self._bullet = ""
        if not tight:
            self._lines.append("")


def inline(children: Sequence[Token]) -> str:
    """Return a line of text; a link's address follows its words unless they are the address."""
    pieces: list[str] = []
    href, start = "", 0
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            pieces.append(" " if child.type == "softbreak" else "\n")
        elif child.type == "link_open":
            href, start = str(child.attrs["href"]), len(pieces)
        elif child.type == "link_close":
            if href.removeprefix("mailto:") not in "".join(pieces[start:]):
                pieces.append(f" ({href})")
        elif child.type != "image":
            pieces.append(child.content)
    return "".join(pieces)
