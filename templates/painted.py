"""Text and the colour behind it, as a mail program paints a page whose CSS is inlined."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LARGE = 24.0
"""Pixels from which text is large, 18.66 when bold: 3:1 is enough for it (WCAG 2.2, 1.4.3)."""
LARGE_BOLD = 18.66
ENOUGH, ENOUGH_LARGE = 4.5, 3.0
BOLD = 700
_DECLARED = re.compile(r"([a-z-]+)\s*:\s*([^;]+)")
_HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_FONT = re.compile(r"(?:(\d{3}|bold)\s+)?(\d+(?:\.\d+)?)px")
_BOLD_BY_ITSELF = {"b", "strong", "th", "h1", "h2", "h3"}

Style = dict[str, str]


def painted(
    page: "LexborHTMLParser", contrast: Callable[[str, str], float]
) -> Iterator[tuple[str, float, float]]:
    """Yield (text, its contrast, what is needed) for every text that is shown; colours that are not hex are skipped.

    Args:
        page: HTML with styles on the elements; style sheets are not read.
        contrast: of two `#rrggbb` colours, 1 to 21.
    """
    if page.body is not None:
        yield from _walk(
            page.body, {"color": "#000000", "background": "#ffffff", "size": "16", "weight": "400"}, contrast
        )


def _walk(
    node: "LexborNode", above: Style, contrast: Callable[[str, str], float]
) -> Iterator[tuple[str, float, float]]:
    style = _style(node, above)
    if style.get("display") == "none":
        return
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            text = (child.text(deep=False) or "").strip()
            if text:
                size, bold = float(style["size"]), int(style["weight"]) >= BOLD
                large = size >= LARGE or (bold and size >= LARGE_BOLD)
                ratio = contrast(style["color"], style["background"])
                yield text, ratio, ENOUGH_LARGE if large else ENOUGH
        else:
            yield from _walk(child, style, contrast)


def _style(node: "LexborNode", above: Style) -> Style:
    """Return what an element's text looks like: colours, size and weight come down, `display` does not."""
    style = {key: value for key, value in above.items() if key != "display"}
    attributes = node.attributes
    declared = dict(_DECLARED.findall((attributes.get("style") or "").lower()))
    ground = declared.get("background-color") or declared.get("background") or attributes.get("bgcolor") or ""
    for key, value in (("color", declared.get("color", "")), ("background", ground)):
        if found := _HEX.search(value):
            style[key] = _long(found[0])
    style |= _type(node.tag or "", declared)
    if "display" in declared:
        style["display"] = declared["display"].strip()
    return style


def _type(tag: str, declared: Style) -> Style:
    """Return the size and weight that an element sets."""
    found = {"weight": str(BOLD)} if tag in _BOLD_BY_ITSELF else {}
    for value in (declared.get("font", ""), declared.get("font-size", "")):
        if match := _FONT.search(value):
            found["size"] = match[2]
            if match[1]:
                found["weight"] = match[1]
    weight = declared.get("font-weight", "").strip()
    if weight.isdigit() or weight == "bold":
        found["weight"] = weight
    if found.get("weight") == "bold":
        found["weight"] = str(BOLD)
    return found


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(part * 2 for part in colour[1:])  # noqa: PLR2004 -- #rgb
