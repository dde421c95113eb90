"""What journeys share: one Prefect server for all their commands, and the command line as a person calls it."""

import json
import os
import subprocess
import sys

import pytest
import tomli_w

from flows import environment
from flows.server import joined
from templates.catalog import find
from tests.town import ORGANISATION


@pytest.fixture(scope="session")
def prefect(tmp_path_factory):
    """The URL of a Prefect server that lives as long as the session."""
    home = tmp_path_factory.mktemp("prefect-home")
    with joined(home) as server:
        server.wait()
        yield server.api_url


class CommandLine:
    """Calls `tidings` in processes of their own."""

    def __init__(self, settings, prefect, folder):
        self.home = settings.root
        self.folder = folder
        self.environment = {
            **os.environ,
            **environment.environment(settings.root, prefect),
            "TIDINGS_HOME": str(settings.root),
            "TIDINGS_DATABASE": settings.database.get_secret_value(),
        }
        (settings.root / "prefect").mkdir()
        (settings.root / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION))

    def start(self, *words, alone=None, **variables):
        """Start a command; `alone` is its whole environment."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *map(str, words)],
            env=alone or self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words, **variables):
        """Return (exit code, the JSON value or None, what was said on stderr)."""
        process = self.start(*words, "--json", **variables)
        out, errors = process.communicate(timeout=300)
        return process.returncode, json.loads(out) if out.strip() else None, errors

    def campaign(self, **changes):
        """Write a campaign file; return its path."""
        sample = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}
        content = {
            "name": "autumn",
            "edition": "1",
            "title": "Autumn offer",
            "topic": "offer",
            "template": "offer/autumn",
            "audience": {"everybody": True},
            "data": sample,
        }
        path = self.folder / "campaign.toml"
        path.write_text(tomli_w.dumps(content | changes))
        return path

    def invoices(self, count, **changes):
        """Write a file with an invoice for each of the first `count` customers; return its path."""
        path = self.folder / "invoices.jsonl"
        line = {"description": "Spade", "quantity": "2", "unit_price": "100.00", "tax_rate": "25"}
        bill = {
            "issued_on": "2026-03-01",
            "due_on": "2026-03-31",
            "currency": "NOK",
            "total": "250.00",
            "lines": [line],
        }
        path.write_text(
            "".join(
                json.dumps({"number": f"F{n}", "customer": f"C{n}", **bill, **changes}) + "\n"
                for n in range(1, count + 1)
            )
        )
        return path


@pytest.fixture
def tidings(settings, prefect, tmp_path):
    return CommandLine(settings, prefect, tmp_path)
