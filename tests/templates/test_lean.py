"""A document has the bytes that WeasyPrint itself gives it: what was left out was for nothing."""

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest

from templates.invoice import invoice_page
from templates.paper import Page, to_pdf
from templates.preview import SAMPLE_BRAND
from tests.templates.bills import LINKS, POSTAL, SWISS, bill
from tests.walk import ROOT
from tidings.invoice import Line

AS_IT_IS = """
import json, sys
from weasyprint import HTML
from templates import lean, paper

lean.LeanHTML = lambda html, fetcher: HTML(string=html, url_fetcher=fetcher)
page = paper.Page(**json.load(sys.stdin))
sys.stdout.buffer.write(paper.to_pdf(page, identity="1", where="the test"))
"""
LONG = "A lantern of oiled oak that " * 9
WRITTEN = f"""<!DOCTYPE html><html lang="en"><head><title>All that Markdown writes</title></head><body><main>
<h1>Autumn</h1><p>{LONG}<br>shines <strong>all</strong> <em>night</em> and <a href="https://t.example">day</a>.</p>
<p style="text-align: justify">{LONG}</p>
<ul><li>one<ul><li>in one</li></ul></li><li>two</li></ul><ol><li>{LONG}</li></ol>
<blockquote><p>“{LONG}”</p></blockquote><pre>two
lines	and a tab</pre><table><tr><th>Oil</th><td>2 l</td></tr></table><hr>
<p>شمعة قديمة 12 &amp; Łódź — naïve efﬁcient</p>
</main></body></html>"""
"""Not every tag is closed."""


def lines(count: int) -> tuple[Line, ...]:
    return tuple(
        Line(description=f"Lantern {number}", quantity=Decimal(number), unit_price=Decimal("9.95"))
        for number in range(1, count + 1)
    )


def swiss() -> Page:
    owed = bill(currency="CHF", lines=lines(40), allowances=(), prepaid=Decimal(0), due_on=date(2026, 12, 5))
    return invoice_page(owed, brand=SWISS, language="pl", links=LINKS, postal=POSTAL)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            invoice_page(bill(), brand=SAMPLE_BRAND, language="en", links=LINKS, postal=POSTAL),
            id="an invoice",
        ),
        pytest.param(swiss(), id="an invoice of two pages with a payment slip"),
        pytest.param(
            Page(html=WRITTEN, css="@page { size: A4 }", layout="letter.css"), id="all that Markdown writes"
        ),
    ],
)
def test_a_document_has_the_bytes_that_weasyprint_itself_gives_it(page: Page) -> None:
    given = json.dumps(asdict(page))

    usual = subprocess.run(
        [sys.executable, "-c", AS_IT_IS], input=given.encode(), capture_output=True, check=True, cwd=ROOT
    )

    assert to_pdf(page, identity="1", where="the test") == usual.stdout
