"""Letters typeset in full: ours, and WeasyPrint called as its own page shows, on the same HTML and CSS.

The fonts and the image are the same; what differs is what is shared between documents and what is drawn how.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bench.figure import Figure, bound, cpu_seconds, rate
from templates.catalog import find
from templates.edition import LAYOUTS, edition
from templates.facts import pdf_text
from templates.letter import letter_page
from templates.paper import FONTS, Page
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import Subject, render, values_of
from tidings.channel import Channel
from tidings.message import Letter
from tidings.problem import Exit, Problem

LETTERS = 30
FIRST = ("Ingrid", "Åse", "Ola", "Zoë", "Bjørn", "José", "Łucja")


def figures() -> Iterable[Figure]:
    """Measure letters a second of CPU, the address, the codes and the mark being different on each."""
    template = find("offer/autumn")
    base = sample_subject(template, SAMPLE_BRAND, "en")
    subjects = [_subject(base, number) for number in range(LETTERS)]
    written = edition(template, "en", SAMPLE_BRAND)
    pages = [letter_page(written, one, values_of(template, one), ("A", "B")) for one in subjects]
    made: list[Letter] = [_letter(render(template, Channel.LETTER, subjects[0]))]
    plain(pages[0], template.assets)
    ours = cpu_seconds(
        lambda: made.extend(_letter(render(template, Channel.LETTER, one)) for one in subjects[1:])
    )
    theirs: list[bytes] = []
    other = cpu_seconds(lambda: theirs.extend(plain(page, template.assets) for page in pages[1:]))
    check("LYS25", [letter.pdf for letter in made], theirs)
    count = LETTERS - 1
    yield rate(
        "letters typeset per CPU-second, against plain WeasyPrint",
        ours=count / ours,
        other=count / other,
        unit="1/s",
        goal=1.2,
    )
    yield bound("CPU of a letter typeset in full", ours=ours / count * 1000, most=150, unit="ms")


def plain(page: Page, assets: Path | None) -> bytes:
    """Typeset a page as https://doc.courtbouillon.org/weasyprint/stable/first_steps.html shows."""
    from weasyprint import CSS, HTML

    styles = [(LAYOUTS / name).read_text(encoding="utf-8") for name in ("paper.css", page.layout)]
    sheets = [style.replace("font:", f"{FONTS.as_uri()}/") for style in (*styles, page.css)]
    html = page.html.replace("asset:", f"{assets.as_uri()}/") if assets else page.html
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    made: bytes = HTML(string=html).write_pdf(
        stylesheets=[CSS(string=sheet, font_config=fonts) for sheet in sheets], font_config=fonts
    )
    return made


def check(said: str, ours: list[bytes], theirs: list[bytes]) -> None:
    """Compare a sample: both must say what the letter says."""
    for pdf in (ours[-1], theirs[-1]):
        if said not in pdf_text(pdf):
            raise Problem(f"A letter of the bench does not say {said!r}.", code=Exit.FAILED)


def _subject(base: Subject, number: int) -> Subject:
    name = f"{FIRST[number % len(FIRST)]} Solheim"
    postal = {**(base.postal or {}), "name": name, "street": [f"Bygdøy allé {number}"]}
    links = {key: f"{url}{number:04}" for key, url in base.links.items()}
    return replace(base, message=f"{base.message[:-4]}{number:04}", postal=postal, links=links)


def _letter(content: object) -> Letter:
    assert isinstance(content, Letter)
    return content
