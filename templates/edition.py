"""A template in one language for one brand, compiled once and then filled for every customer."""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import css_inline
import jinja2
from markupsafe import Markup

from templates.blocks import Action, Holes, line_html, to_html, to_text
from templates.catalog import Template
from templates.language import direction, words
from templates.pieces import Source
from templates.safe import compile_text, render_text
from templates.values import brand_values
from tidings.organisation import Brand
from tidings.problem import Problem
from tidings.purpose import PurposeClass

LAYOUTS = Path(__file__).parent / "layouts"
_EDITIONS: dict[tuple[str, str, int, bool, bool], "Edition"] = {}
_MAX_EDITIONS = 512
_SPACES = re.compile(" {2,}")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
_LINK = re.compile(r"<a href=\"[^\"]*\">")
_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")

_TYPE = re.compile(r"\b(?:font|font-size|line-height):[^;}\"]+")
_LENGTH = {unit: re.compile(rf"(\d+(?:\.\d+)?){unit}") for unit in ("px", "pt")}
LARGER = 1.4
"""Large print: e-mails in 22 px, letters in 13 pt, which the associations of the blind ask for at least."""

Fill = Callable[[Mapping[str, Any]], str]


@lru_cache(maxsize=2)
def layouts(*, html: bool = True) -> jinja2.Environment:
    """Return the environment of our own layouts; they are code, not content."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(LAYOUTS),
        autoescape=html,  # noqa: S701 -- off for plain text alone
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def edition(
    template: Template, language: str, brand: Brand, *, large: bool = False, plain: bool = False
) -> "Edition":
    """Return the compiled template; the same one for the same arguments.

    `large` is in large print; `plain` is in plain language, where the template has that in the language.
    """
    plain = plain and language in template.plain
    key = (template.content_hash, language, id(brand), large, plain)
    found = _EDITIONS.get(key)
    if found is None or found.brand is not brand:
        if len(_EDITIONS) >= _MAX_EDITIONS:
            _EDITIONS.clear()
        found = _EDITIONS[key] = Edition(template, language, brand, large=large, plain=plain)
    return found


class Edition:
    """Compiled parts, each made when it is first needed. Rendering a part is a pure function of the values."""

    def __init__(
        self, template: Template, language: str, brand: Brand, *, large: bool = False, plain: bool = False
    ) -> None:
        self.large = large
        self.template = template
        self.language = language
        self.brand = brand
        self.look = brand_values(brand)
        self.words = words(language)
        self.blocks = (template.plain if plain else template.blocks)[language]
        self.marketing = template.purpose_class is PurposeClass.MARKETING

    def _where(self, part: str) -> str:
        return f"{self.template.name}/{self.language}.md: {part}"

    def _line(self, source: str, part: str) -> Fill:
        where = self._where(part)
        compiled = compile_text(source, self.language, html=False, where=where)
        return lambda values: one_line(render_text(compiled, values, where))

    def _block(self, name: str) -> Fill:
        return self._line(self.blocks.source.get(name, ""), name)

    @cached_property
    def subject(self) -> Fill:
        """The subject line of the e-mail."""
        return self._block("subject")

    @cached_property
    def headline(self) -> Fill:
        """The headline: title of the push, of the letter."""
        return self._block("headline")

    @cached_property
    def short(self) -> Fill:
        """What SMS and push say; without a `short` block it is made of headline and action."""
        source = self.blocks.source.get("short", "")
        if not source:
            label = self.action.label if self.action else ""
            source = f"{self.blocks.source['headline']} {label}:"
        return self._line(source, "short")

    @cached_property
    def action(self) -> Action | None:
        """The one thing to do."""
        return self.blocks.action()

    @cached_property
    def email_sources(self) -> Mapping[str, Source]:
        """The parts of the e-mail before they are filled: `subject`, `text`, `html`."""
        texts = {
            "subject": self.blocks.source["subject"],
            "text": self._email_text,
            "html": self._email_html,
        }
        return {
            part: Source(text, self.language, html=part == "html", where=self._where(part))
            for part, text in texts.items()
        }

    @cached_property
    def email_html(self) -> Fill:
        """The HTML part."""
        return self._fill(self._email_html, "email.html")

    @cached_property
    def _email_html(self) -> str:
        """The HTML part before it is filled, with its CSS inlined once, here."""
        holes = self._holes()
        page = layouts().get_template("email.html.j2").render(self._parts(holes))
        if self.large:
            page = enlarged(page, "px")
        inliner = css_inline.CSSInliner(
            keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False
        )
        html = re.sub(
            "asset:([a-z0-9._-]+)", lambda match: f"cid:{match[1]}@{self.brand.id}", inliner.inline(page)
        )
        return holes.back(_shrunk(html))

    @cached_property
    def pictures(self) -> bytes:
        """The images of the e-mail as MIME parts, made once; `%(mark)b` stands for the boundary."""
        names = sorted(set(_IMAGE.findall(self.blocks.source["body"])))
        return b"".join(picture(name, self._image(name), self.brand.id) for name in names)

    def _image(self, name: str) -> bytes:
        if name.endswith(".svg"):
            raise Problem(f"{self._where(name)}: mail programs do not show SVG.", todo="Add it as PNG too.")
        try:
            return (self.template.assets / name).read_bytes()
        except FileNotFoundError as error:
            raise Problem(
                f"{self._where(name)} is missing.", todo="Put it into the template's assets/ folder."
            ) from error

    @cached_property
    def letter_html(self) -> Fill:
        """The letter's page; `address`, `return_line` and `letter` are the layout's own values."""
        return self._fill(self._letter_html, "letter.html")

    @cached_property
    def letter_source(self) -> Source:
        """The letter's page before it is filled, taken apart."""
        return Source(self._letter_html, self.language, html=True, where=self._where("letter.html"))

    @cached_property
    def _letter_html(self) -> str:
        """The letter's page before it is filled; on paper, links lead nowhere."""
        holes = self._holes()
        action = self.action.link if self.action else ""
        printed = self.template.links.keys() - {action}  # the action's address is a code on the page
        page = layouts().get_template("letter.html.j2").render(self._parts(holes, printed))
        return holes.back(_LINK.sub("<a>", self._drawn(page)))

    def _drawn(self, page: str) -> str:
        """Return the page with drawings in place of pictures, where the template has the same image as SVG."""

        def better(match: re.Match[str]) -> str:
            drawing = f"{match[1]}.svg"
            return f"asset:{drawing}" if (self.template.assets / drawing).exists() else match[0]

        return re.sub(r"asset:([a-z0-9_-]+)\.(?:png|jpe?g)\b", better, page)

    @cached_property
    def email_text(self) -> Fill:
        """The text part."""
        where = self._where("email.txt")
        compiled = compile_text(self._email_text, self.language, html=False, where=where)
        return lambda values: close_gaps(render_text(compiled, values, where))

    @cached_property
    def _email_text(self) -> str:
        """The text part before it is filled."""
        holes = self._holes()
        parts = self._parts(holes) | {
            "body": to_text(self.blocks.source["body"], holes, self._where("body")),
            "legal": to_text(self.blocks.source.get("legal", ""), holes, self._where("legal")),
            "headline": holes.take(self.blocks.source["headline"]),
            "action_label": holes.take(self.action.label) if self.action else "",
        }
        return holes.back(layouts(html=False).get_template("email.txt.j2").render(parts))

    def _fill(self, source: str, part: str) -> Fill:
        where = self._where(part)
        compiled = compile_text(source, self.language, html=True, where=where)
        return lambda values: render_text(compiled, values, where)

    def _holes(self) -> Holes:
        return Holes.of(*self.blocks.source.values())

    def _parts(self, holes: Holes, printed: Collection[str] = ()) -> dict[str, Any]:
        """Return what the HTML layouts are filled with: blocks as HTML that still holds marks."""
        source = self.blocks.source
        where = self._where
        return {
            "hole": lambda expression: Markup(holes.add(expression)),  # noqa: S704 -- a mark: a word of our own
            "when": lambda test: _statement(holes, f"if {test}"),
            "done": lambda: _statement(holes, "endif"),
            "each": lambda name, items: _statement(holes, f"for {name} in {items}"),
            "next": lambda: _statement(holes, "endfor"),
            "language": self.language.replace("_", "-"),
            "dir": direction(self.language),
            "brand": self.look,
            "colours": self.look["colours"],
            "words": self.words,
            "marketing": self.marketing,
            "preheader": Markup(line_html(source.get("preheader", ""), holes)),  # noqa: S704 -- escaped by line_html
            "headline": Markup(line_html(source["headline"], holes)),  # noqa: S704 -- escaped by line_html
            "body": Markup(to_html(source["body"], holes, where("body"), printed=printed)),  # noqa: S704 -- made from Markdown without HTML
            "legal": Markup(to_html(source.get("legal", ""), holes, where("legal"))),  # noqa: S704 -- as above
            "action_label": Markup(line_html(self.action.label, holes)) if self.action else "",  # noqa: S704 -- escaped
            "action_link": Markup(holes.add(f"links.{self.action.link}")) if self.action else "",  # noqa: S704 -- a mark
        }


