"""`make laws`: a million histories of messages, on all cores; prints one line of JSON. Exit 1 when a law is broken.

python -m tests.laws --histories 1000000 --seed 0
"""

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from time import perf_counter

from tests.laws.histories import Broken, tell

PART = 5_000


def main() -> int:
    """Run the histories that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws")
    parser.add_argument("--histories", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first history")
    given = parser.parse_args()
    began = perf_counter()
    ends: Counter[str] = Counter()
    broken: list[str] = []
    last = given.seed + given.histories
    with ProcessPoolExecutor() as pool:
        for some, laws in pool.map(_part, range(given.seed, last, PART), repeat(last)):
            ends.update(some)
            broken += laws
    told = {
        "histories": given.histories,
        "ends": dict(sorted(ends.items())),
        "broken": broken[:20],
        "seconds": round(perf_counter() - began, 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if broken else 0


def _part(first: int, last: int) -> tuple[Counter[str], list[str]]:
    ends: Counter[str] = Counter()
    broken: list[str] = []
    for seed in range(first, min(first + PART, last)):
        try:
            ends[tell(seed).story.state.value] += 1
        except Broken as law:
            broken.append(f"{law} (seed {seed})")
    return ends, broken


if __name__ == "__main__":
    sys.exit(main())
