"""A content file: Markdown with Jinja in named blocks, made into HTML and plain text that still hold their Jinja.

Jinja is taken out before Markdown is read and put back afterwards, so that Markdown never sees a customer's value and a
value never becomes Markdown. The order at render time is then: text of the author (already HTML), value (escaped).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from templates.plaintext import Walker
from tidings.problem import Problem

NAMES = ("subject", "preheader", "headline", "body", "action", "short", "legal")
REQUIRED = ("subject", "headline", "body")
MARKDOWN = frozenset({"body", "legal"})
"""Blocks that may have more than one line of plain text."""

_BLOCK = re.compile(r"^# +(\S+)[ \t]*$", re.MULTILINE)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_ACTION = re.compile(r"^\[(?P<label>[^\]]+)\]\((?P<link>[a-z_]+)\)$")
_LINK_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_SAFE_URL = re.compile(r"^(https?|mailto):", re.IGNORECASE)
_EMPTY_HEAD = re.compile(r"<thead>\s*<tr>\s*(?:<th[^>]*></th>\s*)+</tr>\s*</thead>\s*")
_ASSET = re.compile(r"^[a-z0-9][a-z0-9._-]*\.(svg|png|jpg|jpeg)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """The one thing to do: a label (Jinja) and the name of its link."""

    label: str
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocks:
    """The named blocks of one language, as written."""

    where: str
    source: dict[str, str]

    def action(self) -> Action | None:
        """Return the action block.

        Raises:
            Problem: it is not of the form `[label](link)`.
        """
        text = self.source.get("action", "")
        if not text:
            return None
        match = _ACTION.match(text)
        if not match:
            raise Problem(f"{self.where}: block action is {text!r}.", todo="Write it as [label](action).")
        return Action(label=match["label"], link=match["link"])


def read_blocks(text: str, where: str) -> Blocks:
    """Split a content file at its `# name` lines.

    Raises:
        Problem: an unknown, doubled, missing or empty block, or text before the first.
    """
    pieces = _BLOCK.split(text)
    if pieces[0].strip():
        raise Problem(f"{where}: text before the first block.", todo="Start the file with `# subject`.")
    source: dict[str, str] = {}
    for name, content in zip(pieces[1::2], pieces[2::2], strict=True):
        if name not in NAMES:
            known = ", ".join(NAMES)
            raise Problem(
                f"{where}: there is no block {name!r}.", todo=f"Blocks are {known}; use ## inside one."
            )
        if name in source:
            raise Problem(f"{where}: block {name} is there twice.")
        source[name] = content.strip() if name in MARKDOWN else " ".join(content.split())
    for name in REQUIRED:
        if not source.get(name):
            raise Problem(f"{where}: block {name} is missing.", todo=f"Add `# {name}` and its text.")
    if not source.get("short") and not source.get("action"):
        raise Problem(f"{where}: neither short nor action.", todo="SMS and push need one of them.")
    return Blocks(where=where, source=source)


@dataclass(slots=True)
class Holes:
    """Jinja taken out of a text, under marks that Markdown, HTML and CSS tools leave alone.

    An expression's mark is a word, a statement's mark becomes an HTML comment: a comment may stand in a table.
    """

    mark: str
    kept: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, *texts: str) -> "Holes":
        """Return an empty set whose mark occurs in none of the texts."""
        mark = "jnjq"
        while any(mark in text for text in texts):
            mark += "q"
        return cls(mark=mark)

    def take(self, text: str) -> str:
        """Return the text with marks in place of its Jinja; comments are dropped."""
        return _JINJA.sub(lambda match: self._keep(match[0]), text)

    def add(self, expression: str) -> str:
        """Return the mark of an expression of our own."""
        return self._keep("{{ " + expression + " }}")

    def _keep(self, jinja: str) -> str:
        if jinja.startswith("{#"):
            return ""
        self.kept.append(jinja)
        kind = "s" if jinja.startswith("{%") else "e"
        return f"{self.mark}{kind}{len(self.kept) - 1}z"

    def statements(self) -> re.Pattern[str]:
        """Return what a statement's mark looks like."""
        return re.compile(rf"{self.mark}s\d+z")

    def back(self, text: str) -> str:
        """Return the text with its Jinja in place of the marks; what stands between them is quoted against Jinja."""
        pattern = re.compile(rf"<!--({self.mark}s\d+z)-->|({self.mark}[es]\d+z)")
        pieces: list[str] = []
        position = 0
        for match in pattern.finditer(text):
            mark = match[1] or match[2]
            pieces += (_quoted(text[position : match.start()]), self.kept[int(mark[len(self.mark) + 1 : -1])])
            position = match.end()
        pieces.append(_quoted(text[position:]))
        return "".join(pieces)


