"""Charts as SVG without script or style of their own: pure functions, each with a name and a table that says the same.

Colours are classes of `console.css`: a channel, `good`, `wait`, `bad`, `held`, or `mark1`, `mark2`. Numbers are drawn
to scale from zero; what they are called is text that the caller has formatted in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_ROW = 44
"""Height of a bar with its name above it, in CSS pixels; widths are shares of whatever room there is."""
_THICK = 14


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
    """Return bars below each other, each under its name. `table` says what opens the table."""
    most = max((row.value for row in rows), default=0) or 1
    return _over_beds(rows, most, title, table)


def funnel(rows: Sequence[Bar], *, title: str, table: str) -> Markup:
    """Return bars over beds as long as the first one: what is left of it at each step."""
    return _over_beds(rows, rows[0].value if rows and rows[0].value else 1, title, table)


def _over_beds(rows: Sequence[Bar], whole: float, title: str, table: str) -> Markup:
    drawn = []
    for place, row in enumerate(rows):
        bed = _rect(0, place, 1, "bed", "")
        bar = _rect(0, place, min(max(row.value, 0) / whole, 1), row.kind, row.shown)
        drawn.append(_row(place, row.label, row.shown, [bed, bar]))
    return _figure(drawn, _ROW * len(rows), title, table, [], [(row.label, [row.shown]) for row in rows])


def stack(rows: Sequence[Stack], *, title: str, table: str) -> Markup:
    """Return bars of several parts; every part of the same name has the same colour in all bars."""
    most = max((sum(part.value for part in row.parts) for row in rows), default=0) or 1
    drawn = [
        _row(place, row.label, row.shown, _parts(row.parts, most, place)) for place, row in enumerate(rows)
    ]
    names = list(dict.fromkeys(part.label for row in rows for part in row.parts))
    cells = []
    for row in rows:
        said = {part.label: part.shown for part in row.parts}
        cells.append((row.label, [said.get(name, "") for name in names]))
    return _figure(drawn, _ROW * len(rows), title, table, names, cells)


def line(places: Sequence[str], lines: Sequence[Line], *, title: str, table: str) -> Markup:
    """Return lines over named places, such as days: the first, the middle and the last are written below."""
    height, last = 160, max(len(places) - 1, 1)
    most = max((value for one in lines for value in one.values if value is not None), default=0) or 1
    curves = []
    for one in lines:
        for run in _runs(one.values):
            if len(run) == 1:  # one point is no line
                run = [run[0], (min(run[0][0] + 0.2, last), run[0][1])]
            points = " ".join(
                f"{_n(1000 * place / last)},{_n(height * (1 - value / most))}" for place, value in run
            )
            curves.append(Markup('<polyline class="{}" points="{}"/>').format(one.kind, points))
    drawn = [
        Markup('<line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/>').format(height + 4, height + 4),
        Markup('<svg y="4" height="{}" viewBox="0 0 1000 {}" preserveAspectRatio="none">{}</svg>').format(
            height, height, Markup("").join(curves)
        ),
    ]
    for place in sorted({0, (len(places) - 1) // 2, len(places) - 1}) if places else ():
        anchor = "start" if place == 0 else "end" if place == len(places) - 1 else "middle"
        drawn.append(
            Markup('<text class="soft" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                _percent(place / last), height + 22, anchor, places[place]
            )
        )
    cells = [(name, [one.shown[place] for one in lines]) for place, name in enumerate(places)]
    return _figure(drawn, height + 28, title, table, [one.label for one in lines], cells)


def _runs(values: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """Return the stretches without a gap, each value with its place."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, value))
    return [run for run in runs if run]


def _parts(parts: Sequence[Bar], most: float, place: int) -> list[Markup]:
    rects, begin = [], 0.0
    for part in parts:
        width = max(part.value, 0) / most
        rects.append(_rect(begin, place, width, part.kind, f"{part.label} {part.shown}"))
        begin += width
    return rects


def _rect(x: float, place: int, width: float, kind: str, told: str) -> Markup:
    title = Markup("<title>{}</title>").format(told) if told else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3">{}</rect>').format(
        kind, _percent(x), place * _ROW + 20, _percent(width), _THICK, title
    )


def _row(place: int, label: str, shown: str, rects: Sequence[Markup]) -> Markup:
    y = place * _ROW + 14
    name = Markup('<text x="0" y="{}">{}</text>').format(y, label)
    told = Markup('<text class="much" x="100%" y="{}" text-anchor="end">{}</text>').format(y, shown)
    return Markup("").join([name, told, *rects])


def _percent(share: float) -> str:
    return f"{_n(100 * share)}%"


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
        '<figure class="chart"><svg width="100%" height="{}" role="img" aria-label="{}">{}</svg>'
        '<details><summary>{}</summary><table><caption class="unseen">{}</caption>{}<tbody>{}</tbody></table>'
        "</details></figure>"
    ).format(max(height, 1), title, Markup("").join(drawn), table, title, first, Markup("").join(rows))


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
