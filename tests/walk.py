"""Runs the command line, and the commands that a page shows, as a person would."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def surroundings(home: Path, **environment: str) -> dict[str, str]:
    """Return an environment in which nothing is set but the home and what is asked for."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home.parent),
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "TIDINGS_HOME": str(home),
        **environment,
    }


def tidings(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `tidings` in the folder that the home lies in."""
    home.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=home.parent,
        env=surroundings(home, **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def commands(page: Path) -> list[str]:
    """Return the blocks of a page that are marked `sh run`."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def walk(page: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run what a page shows, one block after the other, in the folder that the home lies in, beside the examples."""
    binaries = home.parent / "bin"
    binaries.mkdir(parents=True)
    command = binaries / "tidings"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
    command.chmod(0o755)
    (home.parent / "examples").symlink_to(ROOT / "examples")
    return subprocess.run(
        ["sh", "-euxc", "\n".join(commands(page))],
        cwd=home.parent,
        env=surroundings(home, PATH=f"{binaries}:{os.environ['PATH']}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