def _quoted(text: str) -> str:
    """Return text in which no Jinja delimiter is left (CSS has `{#id{...}}`)."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


def to_html(source: str, holes: Holes, where: str, *, printed: Collection[str] = ()) -> str:
    """Return Markdown as HTML with marks. Links are names (`action`) or http, https and mailto addresses.

    On paper a link leads nowhere: where its name is in `printed`, its address follows it as text.

    Raises:
        Problem: another link, raw HTML, or a missing image name.
    """
    html = str(_MARKDOWN.renderer.render(_tokens(source, holes, where, printed), _MARKDOWN.options, {}))
    return _EMPTY_HEAD.sub("", html)


def to_text(source: str, holes: Holes, where: str) -> str:
    """Return Markdown as plain text with marks, as people write e-mail: no syntax left over."""
    return Walker().walk(_tokens(source, holes, where))


def line_html(source: str, holes: Holes) -> str:
    """Return a one-line block as HTML with marks: the text itself, escaped."""
    text = holes.take(source).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return holes.statements().sub(lambda match: f"<!--{match[0]}-->", text)


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
# Judged below, where a Problem can name the file; markdown-it alone would leave a bad link as text.
_MARKDOWN.validateLink = bool  # type: ignore[method-assign, assignment]


def _tokens(source: str, holes: Holes, where: str, printed: Collection[str] = ()) -> list[Token]:
    taken = holes.take(source)
    # A statement on a line of its own stands between rows or between paragraphs, never inside one.
    alone = rf"^[ \t]*({holes.mark}s\d+z)[ \t]*$"
    taken = re.sub(rf"(?<=\|\n){alone}", r"|\1|", taken, flags=re.MULTILINE)
    taken = re.sub(alone, r"\n\1\n", taken, flags=re.MULTILINE)
    tokens = _MARKDOWN.parse(taken)
    for token in tokens:
        if printed and token.children:
            token.children = _print(token.children, holes, printed)
        for child in token.children or ():
            _judge(child, holes, where)
    return _bare(tokens, holes)


def _print(children: Sequence[Token], holes: Holes, printed: Collection[str]) -> list[Token]:
    """Return the inline tokens with the address after each link that has one in print."""
    pieces: list[Token] = []
    name = ""
    for child in children:
        pieces.append(child)
        if child.type == "link_open":
            name = str(child.attrs["href"])
        elif child.type == "link_close" and name in printed:
            printed_name = f"printed.{name}"
            pieces.append(_text(holes.add(f"' (' ~ {printed_name} ~ ')' if {printed_name} else ''")))
    return pieces


def _judge(token: Token, holes: Holes, where: str) -> None:
    if token.type == "link_open":
        token.attrs["href"] = _target(str(token.attrs["href"]), holes, where)
    if token.type == "image":
        name = str(token.attrs["src"])
        if not _ASSET.match(name):
            raise Problem(f"{where}: {name!r} is not the name of an image.", todo="Put it into assets/.")
        token.attrs["src"] = f"asset:{name}"


def _target(href: str, holes: Holes, where: str) -> str:
    if holes.mark in href:
        raise Problem(f"{where}: a link may not be built from values.", todo="Name it under [links] instead.")
    if _LINK_NAME.match(href):
        return holes.add(f"links.{href}")
    if _SAFE_URL.match(href):
        return href
    raise Problem(f"{where}: the link {href!r} is neither a name nor http, https or mailto.")


def _bare(tokens: Sequence[Token], holes: Holes) -> list[Token]:
    """Return the tokens with statements as comments, and without the paragraph around a lone statement."""
    pattern = holes.statements()
    kept: list[Token] = []
    for token in tokens:
        if (
            token.type == "inline"
            and kept[-1].type == "paragraph_open"
            and pattern.fullmatch(token.content.strip())
        ):
            kept.pop()
            kept.append(_comment(token.content.strip()))
            continue
        if token.type == "paragraph_close" and kept and kept[-1].type == "html_block":
            continue
        if token.type == "tr_close" and (mark := _lone(kept, pattern)):
            while kept.pop().type != "tr_open":
                pass
            kept.append(_comment(mark))
            continue
        if token.type == "inline":
            token.children = _split(token.children or [], pattern)
        kept.append(token)
    return kept


def _lone(tokens: Sequence[Token], pattern: re.Pattern[str]) -> str:
    """Return the mark of a table row that holds one statement and nothing else."""
    start = max(index for index, token in enumerate(tokens) if token.type == "tr_open")
    mark = "".join(token.content for token in tokens[start:] if token.type == "inline").strip()
    return mark if pattern.fullmatch(mark) else ""


def _split(children: Sequence[Token], pattern: re.Pattern[str]) -> list[Token]:
    pieces: list[Token] = []
    for child in children:
        if child.type != "text":
            pieces.append(child)
            continue
        position = 0
        for match in pattern.finditer(child.content):
            pieces.append(_text(child.content[position : match.start()]))
            pieces.append(_comment(match[0], inline=True))
            position = match.end()
        pieces.append(_text(child.content[position:]))
    return pieces


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _comment(mark: str, *, inline: bool = False) -> Token:
    return Token("html_inline" if inline else "html_block", "", 0, content=f"<!--{mark}-->")
