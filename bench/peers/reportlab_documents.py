"""ReportLab's Platypus on the same documents, as its user guide shows; prints CPU seconds a document."""

import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.4, leading=13.6)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=20, leading=24)
SMALL = ParagraphStyle("small", fontName="Helvetica", fontSize=7, leading=9.6)


def story(it: dict[str, Any]) -> Iterator[Any]:
    """Return the flowables of one document."""
    yield Paragraph(escape(it["brand"]), TITLE)
    yield from (Paragraph(escape(line), BODY) for line in (*it["address"], *it["info"]))
    yield Spacer(1, 20 * mm)
    yield Paragraph(escape(it["title"]), TITLE)
    if it.get("rows"):
        widths = [78 * mm, 14 * mm, 28 * mm, 15 * mm, 30 * mm]
        cells = [[Paragraph(escape(row[0]), BODY), *row[1:]] for row in it["rows"]]
        yield Table([it["head"], *cells], colWidths=widths, repeatRows=1)
        yield Table(it["sums"])
    yield from (Paragraph(escape(one), BODY) for one in it["body"])
    yield from (Paragraph(escape(one), SMALL) for one in it["foot"])


def main(request: dict[str, Any]) -> float:
    """Return the CPU seconds of a document, the first one aside."""
    seconds = []
    for it in request["documents"]:
        start = time.process_time()
        out = io.BytesIO()
        SimpleDocTemplate(out, pagesize=A4).build(list(story(it)))
        seconds.append(time.process_time() - start)
    return sum(seconds[1:]) / len(seconds[1:])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))
