"""Our own files: names that change with the content, kept for ever, small on the way; nothing else is served."""

import gzip
import hashlib
from pathlib import Path

import pytest

from web import assets

STATIC = Path(assets.__file__).parent / "static"


@pytest.mark.parametrize("name", ["console.css", "console.js", "htmx.min.js", "mark.svg"])
def test_a_file_is_served_under_the_name_of_its_content(door, name):
    content = (STATIC / name).read_bytes()
    answer = door.client.get(assets.asset(name), headers={"Accept-Encoding": "identity"})

    assert hashlib.sha256(content).hexdigest()[:8] in assets.asset(name)
    assert answer.content == content
    assert "immutable" in answer.headers["cache-control"]
    assert door.client.get(assets.asset(name)).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["console.css", "htmx.LICENSE", "..%2Fapp.py", "console-00000000.css"])
def test_nothing_else_is(door, path):
    assert door.client.get(f"/static/{path}").status_code == 404


def test_the_look_is_small():
    ours = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("console.css", "console.js"))

    assert ours < 12_000, "own style and script, as they travel"


@pytest.mark.parametrize("word", ["eval(", "localStorage", "document.write"])
def test_our_script_needs_nothing_that_the_policy_forbids(word):
    assert word not in (STATIC / "console.js").read_text()
