"""axe-core (https://github.com/dequelabs/axe-core), run inside a page."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import expect

STANDARDS = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa")
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of those standards that see another page when only its colours change."""
_SOURCE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, *, standards=STANDARDS, rules=()):
    """Return what axe finds in a page: (rule, the first elements); `standards=()` asks all rules, also of taste."""
    expect(page.locator(".htmx-request")).to_have_count(0, timeout=60_000)  # what is still asked for is paler
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SOURCE)
    only = {"type": "rule", "values": list(rules)} if rules else list(standards)
    asked = {"iframes": False} | ({"runOnly": only} if only else {})
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    assert len(found["passes"]) > (0 if rules else 8), f"axe saw next to nothing on {page.url}"
    return [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found["violations"]]
