"""WeasyPrint as its own page shows, in a process of its own: reads pages as JSON, prints seconds of CPU for each.

HarfBuzz's subset library has to be there: without it everything that uses fonts takes three times as long.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from templates.codes import code_image
from templates.edition import LAYOUTS
from templates.fonts import FONTS, font_faces
from templates.paper import Page
from tidings.problem import Exit, Problem


def cpu_of(pages: Sequence[Page]) -> float:
    """Return the CPU seconds of a page, the first one aside."""
    requests = [request(page) for page in pages]
    done = subprocess.run(
        [sys.executable, "-m", "bench.plain"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"Plain WeasyPrint failed: {done.stderr.strip()[-500:]}.", code=Exit.FAILED)
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return sum(seconds[1:]) / len(seconds[1:])


def request(page: Page) -> dict[str, Any]:
    """Return a page as anybody would typeset it: images and fonts by their files, codes as images."""
    html = page.html.replace("asset:", f"{page.assets.as_uri()}/") if page.assets else page.html
    html = re.sub("code:([a-z]+)", lambda match: code_image(page.codes[match[1]]), html)
    styles = [(LAYOUTS / name).read_text(encoding="utf-8") for name in ("paper.css", page.layout)]
    return {"html": html, "css": [font_faces().replace("font:", f"{FONTS.as_uri()}/"), *styles, page.css]}


def main() -> None:
    """Typeset what stdin asks for."""
    from weasyprint import CSS, HTML
    from weasyprint.text.ffi import harfbuzz_subset
    from weasyprint.text.fonts import FontConfiguration

    if not harfbuzz_subset:
        raise SystemExit("HarfBuzz's subset library is missing.")
    seconds = []
    for one in json.load(sys.stdin):
        start = time.process_time()
        fonts = FontConfiguration()
        styles = [CSS(string=css, font_config=fonts) for css in one["css"]]
        HTML(string=one["html"]).write_pdf(stylesheets=styles, font_config=fonts)
        seconds.append(time.process_time() - start)
    sys.stdout.write(json.dumps(seconds) + "\n")


if __name__ == "__main__":
    main()
