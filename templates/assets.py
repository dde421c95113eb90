"""Images of templates are somebody else's files: looked at before anything draws them.

An SVG may not run, fetch, or repeat itself without end; a picture may not be larger than a page can show.
"""

import io
import re
from typing import Any

from tidings.problem import Problem

MAX_BYTES = 5_000_000
MAX_PIXELS = 40_000_000
"""An A4 page at 600 dpi has 35 million."""
MAX_ELEMENTS = 20_000
"""Of a drawing, those that `use` repeats counted each time."""
MAX_DEPTH = 60
ELEMENTS = frozenset({
    "svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "path", "rect", "circle", "ellipse",
    "line", "polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask",
    "pattern", "marker",
})  # fmt: skip
"""What a drawing may be made of: no image, script, link, filter or foreign object."""
_OWN = re.compile(r"#[\w.-]+")
_LEADS_OUT = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:", re.IGNORECASE)
_SVG = "{http://www.w3.org/2000/svg}"


def check_asset(name: str, content: bytes, where: str) -> None:
    """Refuse an image that cannot be drawn safely; a file of another kind is never drawn, so nothing is asked of it.

    Raises:
        Problem: names the file and what is wrong with it.
    """
    kind = name.rpartition(".")[2].lower()
    if kind not in {"svg", "png", "jpg", "jpeg"}:
        return
    if len(content) > MAX_BYTES:
        raise Problem(
            f"{where} has {len(content):,} bytes, more than {MAX_BYTES:,}.", todo="Make it smaller."
        )
    wrong = _wrong_drawing(content) if kind == "svg" else _wrong_picture(content)
    if wrong:
        raise Problem(
            f"{where} cannot be used: {wrong}.", todo="Save it anew, as a plain drawing or picture."
        )


def _wrong_picture(content: bytes) -> str:
    """Return why a picture is not drawn; only its head is read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            kind = image.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return f"it has more than {MAX_PIXELS:,} pixels"
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return "it is no picture"
    if kind not in {"PNG", "JPEG"}:
        return f"it is a {kind}"
    return f"it has {width} x {height} pixels" if width * height > MAX_PIXELS else ""


def _wrong_drawing(content: bytes) -> str:
    from lxml import etree  # type: ignore[import-untyped]

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return "it declares entities"
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return "it is no XML"
    if root.tag != f"{_SVG}svg":
        return "it is no SVG"
    for element in root.iter(etree.Element):
        if wrong := _wrong_element(element):
            return wrong
    return _too_much(root)


def _wrong_element(element: Any) -> str:
    tag = str(element.tag)
    if tag.startswith(_SVG) and tag.removeprefix(_SVG) not in ELEMENTS:
        return f"it holds <{tag.removeprefix(_SVG)}>"
    if tag == f"{_SVG}style" and _LEADS_OUT.search(element.text or ""):
        return "its style fetches something"
    for name, value in element.attrib.items():
        plain = str(name).rpartition("}")[2].lower()
        if plain.startswith("on"):
            return f"it runs {plain}"
        if plain == "href" and not _OWN.fullmatch(str(value)):
            return f"it leads to {str(value)[:60]!r}"
        if _LEADS_OUT.search(str(value)):
            return f"its {plain} fetches something"
    return ""


def _too_much(root: Any) -> str:
    """Count what would be drawn, with what `use` repeats; a drawing that uses itself has no end."""
    elements = list(root.iter())  # kept: lxml's elements are others each time they are asked for
    named = {element.get("id"): element for element in elements if element.get("id")}
    known: dict[int, int] = {}

    def size(element: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            return MAX_ELEMENTS + 1
        if id(element) not in known:
            total = 1 + sum(size(child, depth + 1) for child in element)
            target = next((str(v)[1:] for k, v in element.attrib.items() if str(k).endswith("href")), "")
            if target in named:
                total += size(named[target], depth + 1)
            known[id(element)] = min(total, MAX_ELEMENTS + 1)
        return known[id(element)]

    found = size(root, 0)
    return f"it draws more than {MAX_ELEMENTS} parts, or lies too deep" if found > MAX_ELEMENTS else ""
