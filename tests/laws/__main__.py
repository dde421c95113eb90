"""`make laws`: a million histories of messages, on all cores, and 100,000 hostile names; one line of JSON each.

Exit 1 when a law is broken.

python -m tests.laws --histories 1000000 --names 100000 --seed 0
"""

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.laws.histories import Broken, tell
from tests.laws.names import pythons, read_by, written

PART = 5_000


def main() -> int:
    """Run the histories that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws")
    parser.add_argument("--histories", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first history, and of the names")
    given = parser.parse_args()
    misread = _names(given.names, given.seed)
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
    return 1 if broken or misread else 0


def _names(count: int, seed: int) -> bool:
    """Let every Python that is here read the headers of mails to hostile names; tell whether one was misread."""
    began = perf_counter()
    with TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "names.jsonl"
        with corpus.open("w", encoding="utf-8") as file:
            mails = sum(file.write(f"{line}\n") > 0 for line in written(count, seed))
        misread = {version: read_by(python, corpus) for version, python in sorted(pythons().items())}
    told = {
        "names": count,
        "mails": mails,
        "misread": {version: lines[:5] for version, lines in misread.items()},
        "seconds": round(perf_counter() - began, 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return any(misread.values()) or not misread


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
