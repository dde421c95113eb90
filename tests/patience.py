"""Waits for what another process does in its own time, by looking again."""

import time
from http.client import HTTPException
from threading import Event
from urllib.error import URLError

PATIENCE = 90
PAUSE = Event()
"""Never set: the looks leave the other processes some air."""


def until(look, within=PATIENCE):
    """Return what `look` returns as soon as it is true; a service that is not up yet is looked at again."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except (URLError, HTTPException, ConnectionError):
            pass
        PAUSE.wait(0.1)
    raise AssertionError(f"not within {within} seconds")
