"""What campaigns and invoice runs share where PDFs go into the envelope: bring one, choose, look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import UploadFile

from templates.catalog import find
from tidings.problem import Problem
from web.language import words
from web.staff import Visit
from work.bill_document import Document
from work.enclosures import Added, added, problems, shelved
from work.invoicing import TEMPLATE
from work.without_xml import without_xml

LARGEST_PDF = 51 * 2**20
"""Of a form with a PDF (`templates.foreign_process.MAX_BYTES`)."""
MOST = 10
"""Enclosures of a run."""


def brought(visit: Visit, brand: str) -> str:
    """Put the PDF of a form into the library; returns the name that it has there.

    Raises:
        Problem: there is none, or it may not be printed; names page and check.
    """
    upload, installation = visit.fields.get("enclosure"), visit.site.installation
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Problem(words(visit.language)["console"]["enclosures"]["none"])
    house = installation.organisation.brand(brand or None)
    return shelved(installation, upload.filename, upload.file.read(), house)


def chosen(visit: Visit) -> list[str]:
    """Return the enclosures that a form, or else an address, names."""
    posted = visit.request.method == "POST"
    named = visit.fields.getlist("enclosures") if posted else visit.request.query_params.getlist("enclosures")
    return [str(name)[:200] for name in named[:MOST]]


@dataclass(frozen=True, kw_only=True)
class Before:
    """What is said of an invoice run before it is started, beside its documents."""

    blocked: Problem | None = None
    """It cannot be started so."""
    without_xml: int = 0
    added: Added | None = None


def before(visit: Visit, brand_id: str, documents: Sequence[Document], names: Sequence[str]) -> Before:
    """Return what stands in the way of a run with these enclosures, and what they add to each letter."""
    installation = visit.site.installation
    brand = installation.organisation.brand(brand_id or None)
    template = find(TEMPLATE, extra=installation.own_templates)
    try:
        for wrong in problems(installation, names, template, brand):
            return Before(blocked=Problem(wrong))
        return Before(
            without_xml=without_xml(documents, brand),
            added=added(installation, names, template, brand) if names else None,
        )
    except Problem as problem:
        return Before(blocked=problem)
