"""A template in one language for one brand, compiled once and then filled for every customer."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import css_inline
import jinja2
from markupsafe import Markup

from templates.blocks import Action, Holes, line_html, to_html, to_text
from templates.catalog import Template
from templates.language import direction, words
from templates.safe import compile_text, render_text
from templates.values import brand_values
from tidings.organisation import Brand
from tidings.purpose import PurposeClass

LAYOUTS = Path(__file__).parent / "layouts"
_EDITIONS: dict[tuple[str, str, int], "Edition"] = {}
_MAX_EDITIONS = 512
_SPACES = re.compile(" {2,}")
_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")

Fill = Callable[[Mapping[str, Any]], str]


@lru_cache(maxsize=2)
def layouts(*, html: bool = True) -> jinja2.Environment:
    """Return the environment of our own layouts; they are code, not content."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(LAYOUTS),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def edition(template: Template, language: str, brand: Brand) -> "Edition":
    """Return the compiled template; the same one for the same arguments."""
    key = (template.content_hash, language, id(brand))
    found = _EDITIONS.get(key)
    if found is None or found.brand is not brand:
        if len(_EDITIONS) >= _MAX_EDITIONS:
            _EDITIONS.clear()
        found = _EDITIONS[key] = Edition(template, language, brand)
    return found


class Edition:
    """Compiled parts, each made when it is first needed. Rendering a part is a pure function of the values."""

    def __init__(self, template: Template, language: str, brand: Brand) -> None:
        self.template = template
        self.language = language
        self.brand = brand
        self.look = brand_values(brand)
        self.words = words(language)
        self.blocks = template.blocks[language]
        self.marketing = template.purpose_class is PurposeClass.MARKETING

    def _where(self, part: str) -> str:
        return f"{self.template.name}/{self.language}.md: {part}"

    def _line(self, source: str, part: str) -> Fill:
        where = self._where(part)
        compiled = compile_text(source, self.language, html=False, where=where)
        return lambda values: _SPACES.sub(" ", render_text(compiled, values, where)).strip()

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
    def email_html(self) -> Fill:
        """The HTML part, with its CSS inlined once, here."""
        holes = self._holes()
        page = layouts().get_template("email.html.j2").render(self._parts(holes))
        inliner = css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)
        return self._fill(holes.back(_shrunk(inliner.inline(page))), "email.html")

    @cached_property
    def letter_html(self) -> Fill:
        """The letter's page; values of the layout itself come under `letter`."""
        holes = self._holes()
        return self._fill(holes.back(layouts().get_template("letter.html.j2").render(self._parts(holes))), "letter.html")

    @cached_property
    def email_text(self) -> Fill:
        """The text part."""
        holes = self._holes()
        parts = self._parts(holes) | {
            "body": to_text(self.blocks.source["body"], holes, self._where("body")),
            "legal": to_text(self.blocks.source.get("legal", ""), holes, self._where("legal")),
            "headline": holes.take(self.blocks.source["headline"]),
            "action_label": holes.take(self.action.label) if self.action else "",
        }
        text = layouts(html=False).get_template("email.txt.j2").render(parts)
        where = self._where("email.txt")
        compiled = compile_text(holes.back(text), self.language, html=False, where=where)
        return lambda values: _GAPS.sub("\n\n", render_text(compiled, values, where)).strip() + "\n"

    def _fill(self, source: str, part: str) -> Fill:
        where = self._where(part)
        compiled = compile_text(source, self.language, html=True, where=where)
        return lambda values: render_text(compiled, values, where)

    def _holes(self) -> Holes:
        return Holes.of(*self.blocks.source.values())

    def _parts(self, holes: Holes) -> dict[str, Any]:
        """Return what the HTML layouts are filled with: blocks as HTML that still holds marks."""
        source = self.blocks.source
        where = self._where
        return {
            "hole": lambda expression: Markup(holes.add(expression)),  # noqa: S704 -- a mark: a word of our own
            "when": lambda expression: Markup(f"<!--{holes.take('{% if ' + expression + ' %}')}-->"),  # noqa: S704 -- as above
            "each": lambda name, items: Markup(f"<!--{holes.take('{% for ' + name + ' in ' + items + ' %}')}-->"),  # noqa: S704 -- as above
            "next": lambda: Markup(f"<!--{holes.take('{% endfor %}')}-->"),  # noqa: S704 -- as above
            "done": lambda: Markup(f"<!--{holes.take('{% endif %}')}-->"),  # noqa: S704 -- as above
            "language": self.language.replace("_", "-"),
            "dir": direction(self.language),
            "brand": self.look,
            "colours": self.look["colours"],
            "words": self.words,
            "marketing": self.marketing,
            "preheader": Markup(line_html(source.get("preheader", ""), holes)),  # noqa: S704 -- escaped by line_html
            "headline": Markup(line_html(source["headline"], holes)),  # noqa: S704 -- escaped by line_html
            "body": Markup(to_html(source["body"], holes, where("body"))),  # noqa: S704 -- made from Markdown without HTML
            "legal": Markup(to_html(source.get("legal", ""), holes, where("legal"))),  # noqa: S704 -- as above
            "action_label": Markup(line_html(self.action.label, holes)) if self.action else "",  # noqa: S704 -- escaped
            "action_link": Markup(holes.add(f"links.{self.action.link}")) if self.action else "",  # noqa: S704 -- a mark
        }


def _shrunk(html: str) -> str:
    """Return the page without the layout's indentation, which every customer would be sent."""
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"\n[ \t]+", "\n", html))
