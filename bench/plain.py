"""WeasyPrint as its own page shows, in a process of its own: reads pages as JSON, prints seconds of CPU for each.

It is asked for the file that we make: PDF/A, with tags where ours has them. HarfBuzz's subset library has to be there:
without it everything that uses fonts takes three times as long.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from templates.codes import code_image
from templates.edition import LAYOUTS
from templates.fonts import FONTS, font_faces
from templates.paper import VARIANT, Page
from tidings.problem import Exit, Problem


@contextmanager
def plain() -> Iterator[Callable[[Page], float]]:
    """Yield what typesets a page in that process and returns its CPU seconds; the process is warm after the first."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asking, answers = process.stdin, process.stdout

        def seconds(page: Page) -> float:
            asking.write(json.dumps(request(page)) + "\n")
            asking.flush()
            if not (answer := answers.readline()):
                raise Problem("Plain WeasyPrint failed.", code=Exit.FAILED)
            return float(answer)

        yield seconds
        asking.close()


def request(page: Page) -> dict[str, Any]:
    """Return a page as anybody would typeset it: images and fonts by their files, codes as images."""
    html = page.html.replace("asset:", f"{page.assets.as_uri()}/") if page.assets else page.html
    html = re.sub("code:([a-z]+)", lambda match: code_image(page.codes[match[1]]), html)
    styles = [(LAYOUTS / name).read_text(encoding="utf-8") for name in ("paper.css", page.layout)]
    css = [font_faces().replace("font:", f"{FONTS.as_uri()}/"), *styles, page.css]
    return {"html": html, "css": css, "options": {"pdf_variant": VARIANT, "pdf_tags": page.tagged}}


def main() -> None:
    """Typeset what each line of stdin asks for."""
    from weasyprint import CSS, HTML
    from weasyprint.text.ffi import harfbuzz_subset
    from weasyprint.text.fonts import FontConfiguration

    if not harfbuzz_subset:
        raise SystemExit("HarfBuzz's subset library is missing.")
    for line in sys.stdin:
        one = json.loads(line)
        start = time.process_time()
        fonts = FontConfiguration()
        styles = [CSS(string=css, font_config=fonts) for css in one["css"]]
        HTML(string=one["html"]).write_pdf(stylesheets=styles, font_config=fonts, **one["options"])
        sys.stdout.write(f"{time.process_time() - start}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
