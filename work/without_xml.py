"""Invoices of a run that are a PDF without XML because the brand has no tax number: counted before anything starts."""

from collections.abc import Sequence

from templates.einvoice.legal import unnumbered, whole
from tidings.organisation import Brand
from tidings.problem import Problem
from work.bill_document import Document


def without_xml(documents: Sequence[Document], brand: Brand) -> int:
    """Return how many invoices of a file will carry no XML although nobody said that they should not.

    Raises:
        Problem: the brand's invoices keep a profile by name (`einvoice`), which those that charge tax cannot.
    """
    if brand.einvoice == "none":
        return 0
    wrong = sum(
        not brand.tax_id and one.invoice.profile != "none" and unnumbered(whole(one.invoice, brand=brand))
        for one in documents
        if one.invoice is not None
    )
    if wrong and brand.einvoice != "auto":
        raise Problem(
            f"Brand {brand.id!r} has no tax number and charges tax on {wrong} invoices, which "
            f"einvoice = {brand.einvoice!r} does not allow (BR-S-02).",
            todo="Give it its `tax_id` in organisation.toml; nothing was sent.",
        )
    return wrong
