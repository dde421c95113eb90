"""Pictures as WeasyPrint draws them: codes straight from their modules, drawings that are drawn once and kept."""

from collections.abc import Iterator
from typing import Any

from templates.codes import Modules

SCHEME = "code:"
"""`<img src="code:action">` is the code of that name on `templates.paper.Page`."""


def code_operators(code: Modules) -> bytes:
    """Return the operators that fill the unit square with a code: an inline image, a bit a module, in black."""
    size = b"%d" % code.size
    hexed = code.bits.hex().encode()
    return b"0 g BI /W " + size + b" /H " + size + b" /IM true /D [1 0] /F /AHx ID " + hexed + b"> EI"


_MORE = (b" Tf", b" cs", b" CS")
"""Ends of operators that need a font or a colour space of the page."""


class Code:
    """A code in the place of an image."""

    def __init__(self, code: Modules | None) -> None:
        """`None` leaves the place empty, for whoever fills it later."""
        self._code = code

    def get_intrinsic_size(self, *_: float) -> tuple[float, float, float]:
        """Return a square: style sheets give its size."""
        return 1.0, 1.0, 1.0

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Draw it; the page's axis points down."""
        if self._code is not None:
            stream.transform(a=width, d=-height, f=height)
            stream.stream.append(code_operators(self._code))


class Drawing:
    """A static SVG, whose operators are kept: drawing them anew is a quarter of a letter."""

    def __init__(self, image: Any) -> None:
        self._image = image
        self._kept: dict[tuple[float, float], tuple[list[bytes], dict[str, Any]] | None] = {}

    def get_intrinsic_size(self, resolution: float, font_size: float) -> Any:
        """Return what the image says."""
        return self._image.get_intrinsic_size(resolution, font_size)

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Draw it, as an object of its own where it uses nothing but opacity: many letters in one file share that."""
        import pydyf

        size = width, height
        if size not in self._kept:
            self._kept[size] = self._record(stream, width, height, style)
        kept = self._kept[size]
        if kept is None:
            self._image.draw(stream, width, height, style)
            return
        operators, states = kept
        found = _resources(stream)["XObject"]
        name = f"d{len(found)}"
        resources = pydyf.Dictionary({"ExtGState": _dictionaries(states)})
        kind = {"Type": "/XObject", "Subtype": "/Form", "BBox": pydyf.Array((0, 0, width, height))}
        found[name] = pydyf.Stream(list(operators), {**kind, "Resources": resources})
        stream.draw_x_object(name)

    def _record(
        self, stream: Any, width: float, height: float, style: Any
    ) -> tuple[list[bytes], dict[str, Any]] | None:
        """Return how it is drawn, or None where that needs more than operators."""
        resources: dict[str, Any] = {kind: {} for kind in ("ExtGState", "XObject", "Pattern", "Shading")}
        aside = stream.clone(resources=resources | {"ColorSpace": _resources(stream)["ColorSpace"]})
        self._image.draw(aside, width, height, style)
        if any(resources[kind] for kind in ("XObject", "Pattern", "Shading")):
            return None
        drawn = aside.stream
        if not all(isinstance(one, bytes) and not one.endswith(_MORE) for one in drawn):
            return None
        names = dict.fromkeys(
            name.decode() for name in _states(drawn)
        )  # a set's order is another in each process
        if any(name[0] not in "aA" for name in names):
            return None
        return drawn, {name: dict(resources["ExtGState"][name]) for name in names}


def _resources(stream: Any) -> Any:
    return stream._resources  # noqa: SLF001 -- WeasyPrint has no other way to it


def _dictionaries(states: dict[str, Any]) -> Any:
    """Return graphics states as objects of their own: each document numbers its objects itself."""
    import pydyf

    return pydyf.Dictionary({name: pydyf.Dictionary(dict(state)) for name, state in states.items()})


def _states(operators: list[bytes]) -> Iterator[bytes]:
    for one in operators:
        if one.endswith(b" gs"):
            yield one[1:-3]
