"""axe-core (https://github.com/dequelabs/axe-core), run inside a page."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import expect

STANDARDS = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa")
_SOURCE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, *, standards=STANDARDS):
    """Return what axe finds in a page: (rule, the first elements); `standards=()` asks all rules, also of taste."""
    expect(page.locator(".htmx-request")).to_have_count(0)  # what is still asked for is paler
    page.evaluate(_SOURCE)
    asked = {"iframes": False} | ({"runOnly": list(standards)} if standards else {})
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    assert len(found["passes"]) > 8, f"axe saw next to nothing on {page.url}"
    return [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found["violations"]]
