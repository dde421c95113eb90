"""How fast the learned policy finds what is best, in worlds that only the bench knows: `python -m bench.worlds`.

Prints the table of docs/learning.md. `--short` takes a tenth of the customers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.preferences.worlds import CHANNELS, RULES, World, no_signal, one_channel, tastes

CUSTOMERS = 2_000
WORLDS: tuple[tuple[str, Callable[[int], World]], ...] = (
    ("each likes one channel, 35 % against 5 %", tastes),
    ("each likes one channel, 50 % against 5 %", lambda count: tastes(count, liked=0.5)),
    ("all like letters, 35 % against 5 %", one_channel),
    ("no channel is better, 15 %", no_signal),
)
HISTORIES = (20, 40, 80, 160, 320)
"""Messages of a customer, on each channel in turn, before the policy chooses."""
STEPS = (100, 200, 300, 400, 500)
"""Messages of a customer while the policy explores, from nothing."""


def rows(customers: int) -> Iterator[tuple[str, str, int, World, float]]:
    """Yield world, way of learning, messages, the world then, and what the policy is worth."""
    for name, make in WORLDS:
        for messages in HISTORIES:
            world = make(customers)
            world.past(messages // len(CHANNELS))
            yield name, "a history", messages, world, world.worth(world.choose(RULES))
    for name, make in WORLDS:
        world = make(max(customers // 5, 100))
        for messages in STEPS:
            worth = world.worth(world.live(replace(RULES, explore=0.05), messages - world.run))
            yield name, "exploring 5 %", messages, world, worth


def main() -> None:
    """Print the table in Markdown."""
    say = sys.stdout.write
    say(
        "| world | learnt from | messages a customer | learned | best fixed channel | house channel | best possible |\n"
    )
    say("|---|---|---|---|---|---|---|\n")
    for name, way, messages, world, worth in rows(CUSTOMERS // 10 if "--short" in sys.argv else CUSTOMERS):
        figures = (worth, world.fixed.max(), world.fixed[0], world.best)
        say(f"| {name} | {way} | {messages} | {' | '.join(f'{one:.1%}' for one in figures)} |\n")


if __name__ == "__main__":
    main()
