"""What somebody else's PDF carries that no paper holds: programs, attachments, fields; and what colours it asks for."""

from collections.abc import Iterator
from typing import Any

import pikepdf

PROGRAMS = frozenset({"/JavaScript", "/Launch", "/ImportData", "/Rendition"})
"""Actions that run something (ISO 32000-1, 12.6.4)."""
PROCESS_COLOURS = frozenset({"/All", "/None", "/Cyan", "/Magenta", "/Yellow", "/Black"})
"""Names of colours that are no spot colours (ISO 32000-1, 8.6.6.4)."""
MOST = 10_000
"""Resources of one page that are looked at: more has no letter."""


def of(thing: Any, key: str) -> Any:
    """Return an entry of a dictionary or stream; None where there is none, or it is something else."""
    return thing.get(key) if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream) else None


def entries(thing: Any) -> list[Any]:
    """Return the values of a dictionary, the items of an array, and nothing of anything else."""
    if isinstance(thing, pikepdf.Array):
        return list(thing)
    return [value for _, value in thing.items()] if isinstance(thing, pikepdf.Dictionary) else []


def unit_of(page: Any) -> float:
    """Return how many points a unit of a page is, 1 where it says nothing of use."""
    try:
        said = float(of(page, "/UserUnit") or 1)
    except (TypeError, ValueError, ArithmeticError):
        return 1.0
    return said if 0.01 <= said <= 100 else 1.0  # noqa: PLR2004 -- a page of A4 is then 3 mm or 30 m


def runs(opened: pikepdf.Pdf) -> bool:
    """Tell whether the file itself runs a program: when it is opened, printed or closed."""
    root = opened.Root
    told = [of(root, "/OpenAction"), *entries(of(root, "/AA"))]
    return of(of(root, "/Names"), "/JavaScript") is not None or any(map(_is_program, told))


def page_runs(page: Any) -> bool:
    """Tell whether a page, or a link, field or note on it, runs a program."""
    told = entries(of(page, "/AA"))
    for one in entries(of(page, "/Annots")):
        told += [of(one, "/A"), of(one, "/PA"), *entries(of(one, "/AA"))]
    return any(map(_is_program, told))


def _is_program(action: Any) -> bool:
    waiting = [action]
    for _ in range(MOST):
        if not waiting:
            return False
        one = waiting.pop()
        if of(one, "/S") in PROGRAMS:
            return True
        following = of(one, "/Next")
        if following is not None:
            waiting += entries(following) if isinstance(following, pikepdf.Array) else [following]
    return True


def carries(opened: pikepdf.Pdf) -> bool:
    """Tell whether files are attached, to the document or to a page."""
    notes = (one for page in opened.pages for one in entries(of(page.obj, "/Annots")))
    return of(of(opened.Root, "/Names"), "/EmbeddedFiles") is not None or any(
        of(one, "/Subtype") == "/FileAttachment" for one in notes
    )


def has_fields(opened: pikepdf.Pdf) -> bool:
    """Tell whether there is something to fill in."""
    form = of(opened.Root, "/AcroForm")
    return bool(entries(of(form, "/Fields"))) or of(form, "/XFA") is not None


def has_layers(opened: pikepdf.Pdf) -> bool:
    """Tell whether parts of the pages can be switched off."""
    return of(opened.Root, "/OCProperties") is not None


def has_notes(page: Any) -> bool:
    """Tell whether there is something on a page that is neither a link nor a field."""
    return any(of(one, "/Subtype") not in {"/Link", "/Widget"} for one in entries(of(page, "/Annots")))


def spot_colours(page: pikepdf.Page) -> list[str]:
    """Return the names of the spot colours of a page, of its pictures, patterns and forms, in order."""
    found: set[str] = set()
    for resources, _ in _resources(page):
        spaces = entries(of(resources, "/ColorSpace"))
        for kind in ("/XObject", "/Shading", "/Pattern"):
            for one in entries(of(resources, kind)):
                spaces += [of(one, "/ColorSpace"), of(of(one, "/Shading"), "/ColorSpace")]
        for space in spaces:
            found.update(_spots(space))
    return sorted(found)


def _spots(space: Any, depth: int = 3) -> Iterator[str]:
    if not isinstance(space, pikepdf.Array) or len(space) < 2 or not depth:  # noqa: PLR2004 -- a kind and its base
        return
    if space[0] in {"/Separation", "/DeviceN"}:
        named = entries(space[1]) if space[0] == "/DeviceN" else [space[1]]
        yield from (str(one)[1:] for one in named if str(one) not in PROCESS_COLOURS)
    elif space[0] in {"/Indexed", "/Pattern"}:
        yield from _spots(space[1], depth - 1)


def missing_fonts(page: pikepdf.Page) -> list[str]:
    """Return the fonts of patterns, drawn letters, fields and notes that are not in the file.

    Texts have theirs in `templates.drawn_page.DrawnPage.fonts`: a font that is only named is no loss.
    """
    fonts = (font for one, aside in _resources(page) if aside for font in entries(of(one, "/Font")))
    return list(
        dict.fromkeys(
            str(of(font, "/BaseFont") or "/unnamed")[1:] for font in fonts if not _is_embedded(font)
        )
    )


def _resources(page: pikepdf.Page) -> Iterator[tuple[Any, bool]]:
    """Yield the resources of a page and of all that is drawn on it, and whether its texts are none of the page's.

    Forms may share resources, or hold each other.
    """
    waiting = [(of(page.obj, "/Resources"), False)]
    for note in entries(of(page.obj, "/Annots")):
        drawn = of(of(note, "/AP"), "/N")
        states = [drawn] if isinstance(drawn, pikepdf.Stream) else entries(drawn)
        waiting += [(of(one, "/Resources"), True) for one in states]
    seen = set()
    for _ in range(MOST):
        if not waiting:
            return
        one, aside = waiting.pop()
        known = (one.objgen, aside) if isinstance(one, pikepdf.Object) else (None, aside)
        if one is None or (known in seen and known[0] != (0, 0)):
            continue
        seen.add(known)
        yield one, aside
        waiting += [(of(inner, "/Resources"), aside) for inner in entries(of(one, "/XObject"))]
        inside = [*entries(of(one, "/Pattern")), *entries(of(one, "/Font"))]
        waiting += [(of(inner, "/Resources"), True) for inner in inside]


def _is_embedded(font: Any) -> bool:
    if of(font, "/Subtype") == "/Type3":
        return True
    below = of(font, "/DescendantFonts")
    if below is not None:
        return all(_is_embedded(one) for one in entries(below))
    descriptor = of(font, "/FontDescriptor")
    return any(of(descriptor, key) is not None for key in ("/FontFile", "/FontFile2", "/FontFile3"))
