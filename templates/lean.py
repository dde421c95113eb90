"""WeasyPrint without what our documents never have; it draws the same.

A seventh of a long invoice went to this: five styles for notes that each element could have, and an HTML parser written
in Python. Nothing inside of WeasyPrint is replaced: to keep a text shaped from placing to drawing, and the key of a
style's fonts, would save 6 % more, but only by changing its modules under it.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML

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