def enlarged(text: str, unit: str) -> str:
    """Return a style sheet, or a page with one, whose type is half as big again; nothing else grows."""

    def bigger(match: re.Match[str]) -> str:
        return _LENGTH[unit].sub(lambda one: f"{round(float(one[1]) * LARGER, 1):g}{unit}", match[0])

    return _TYPE.sub(bigger, text)


def one_line(text: str) -> str:
    """Return text without doubled and outer blanks, as a subject or a headline is shown."""
    return (_SPACES.sub(" ", text) if "  " in text else text).strip()


def close_gaps(text: str) -> str:
    """Return plain text with at most one empty line between its lines, and none around it."""
    return _GAPS.sub("\n\n", text).strip() + "\n"


def _statement(holes: Holes, statement: str) -> Markup:
    return Markup(f"<!--{holes.take('{% ' + statement + ' %}')}-->")  # noqa: S704 -- a mark: a word of our own


def picture(name: str, content: bytes, brand: str) -> bytes:
    """Return an image as a MIME part that the HTML names by `cid:`; `%(mark)b` stands for the boundary."""
    kind = b"png" if name.endswith(".png") else b"jpeg"
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = b"--%(mark)b\r\nContent-Type: image/" + kind + b"\r\nContent-Transfer-Encoding: base64\r\n"
    place = f'Content-ID: <{name}@{brand}>\r\nContent-Disposition: inline;\r\n filename="{name}"\r\n\r\n'
    return head + place.encode() + lines


def _shrunk(html: str) -> str:
    """Return the page without the layout's indentation, which every customer would be sent."""
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"\n[ \t]+", "\n", html))
