"""Printed letters: the address in the window, the codes to answer with, the mark for the inserter."""

import re
from collections.abc import Mapping
from typing import Any

from templates.edition import Edition
from templates.fonts import check_glyphs
from templates.mark import stamp
from templates.paper import Page, page_css, to_pages
from templates.postal_lines import address_lines, country_of, window_for
from templates.safe import day
from templates.subject import Subject
from templates.values import link_targets
from tidings.message import Letter
from tidings.problem import Problem

_SCHEME = re.compile(r"^(https?://(www\.)?|mailto:)")


def make_letter(
    *, edition: Edition, subject: Subject, values: Mapping[str, Any], documents: Mapping[str, bytes]
) -> Letter:
    """Return one letter. Where there are documents, the first is the letter: it has its own address window.

    Raises:
        Problem: no address or one that cannot be printed, a missing image, or more pages than the template's budget.
    """
    template = edition.template
    if not subject.postal:
        raise Problem(f"Message {subject.message} has no postal address.")
    origin = edition.brand.address.country
    customer = values["customer"]
    lines = address_lines(subject.postal, origin, name=customer["name"], company=customer["company"])
    check_glyphs(lines)
    pdf = next(iter(documents.values())) if documents else b""
    marked, pages = stamp(pdf, subject.message) if pdf else _typeset(edition, subject, values, lines)
    if pages > template.page_budget * (2 if edition.large else 1):
        raise Problem(f"{template.name}: the letter has {pages} pages, its budget is {template.page_budget}.")
    return Letter(
        pdf=marked,
        pages=pages,
        sheets=(pages + 1) // 2,
        country=country_of(subject.postal),
        postage=template.postage,
        address=lines,
        customer=subject.customer,
    )


def _typeset(
    edition: Edition, subject: Subject, values: Mapping[str, Any], lines: tuple[str, ...]
) -> tuple[bytes, int]:
    page = letter_page(edition, subject, values, lines)
    identity = f"{subject.message}.{subject.reference}"
    return to_pages(page, identity=identity, where=edition.template.name, message=subject.message)


def letter_page(
    edition: Edition, subject: Subject, values: Mapping[str, Any], lines: tuple[str, ...]
) -> Page:
    """Return a letter made of the blocks of its template, not yet typeset.

    Raises:
        Problem: the address lines do not fit the window, or a value is missing.
    """
    window = window_for(country_of(subject.postal))
    links = values["links"]
    action = links.get(edition.action.link, "") if edition.action else ""
    letter = {
        "address": list(lines),
        "return_line": return_line(edition) if window.return_line else "",
        "date": day(subject.created_at.date(), edition.language),
        "customer": subject.customer,
        "action_code": action,
        "preferences_code": links["preferences"],
    }
    targets = link_targets(edition.template, values, edition.brand)
    printed = {
        name: _SCHEME.sub("", target) if _SCHEME.match(target) else "" for name, target in targets.items()
    }
    return Page(
        html=edition.letter_html({**values, "letter": letter, "printed": printed}),
        css=page_css(window, edition.look["colours"], lines),
        layout="letter.css",
        assets=edition.template.assets,
        version=edition.template.content_hash,
        large=edition.large,
        codes={"action": action, "preferences": links["preferences"]},
    )


def return_line(edition: Edition) -> str:
    """Return the sender in one line, above the address."""
    return " · ".join(edition.look["sender"])
