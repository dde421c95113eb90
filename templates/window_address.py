"""The address that an envelope's window shows of a foreign letter's first page, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from templates.drawn_page import MM, DrawnPage, Letter
from templates.judgement import Finding
from templates.postal_lines import Window

SMALLEST = 6.0
"""Points of type in the window that the post's readers still make out."""
LINES = (2, 8)
"""Lines of an address."""
GAP = 0.12
"""Of the type's size: the least that parts two words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What a window shows of the letters of a page."""

    whole: tuple[Letter, ...]
    cut: str
    """What stands in it in part, or goes on outside of it."""
    left_out: str
    """A line of the address that it does not show."""
    has_ink: bool


def window_address(seen: DrawnPage, window: Window) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the address in the window of the first page, and what is wrong with it."""
    shown = _shown(seen, window)
    lines = _lines(shown.whole)
    found = []
    if shown.cut:
        found.append(
            Finding(check="window", verdict="block", page=1, detail=f"the window cuts {shown.cut!r}")
        )
    if shown.left_out:
        detail = f"the window does not show {shown.left_out[:30]!r}"
        found.append(Finding(check="window", verdict="block", page=1, detail=detail))
    wrong = _unreadable(shown, lines, window.kind)
    if wrong:
        found.append(Finding(check="address", verdict="block", page=1, detail="; ".join(wrong)))
    elif not any(letter.isdigit() for line in lines for letter in line):
        found.append(
            Finding(check="address", verdict="warn", page=1, detail="no line has a number: no postcode")
        )
    return lines, found


def _shown(seen: DrawnPage, window: Window) -> _Shown:
    left, top = window.left / MM, window.top / MM
    right, bottom = left + window.width / MM, top + window.height / MM
    visible = [one for one in seen.letters if seen.is_seen(one) or seen.is_recognised(one)]
    inside = [
        one
        for one in visible
        if one.right > left and one.left < right and one.bottom > top and one.top < bottom
    ]
    whole = [
        one
        for one in inside
        if one.left >= left - 1 and one.right <= right + 1 and one.top >= top - 1 and one.bottom <= bottom + 1
    ]
    outside = [one for one in visible if one not in whole]
    return _Shown(
        whole=tuple(whole),
        cut="".join(one.text for one in outside if one in inside or _goes_on(one, whole))[:30],
        left_out=_left_out(outside, whole),
        has_ink=_has_ink(seen, left, top, right, bottom),
    )


def _unreadable(shown: _Shown, lines: Sequence[str], kind: str) -> list[str]:
    """Say why the post cannot read the address."""
    fewest, most = LINES
    wrong = []
    if not fewest <= len(lines) <= most:
        wrong.append(f"{len(lines)} lines in the window ({kind}), an address has {fewest} to {most}")
    if not lines and shown.has_ink:
        wrong.append("what it shows is a picture, which no program reads")
    if any(not one.upright for one in shown.whole):
        wrong.append("it does not stand upright")
    if shown.whole and _most(shown.whole) < SMALLEST:
        small = min((one.size for one in shown.whole if one.text.isalnum()), default=SMALLEST)
        wrong.append(f"type of {small:.1f} pt, the post reads {SMALLEST:.0f} and more")
    return wrong


def _has_ink(seen: DrawnPage, left: float, top: float, right: float, bottom: float) -> bool:
    across, down = (
        slice(*(max(int(side * seen.scale), 0) for side in sides)) for sides in ((left, right), (top, bottom))
    )
    return bool(seen.ink[down, across].any())


def _left_out(outside: Sequence[Letter], whole: Sequence[Letter]) -> str:
    """Return a line above or below those in the window that is one of theirs: as large, as far left and as near."""
    rows = _rows(whole)
    if not rows:
        return ""
    size, first = _most(whole), min(one.left for one in whole)
    steps = sorted(below[0].bottom - above[0].bottom for above, below in pairwise(rows))
    step = (steps[len(steps) // 2] if steps else size * 1.3) * 1.2
    edges = (rows[0][0].bottom, rows[-1][0].bottom)
    for row in _rows([one for one in outside if abs(one.size - size) < size / 10]):
        near = min(abs(row[0].bottom - edge) for edge in edges)
        if abs(min(one.left for one in row) - first) < size / 2 and size / 2 < near <= step:
            return "".join(_spaced(sorted(row, key=lambda one: one.left)))
    return ""


def _goes_on(letter: Letter, lines: Sequence[Letter]) -> bool:
    """Tell whether a letter goes on where one of some lines ends: in the same word, or the next."""
    return any(
        abs(letter.bottom - one.bottom) < one.size / 2
        and min(abs(letter.begin - one.end), abs(one.begin - letter.end)) < one.size / 2
        for one in lines
    )


def _most(letters: Sequence[Letter]) -> float:
    """Return the size that most letters have; a small return line stands above the address."""
    sizes = sorted(one.size for one in letters)
    return sizes[len(sizes) // 2]


def _lines(letters: Sequence[Letter]) -> tuple[str, ...]:
    """Return letters as lines from top to bottom, words parted where there is a gap."""
    return tuple("".join(_spaced(sorted(row, key=lambda one: one.left))) for row in _rows(letters))


def _rows(letters: Sequence[Letter]) -> list[list[Letter]]:
    rows: list[list[Letter]] = []
    for one in sorted(letters, key=lambda one: one.bottom):
        if rows and one.bottom - rows[-1][0].bottom < one.size / 2:
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def _spaced(row: Sequence[Letter]) -> Iterator[str]:
    end: float | None = None
    for one in row:
        if end is not None and one.begin - end > one.size * GAP:
            yield " "
        yield one.text
        end = one.end
