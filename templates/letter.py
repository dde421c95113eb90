"""Printed letters: the address in the window, the codes to answer with, the mark for the inserter."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from templates.compare import difference, sampled
from templates.edition import Edition
from templates.enclosure import enclose
from templates.fill import fill_letter
from templates.fonts import check_glyphs
from templates.household import to_household
from templates.mark import mark_text, marking_of, stamp
from templates.paper import Page, page_css, to_pages
from templates.postal_lines import address_lines, country_of, window_for
from templates.safe import day
from templates.subject import Subject
from templates.typeset import Cause, Engine, Typeset, UnfitError, typeset
from templates.values import link_targets
from tidings.message import Letter
from tidings.problem import Problem

MOST_PAGES = 60
"""Of everything in one envelope: thirty sheets."""
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
    others = subject.data.get("household", ())
    values = to_household(values, others, edition.language)
    customer = values["customer"]
    lines = address_lines(
        {**subject.postal, "name": ""} if others else subject.postal,
        origin,
        name=customer["name"],
        company=customer["company"],
        windows=edition.brand.windows,
    )
    check_glyphs(lines)
    made = _stamped(edition, subject, documents) or typeset_letter(edition, subject, values, lines)
    marking = marking_of(edition.brand, enclosed=subject.enclosed)
    pages = marking.total(made.pages)
    if made.pages > template.page_budget * (2 if edition.large else 1):
        raise Problem(
            f"{template.name}: the letter has {made.pages} pages, its budget is {template.page_budget}."
        )
    if pages > MOST_PAGES:
        raise Problem(
            f"{template.name}: with what is enclosed the letter has {pages} pages, at most {MOST_PAGES} go."
        )
    given = subject.enclosures
    return Letter(
        pdf=enclose(made.pdf, given, message=subject.message, marking=marking) if given else made.pdf,
        pages=pages,
        sheets=(pages + 1) // 2,
        country=country_of(subject.postal),
        postage=template.postage,
        address=lines,
        customer=subject.customer,
        engine=made.engine,
        cause=made.cause or "",
        constant=0 if given else made.constant,
        template=f"{template.name}@{template.version}",
        window=window_for(country_of(subject.postal), edition.brand.windows).kind,
        sender=edition.brand.address.lines,
        mark=mark_text(subject.message, 1, pages),
        cover=edition.brand.cover_sheets,
        inserts=tuple(one.name for one in given),
        profile="PDF-1.7" if given else "PDF/A-3b" if documents else "PDF/A-2u",
    )


def _stamped(edition: Edition, subject: Subject, documents: Mapping[str, bytes]) -> Typeset | None:
    if not documents:
        return None
    marking = marking_of(edition.brand, enclosed=subject.enclosed)
    pdf, pages = stamp(next(iter(documents.values())), subject.message, marking)
    return typeset(pdf, pages=pages, engine=Engine.FULL, version=edition.template.content_hash)


def typeset_letter(
    edition: Edition, subject: Subject, values: Mapping[str, Any], lines: tuple[str, ...]
) -> Typeset:
    """Return a letter made of the blocks of its template, by the fastest engine that can.

    Raises:
        Problem: the address lines do not fit the window, or a value is missing.
    """
    known = letter_values(edition, subject, values, lines)
    try:
        filled = fill_letter(edition, subject, known, lines)
    except UnfitError as unfit:
        return typeset_in_full(edition, subject, known, lines, unfit)
    if not sampled(identity_of(subject)):
        return filled
    full = typeset_in_full(edition, subject, known, lines)
    found = difference(filled.pdf, full.pdf)
    return replace(full, cause=Cause.DIFFERENCE, why=found) if found else filled


def typeset_in_full(
    edition: Edition,
    subject: Subject,
    known: Mapping[str, Any],
    lines: tuple[str, ...],
    unfit: UnfitError | None = None,
) -> Typeset:
    """Return a letter laid out on its own; `known` are the values of `letter_values`."""
    page = letter_page(edition, subject, known, lines)
    where = edition.template.name
    pdf, pages = to_pages(
        page,
        identity=identity_of(subject),
        where=where,
        message=subject.message,
        marking=marking_of(edition.brand, enclosed=subject.enclosed),
    )
    return typeset(
        pdf,
        pages=pages,
        engine=Engine.FULL,
        version=edition.template.content_hash,
        cause=unfit.cause if unfit else None,
        why=unfit.why if unfit else "",
    )


def letter_values(
    edition: Edition, subject: Subject, values: Mapping[str, Any], lines: tuple[str, ...]
) -> dict[str, Any]:
    """Return what the letter's page prints: the message's values, and those of the layout."""
    window = window_for(country_of(subject.postal), edition.brand.windows)
    links = values["links"]
    letter = {
        "date": day(subject.created_at.date(), edition.language),
        "customer": subject.customer,
        "action_code": links.get(edition.action.link, "") if edition.action else "",
        "preferences_code": links["preferences"],
    }
    targets = link_targets(edition.template, values, edition.brand)
    printed = {
        name: _SCHEME.sub("", target) if _SCHEME.match(target) else "" for name, target in targets.items()
    }
    return {
        **values,
        "letter": letter,
        "printed": printed,
        "address": list(lines),
        "return_line": return_line(edition) if window.return_line else "",
    }


def letter_page(edition: Edition, subject: Subject, known: Mapping[str, Any], lines: tuple[str, ...]) -> Page:
    """Return the page of a letter, not yet typeset; `known` are the values of `letter_values`.

    Raises:
        Problem: the address lines do not fit the window, or a value is missing.
    """
    window = window_for(country_of(subject.postal), edition.brand.windows)
    return Page(
        html=edition.letter_html(known),
        css=page_css(window, edition.look["colours"], lines),
        layout="letter.css",
        assets=edition.template.assets,
        version=edition.template.content_hash,
        large=edition.large,
        codes=codes_of(known),
    )


def codes_of(known: Mapping[str, Any]) -> dict[str, str]:
    """Return what the codes of a letter say."""
    return {"action": known["letter"]["action_code"], "preferences": known["letter"]["preferences_code"]}


def identity_of(subject: Subject) -> str:
    """Return what the id of the PDF is made from."""
    return f"{subject.message}.{subject.reference}"


def return_line(edition: Edition) -> str:
    """Return the sender in one line, above the address."""
    return " · ".join(edition.look["sender"])
