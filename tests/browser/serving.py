"""A page server in a process of its own, as `tidings up` starts it, for the tests of a module."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_address():
    """Return `http://127.0.0.1:<a port that nobody has>`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def environment(home, url, **settings):
    """Return what a process of this home is started with; `settings` are added as TIDINGS_..."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")}
    own = {"home": home, "port": url.rpartition(":")[2], "public_url": url, "log": "info"} | settings
    return kept | {"PYTHONPATH": str(ROOT)} | {f"TIDINGS_{key.upper()}": str(own[key]) for key in own}


@contextmanager
def served(home, url, **settings):
    """Serve the pages of a home at `url` meanwhile."""
    command, told = [sys.executable, "-m", "web"], environment(home, url, **settings)
    with subprocess.Popen(command, env=told, stderr=subprocess.PIPE, text=True) as child:
        assert any("running on" in line for line in child.stderr)
        yield url
        child.terminate()
        child.stderr.read()
