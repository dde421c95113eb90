"""WeasyPrint without what it does twice and what our documents never have; it draws the same.

A fifth of a long invoice went to this: five styles for notes that each element could have, an HTML parser written in
Python, shaping each text once to place it and again to draw it, and writing down the fonts of each text anew.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML
from weasyprint.text import line_break
from weasyprint.text.ffi import pango

_NOTES = re.compile(r"^::(?:footnote|note)-.*$", re.MULTILINE)
_MARKER = re.compile(r"^::marker", re.MULTILINE)


class LeanHTML(HTML):  # type: ignore[misc]
    """A document of our layouts: its footnotes would not look like any, and only items of lists have markers."""

    def __init__(self, html: str, fetcher: Any) -> None:
        try:
            root = ElementTree.fromstring(html)  # noqa: S314 -- a layout of ours: values cannot write its DTD
        except ElementTree.ParseError:  # HTML may leave tags open
            super().__init__(string=html, url_fetcher=fetcher)
            return
        self.base_url = None
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:  # noqa: ARG002, FBT001, FBT002 -- as WeasyPrint asks
        return [usual_styles()]


@lru_cache(maxsize=1)
def usual_styles() -> CSS:
    """Return WeasyPrint's styles of HTML without those that it would compute for each element and never use."""
    text = (files("weasyprint.css") / "html5_ua.css").read_text(encoding="utf-8")
    return CSS(string=_MARKER.sub("li::marker", _NOTES.sub("", text)))


class _Kept(line_break.Layout):  # type: ignore[misc]
    """A text that stays shaped from when it was placed until it is drawn."""

    _placed = _one_line = False

    def set_text(self, text: str, justify: bool = False) -> None:  # noqa: FBT001, FBT002 -- as WeasyPrint asks
        super().set_text(text, justify)
        self._one_line = text.splitlines() == [text]
        # Drawing asks for this, and Pango shapes a text again for which it changes.
        pango.pango_layout_set_single_paragraph_mode(self.layout, self._one_line)

    def deactivate(self) -> None:
        if self._placed:
            super().deactivate()
        self._placed = not self._placed

    def reactivate(self, style: Any) -> None:
        kept = self._placed and self._one_line and self.style is style and not self.justification_spacing
        if not kept:
            super().reactivate(style)
            self._placed = True


_written_key = line_break._font_style_cache_key  # noqa: SLF001 -- it has no other name


def _kept_key(style: Any, include_size: bool = False) -> str:  # noqa: FBT001, FBT002 -- as WeasyPrint asks
    """Return what a style's fonts are known by, written once for each style and not for each text in it."""
    known = vars(style).setdefault("font_keys", {})
    if include_size not in known:
        known[include_size] = _written_key(style, include_size)
    return str(known[include_size])


line_break.Layout = _Kept
line_break._font_style_cache_key = _kept_key  # noqa: SLF001
