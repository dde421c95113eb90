"""Generates the typed Python client of the API: `make client`, into clients/python.

The description is the app's own; what the generator makes is checked in as it is, and a test says when it is stale.
"""

import copy
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fastapi import FastAPI

from web import api

ROOT = Path(__file__).parents[1]
CLIENT = ROOT / "clients" / "python"
CONFIG = """\
project_name_override: tidings-client
package_name_override: tidings_client
post_hooks: []
"""
README = """\
# The typed Python client of Tidings

Generated from the API's description by `make client`; nothing here is written by hand.

    pip install ./clients/python

```python
from tidings_client import AuthenticatedClient
from tidings_client.api.timeline import read_timeline

tidings = AuthenticatedClient("https://tidings.example.com", token="tdg_...")
found = read_timeline.sync("K-1", client=tidings)
```

Complete programs: `examples/shop.py`, `examples/erp.py`, `examples/crm.py`.
"""


def description() -> dict[str, object]:
    """Return the API's description; it depends on nothing that is installed or set."""
    app = FastAPI(title="Tidings", version="1")
    app.include_router(api.router)
    return api.describe(app)


def narrowed(described: dict[str, object]) -> dict[str, object]:
    """Return a description with one kind of body an operation, JSON: the generator writes no working code for more."""
    copied = copy.deepcopy(described)
    for _, _, operation in api.operations(copied):
        content = operation.get("requestBody", {}).get("content", {})
        for kind in [kind for kind in content if kind != "application/json"]:
            del content[kind]
        for one in content.values():
            one["schema"] = one["schema"].get("anyOf", [one["schema"]])[-1]  # the last one names its list
            one.pop("example", None)
    return copied


def generate(into: Path) -> None:
    """Write the client into a folder that is made anew."""
    with tempfile.TemporaryDirectory() as scratch:
        described, config = Path(scratch, "openapi.json"), Path(scratch, "config.yaml")
        described.write_text(json.dumps(narrowed(description())), encoding="utf-8")
        config.write_text(CONFIG, encoding="utf-8")
        made = Path(scratch, "client")
        subprocess.run(
            [
                Path(sys.executable).with_name("openapi-python-client"),
                "generate",
                *("--path", described),
                *("--config", config),
                *("--output-path", made),
                *("--meta", "pdm"),
                "--fail-on-warning",
            ],
            check=True,
            capture_output=True,
        )
        (made / ".gitignore").unlink(missing_ok=True)
        (made / "README.md").write_text(README, encoding="utf-8")
        subprocess.run(
            [Path(sys.executable).with_name("ruff"), "format", "--quiet", "--isolated", made], check=True
        )
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(made, into)


if __name__ == "__main__":
    generate(CLIENT)
    print(f"The client lies in {CLIENT.relative_to(ROOT)}.")
