"""Charts as SVG without script or style of their own: pure functions, each with a name and a table that says the same.

Colours are classes of `console.css`: a channel, `good`, `wait`, `bad`, `held`, or `mark1`, `mark2`. Numbers are drawn
to scale from zero; what they are called is text that the caller has formatted in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 640
_LINE = 28
"""Height of a row of bars."""
_LABEL = 150
"""Room for the names left of the bars."""
_VALUE = 90
"""Room for the numbers right of them."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: `shown` is its value as text, `kind` its colour."""

    label: str
    value: float
    shown: str
    kind: str = "mark1"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One bar of several parts."""

    label: str
    parts: Sequence[Bar]
    shown: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line through a value for each of the chart's places; None leaves a gap."""

    label: str
    values: Sequence[float | None]
    shown: Sequence[str]
    kind: str = "mark1"


def bars(rows: Sequence[Bar], *, title: str, table: str) -> Markup:
    """Return horizontal bars beside each other's names. `table` says what opens the table."""
    most = max((row.value for row in rows), default=0) or 1
    drawn = []
    for place, row in enumerate(rows):
        width = _room() * max(row.value, 0) / most
        drawn.append(
            _row(place, row.label, row.shown, [_rect(_LABEL, place, width, row.kind, row.shown)], width)
        )
    cells = [(row.label, [row.shown]) for row in rows]
    return _figure(drawn, _LINE * len(rows), title, table, [], cells)


def funnel(rows: Sequence[Bar], *, title: str, table: str) -> Markup:
    """Return bars over beds as long as the first one: what is left of it at each step."""
    whole = rows[0].value if rows and rows[0].value else 1
    drawn = []
    for place, row in enumerate(rows):
        width = _room() * min(max(row.value, 0) / whole, 1)
        rects = [
            _rect(_LABEL, place, _room(), "bed", ""),
            _rect(_LABEL, place, width, row.kind, row.shown),
        ]
        drawn.append(_row(place, row.label, row.shown, rects, _room()))
    cells = [(row.label, [row.shown]) for row in rows]
    return _figure(drawn, _LINE * len(rows), title, table, [], cells)


def stack(rows: Sequence[Stack], *, title: str, table: str) -> Markup:
    """Return bars of several parts; every part of the same name has the same colour in all bars."""
    most = max((sum(part.value for part in row.parts) for row in rows), default=0) or 1
    drawn = []
    for place, row in enumerate(rows):
        begin, rects = float(_LABEL), []
        for part in row.parts:
            width = _room() * max(part.value, 0) / most
            rects.append(_rect(begin, place, width, part.kind, f"{part.label} {part.shown}"))
            begin += width
        drawn.append(_row(place, row.label, row.shown, rects, begin - _LABEL))
    names = list(dict.fromkeys(part.label for row in rows for part in row.parts))
    cells = []
    for row in rows:
        said = {part.label: part.shown for part in row.parts}
        cells.append((row.label, [said.get(name, "") for name in names]))
    return _figure(drawn, _LINE * len(rows), title, table, names, cells)


def line(places: Sequence[str], lines: Sequence[Line], *, title: str, table: str) -> Markup:
    """Return lines over named places, such as days: the first, the middle and the last are written below."""
    height, top, left, right = 180.0, 12.0, 8.0, 8.0
    most = max((value for one in lines for value in one.values if value is not None), default=0) or 1
    step = (WIDTH - left - right) / max(len(places) - 1, 1)
    drawn = [Markup('<path class="axis" d="M{} {}H{}"/>').format(left, _n(height + top), WIDTH - right)]
    for one in lines:
        for run in _runs(one.values):
            points = " ".join(
                f"{_n(left + step * place)},{_n(top + height * (1 - value / most))}" for place, value in run
            )
            drawn.append(Markup('<polyline class="{}" points="{}"/>').format(one.kind, points))
            if len(run) == 1:
                x, y = points.split(",")
                drawn.append(Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>').format(one.kind, x, y))
    for place in sorted({0, (len(places) - 1) // 2, len(places) - 1}) if places else ():
        anchor = "start" if place == 0 else "end" if place == len(places) - 1 else "middle"
        drawn.append(
            Markup('<text class="soft" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                _n(left + step * place), _n(height + top + 18), anchor, places[place]
            )
        )
    cells = [(name, [one.shown[place] for one in lines]) for place, name in enumerate(places)]
    return _figure(drawn, int(height + top + 24), title, table, [one.label for one in lines], cells)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return the stretches without a gap, each value with its place."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, value))
    return [run for run in runs if run]


def _room() -> float:
    return WIDTH - _LABEL - _VALUE


def _rect(x: float, place: int, width: float, kind: str, told: str) -> Markup:
    title = Markup("<title>{}</title>").format(told) if told else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3">{}</rect>').format(
        kind, _n(x), place * _LINE + 4, _n(max(width, 0)), _LINE - 10, title
    )


def _row(place: int, label: str, shown: str, rects: Sequence[Markup], width: float) -> Markup:
    y = place * _LINE + _LINE / 2 + 3
    name = Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_LABEL - 8, _n(y), _short(label))
    told = Markup('<text class="soft" x="{}" y="{}">{}</text>').format(_n(_LABEL + width + 8), _n(y), shown)
    return Markup("").join([name, *rects, told])


def _short(label: str) -> str:
    longest = 22
    return label if len(label) <= longest else f"{label[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def _figure(
    drawn: Sequence[Markup],
    height: int,
    title: str,
    table: str,
    heads: Sequence[str],
    cells: Sequence[tuple[str, Sequence[str]]],
) -> Markup:
    head = Markup("").join(Markup('<th scope="col" class="n">{}</th>').format(name) for name in heads)
    rows = []
    for name, values in cells:
        told = Markup("").join(Markup('<td class="n">{}</td>').format(shown) for shown in values)
        rows.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(name, told))
    first = Markup("<thead><tr><td></td>{}</tr></thead>").format(head) if heads else ""
    return Markup(
        '<figure class="chart"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
        '<details><summary>{}</summary><table><caption class="unseen">{}</caption>{}<tbody>{}</tbody></table>'
        "</details></figure>"
    ).format(WIDTH, max(height, 1), title, Markup("").join(drawn), table, title, first, Markup("").join(rows))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
