"""Runs a script of bench/peers in the bench environment, which holds other people's packages at locked versions."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tidings.problem import Exit, Problem

_HERE = Path(__file__).parent
_PYTHON = _HERE.parent / ".bench" / "bin" / "python"


def run(script: str, request: Any = None) -> Any:
    """Return what `bench/peers/<script>` printed as JSON, given `request` as JSON on stdin.

    Raises:
        Problem: the bench environment is missing, or the peer failed; says what it said.
    """
    if not _PYTHON.exists():
        raise Problem("The bench environment is missing.", todo="Use `make bench`, which makes it.")
    done = subprocess.run(
        [_PYTHON, _HERE / "peers" / script],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"The peer {script} failed: {done.stderr.strip()[-500:]}.", code=Exit.FAILED)
    return json.loads(done.stdout)
