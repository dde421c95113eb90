"""Pages in the making: bands drawn on them, lines of text and codes put there with their place in the structure."""

from collections.abc import Sequence

from templates.bands import Band, Figure, Text
from templates.codes import modules
from templates.glyphs import Shown, Type
from templates.pictures import code_operators
from templates.tagged_pdf import Leaf

Line = Sequence[tuple[Type, Shown]]
"""Runs of text beside each other."""


class _Sheet:
    """One page: its operators, how many pieces of content are marked, the colour that stands."""

    __slots__ = ("colour", "marks", "out")

    def __init__(self) -> None:
        self.out: list[bytes] = []
        self.marks = 0
        self.colour = b""


class Sheets:
    """The pages of one document, the last of which is written on."""

    def __init__(self, height: float) -> None:
        """`height` is that of a page, in points."""
        self.leaves: list[Leaf] = []
        """What the pages show, in reading order."""
        self._height = height
        self._pages: list[_Sheet] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._pages)

    def begin(self) -> None:
        """Begin a further page."""
        self._pages.append(_Sheet())

    def contents(self) -> list[bytes]:
        """Return the operators of each page."""
        return [b"\n".join(sheet.out) for sheet in self._pages]

    def draw(self, band: Band, down: float) -> None:
        """Draw what a band has beside texts, so far down from where it was laid out."""
        drawing = b"/Artifact BMC q 1 0 0 1 0 %.3f cm /%s Do Q EMC" % (-down, band.drawing)
        self._pages[-1].out.append(drawing)

    def put(
        self, text: Text, lines: Sequence[Line], down: float, *, instance: int = 0, tagged: bool = True
    ) -> None:
        """Put the lines of a text below each other.

        Args:
            text: where it stands.
            lines: at least one.
            down: so far down from where it was laid out, points.
            instance: which of its band's instances it is in.
            tagged: whether it is read, or only seen.
        """
        sheet = self._pages[-1]
        if not any([shown[0] for line in lines for _, shown in line]):
            if tagged and text.spot.is_cell:
                self.leaves.append(Leaf(len(self._pages) - 1, None, text.spot, instance))
            return
        if tagged:
            self.leaves.append(Leaf(len(self._pages) - 1, sheet.marks, text.spot, instance))
            sheet.out.append(b"%s %d>> BDC" % (text.spot.mark, sheet.marks))
            sheet.marks += 1
        else:
            sheet.out.append(b"/Artifact BMC")
        baseline = self._height - text.baseline - down
        for line in lines:
            left = text.left
            if text.align:
                left += text.align * (text.width - sum([shown[1] for _, shown in line]))
            for kind, (strings, width) in line:
                if strings:
                    _show(sheet, kind, left, baseline, strings)
                left += width
            baseline -= text.height
        sheet.out.append(b"EMC")

    def figure(self, figure: Figure, said: str, down: float, *, instance: int) -> None:
        """Draw a code that says this; as `put`."""
        sheet, place = self._pages[-1], figure.place
        bottom = place.bottom - down
        box = (place.left, bottom, place.left + place.width, bottom + place.height)
        page = len(self._pages) - 1
        self.leaves.append(Leaf(page, sheet.marks, figure.spot, instance, figure.alt, box))
        matrix = place.width, place.height, place.left, bottom
        sheet.out.append(
            b"/Figure <</MCID %d>> BDC q %.3f 0 0 %.3f %.3f %.3f cm %s Q EMC"
            % (sheet.marks, *matrix, code_operators(modules(said)))
        )
        sheet.marks += 1

    def number(self, text: Text) -> None:
        """Write on each page which one of how many it is."""
        kind = text.runs[0][0]
        right = text.left + kind.set("1 / 1", "")[1]
        for number, sheet in enumerate(self._pages, start=1):
            strings, width = kind.set(f"{number} / {len(self._pages)}", "")
            sheet.out.append(b"/Artifact BMC")
            _show(sheet, kind, right - width, self._height - text.baseline, strings)
            sheet.out.append(b"EMC")


def _show(sheet: _Sheet, kind: Type, left: float, baseline: float, strings: bytes) -> None:
    if kind.colour != sheet.colour:
        sheet.colour = kind.colour
        sheet.out.append(kind.colour)
    sheet.out.append(kind.show(left, baseline, strings))
