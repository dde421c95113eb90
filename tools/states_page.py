"""Draw the table of states into docs/states.md and one picture for each machine.

python tools/states_page.py docs
"""

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tidings.state import (
    RULES,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    Nothing,
    after,
)

PLACES: Mapping[type[StrEnum], Mapping[str, tuple[int, int]]] = {
    MessageState: {
        "planned": (0, 1), "ready": (1, 1), "in_delivery": (2, 1), "done": (3, 1), "undeliverable": (3, 2),
        "held": (0, 0), "suppressed": (1, 0), "cancelled": (2, 0),
    },
    DeliveryState: {
        "ready": (0, 1), "sending": (1, 1), "in_doubt": (1, 2), "rejected": (1, 0), "accepted": (2, 1),
        "recalled": (0, 0), "delivered": (3, 1), "silent": (2, 0), "expired": (3, 2), "bounced": (4, 1),
    },
    AttemptState: {
        "sending": (0, 1), "unknown": (1, 1), "accepted": (3, 1), "absent": (2, 2), "abandoned": (1, 2),
        "rejected": (2, 0), "refused": (1, 0), "cancelled": (0, 0),
    },
}  # fmt: skip
"""Column and row of each state in its picture; what is drawn between them comes from the table."""

WIDE, HIGH, BOX, TALL = 270, 170, 120, 40
MANY = 3
"""An event that leads to a state from more than so many is drawn from the nearest, and the others are named below."""

STYLE = (
    "text{font:13px sans-serif;fill:#1c2733}.e{font-size:11px;fill:#41556b;paint-order:stroke;stroke:#fff;"
    "stroke-width:4px}.n{font-size:11px;fill:#41556b}.s{fill:#eef4fa;stroke:#41556b}.f{fill:#fff;stroke:none}path{fill:none;stroke:#8aa0b6}"
)

HEAD = """# States

What a message, a delivery and an attempt can be, and what every event does to them. The program's own table
(`tidings/state.py`) is drawn here by `tools/states_page.py`; a test fails when this page is behind it.

A **message** is what one customer gets for one document. A **delivery** is a message on one channel to one address. An
**attempt** is one try of one delivery at one provider. One thing that happens may be an event for all three: an
answer of the provider is `accepted` for each of them; a bounce is `proven` for the attempt (it had been taken),
`bounced` for the delivery, and `fallback` or `exhausted` for the message.

In the tables: the new state; `·` the event is no news there; `waits` it is kept until the sender has recorded what it
knows; `never` it cannot happen. Events that leave a machine alone have no row.
"""
SIGNS = {Nothing.IGNORED: "·", Nothing.WAITS: "waits", Nothing.IMPOSSIBLE: "never"}


def pages() -> dict[str, str]:
    """Return the files under docs/ by name."""
    made = {f"states-{_name(machine)}.svg": _picture(machine) for machine in RULES}
    parts = [HEAD]
    for machine in RULES:
        parts += [
            f"\n## {_name(machine).capitalize()}\n",
            f"![What happens to: {_name(machine)}](states-{_name(machine)}.svg)\n",
            *_table(machine),
        ]
    return {"states.md": "\n".join(parts) + "\n", **made}


def _name(machine: type[StrEnum]) -> str:
    return machine.__name__.removesuffix("State").lower()


def _table(machine: type[StrEnum]) -> Iterator[str]:
    yield "| event | " + " | ".join(f"in `{state}`" for state in machine) + " |"
    yield "|---|" + "---|" * len(machine)
    for event in Event:
        cells = [after(state, event) for state in machine]  # type: ignore[arg-type]
        if any(cell is not Nothing.IGNORED for cell in cells):
            told = (SIGNS[cell] if isinstance(cell, Nothing) else f"**{cell}**" for cell in cells)
            yield f"| {event} | " + " | ".join(told) + " |"


def _picture(machine: type[StrEnum]) -> str:
    places = PLACES[machine]
    width = (1 + max(x for x, _ in places.values())) * WIDE
    height = (1 + max(y for _, y in places.values())) * HIGH
    many = [
        rule
        for rule in RULES[machine].values()
        if len([state for state in rule.moves if state != rule.to]) > MANY
    ]
    whole = height + 16 * len(many)
    edges: dict[tuple[str, str], list[str]] = {}
    notes: dict[str, list[str]] = {}
    for event, rule in RULES[machine].items():
        if rule.to is None:
            continue
        to: str = rule.to.value
        moved = sorted(
            (state.value for state in rule.moves if state != rule.to),
            key=lambda state: abs(places[state][0] - places[to][0]) + abs(places[state][1] - places[to][1]),
        )
        drawn = moved if len(moved) <= MANY else moved[:1]
        for state in drawn:
            edges.setdefault((state, to), []).append(event.value)
        if moved[len(drawn) :]:
            notes.setdefault(to, []).append(f"{event}: also from {', '.join(moved[len(drawn) :])}")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {whole}" role="img">',
        f"<title>The states of: {_name(machine)}</title><style>{STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<polygon points="0,0 8,4 0,8" fill="#8aa0b6"/></marker></defs>',
        f'<rect class="f" width="{width}" height="{whole}"/>',
    ]
    for (old, new), events in edges.items():
        lines += _edge(_middle(places[old]), _middle(places[new]), events)
    for state in machine:
        x, y = _middle(places[state.value])
        lines.append(
            f'<rect class="s" x="{x - BOX / 2:g}" y="{y - TALL / 2:g}" width="{BOX}" height="{TALL}" rx="8"/>'
        )
        lines.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{escape(state.value)}</text>')
    below = height
    for note in (note for state in machine for note in notes.get(state.value, ())):
        below += 16
        lines.append(f'<text class="n" x="40" y="{below - 20}">{escape(note)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _middle(place: tuple[int, int]) -> tuple[float, float]:
    return (place[0] + 0.5) * WIDE, (place[1] + 0.5) * HIGH


def _edge(start: tuple[float, float], end: tuple[float, float], events: list[str]) -> Iterator[str]:
    """Yield a bent arrow with its events beside its middle; the way back is bent to the other side."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    bend = 26 + length / 14
    turn = (start[0] + across / 2 - down / length * bend, start[1] + down / 2 + across / length * bend)
    first, last = _border(start, turn), _border(end, turn)
    begin, over, stop = (f"{x:.0f},{y:.0f}" for x, y in (first, turn, last))
    yield f'<path d="M{begin} Q{over} {stop}" marker-end="url(#a)"/>'
    x, y = (start[0] + end[0]) / 4 + turn[0] / 2, (start[1] + end[1]) / 4 + turn[1] / 2
    for number, event in enumerate(events):
        line = y + 4 + 13 * (number - (len(events) - 1) / 2)
        yield f'<text class="e" x="{x:.0f}" y="{line:.0f}" text-anchor="middle">{escape(event)}</text>'


def _border(middle: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Return where a line from a box's middle towards a point leaves the box."""
    across, down = towards[0] - middle[0], towards[1] - middle[1]
    scale = min(
        BOX / 2 / abs(across) if across else float("inf"), TALL / 2 / abs(down) if down else float("inf")
    )
    return middle[0] + across * scale, middle[1] + down * scale


if __name__ == "__main__":
    for name, text in pages().items():
        Path(sys.argv[1], name).write_text(text, encoding="utf-8")
