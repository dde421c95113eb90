"""The forms of invoices: what of a layout stands, what is filled in, and which layouts differ by more than that."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from templates.bands import take_apart
from templates.edition import LAYOUTS, layouts
from templates.form_lines import sentinel
from templates.invoice_fill import InvoiceForm, Said
from templates.invoice_table import Row, Sum
from templates.paper import TYPESETTING, Page, address_type, page_css
from templates.postal_lines import Window
from templates.typeset import Cause, UnfitError

_MOST_KEPT = 64
_CELLS = ("text", "quantity", "price", "tax", "amount")
_FORMS: dict[tuple[Any, ...], "tuple[Any, InvoiceForm | UnfitError]"] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceSheet:
    """An invoice whose texts are finished: all that its page depends on."""

    known: Mapping[str, Any]
    """What `layouts/invoice.html.j2` prints."""
    window: Window
    large: bool
    codes: Mapping[str, str]
    """What the codes say: `payment`, `preferences`."""
    identity: str

    def page(self) -> Page:
        """Return the page, not yet typeset."""
        return Page(
            html=layouts().get_template("invoice.html.j2").render(self.known),
            css=page_css(self.window, self.known["brand"]["colours"], self.known["lines"]),
            layout="invoice.css",
            large=self.large,
            tagged=True,
            codes=self.codes,
        )


@cache
def layout_version() -> str:
    """Return the hash of the layout's files."""
    files = (LAYOUTS / name for name in ("invoice.html.j2", "invoice.css", "paper.css"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def fill_invoice(sheet: InvoiceSheet) -> tuple[bytes, int]:
    """Return an invoice made by filling, and its number of pages.

    Raises:
        UnfitError: it has to be laid out in full, and why.
        Problem: the address does not fit its window.
    """
    if sheet.known["slip"]:
        raise UnfitError(Cause.TEMPLATE, "it has a payment slip on a page of its own")
    said = _said(sheet)
    try:
        return _form(sheet, wide=False).fill(said)
    except UnfitError as unfit:
        if unfit.cause is not Cause.GLYPH:
            raise
        return _form(sheet, wide=True).fill(said)


def _form(sheet: InvoiceSheet, *, wide: bool) -> InvoiceForm:
    known = sheet.known
    invoice = known["invoice"]
    key = (
        id(known["brand"]),
        sheet.window.kind,
        sheet.large,
        wide,
        *(
            known[name]
            for name in ("language", "title", "taxed", "return_line", "code_words", "settled", "account")
        ),
        *(bool(known[name]) for name in ("customer", "code", "to_pay", "remarks", "preferences_code")),
        *(invoice[name] for name in ("credit", "holder", "bic", "bank")),
        *(label for label, _ in known["particulars"]),
    )
    found = _FORMS.get(key)
    if found is None or found[0] is not known["brand"]:
        with TYPESETTING:
            if len(_FORMS) >= _MOST_KEPT:
                _FORMS.clear()
            found = _FORMS[key] = known["brand"], _built(sheet, wide=wide)
    if isinstance(found[1], UnfitError):
        raise UnfitError(found[1].cause, found[1].why)
    return found[1]


class _Names:
    """Sentinels by name, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def __call__(self, name: str) -> str:
        self.all.append(name)
        return sentinel(len(self.all) - 1)


def _built(sheet: InvoiceSheet, *, wide: bool) -> InvoiceForm | UnfitError:
    known, names = sheet.known, _Names()
    second = ""
    if known["dir"] != "ltr":
        return UnfitError(Cause.TEMPLATE, "it is written from right to left")
    if known["remarks"]:
        first, second = names("note"), names("note")
    invoice = {name: names(name) for name in ("number", "issued_on", "due_on", "due", "reference")}
    rows = [
        Row(
            text=names("text"),
            quantity=names("quantity"),
            price=names("price"),
            tax=names("tax"),
            amount=names("amount"),
            sub=sub,
        )
        for sub in (False, True)
    ]
    probe = {
        **known,
        "invoice": {**known["invoice"], **invoice},
        "date": str,
        "amount": str,
        "lines": [names("address")],
        "customer": names("customer") if known["customer"] else "",
        "to_pay": names("to_pay") if known["to_pay"] else "",
        "particulars": [
            (label, names(f"particular {at}")) for at, (label, _) in enumerate(known["particulars"])
        ],
        "rows": rows,
        "sums": [Sum(label=names("label"), amount=names("sum"), due=due) for due in (False, True)],
        "remarks": [first, second] if known["remarks"] else [],
    }
    page = InvoiceSheet(
        known=probe, window=sheet.window, large=sheet.large, codes=dict.fromkeys(sheet.codes, ""), identity=""
    ).page()

    def band_of(elements: Sequence[Any]) -> str:
        return _band(elements, second)

    try:
        bands = take_apart(page, names=names.all, band_of=band_of, where="invoice", wide=wide)
    except UnfitError as unfit:
        return unfit
    return InvoiceForm(bands, address_type(sheet.window, probe["lines"]))


def _band(elements: Sequence[Any], second: str) -> str:
    """Return the band of what stands in these elements, outermost first."""
    inside = ""
    for element in elements:
        kind = element.get("class") or ""
        if element.tag == "section" or element.tag == "footer" or (element.tag, kind) == ("div", "code"):
            return {"section": "pay", "footer": "footer"}.get(element.tag, "code")
        if (element.tag, kind) == ("p", "note"):
            note = "note2" if second and element.text == second else "note"
            return "settled" if element.find("b") is not None else note
        if element.tag == "tr":
            return inside or ("sub" if kind == "sub" else "row") if inside != "sum" else kind or "sum"
        if element.tag == "thead" or (element.tag, kind) == ("div", "sums"):
            inside = "thead" if element.tag == "thead" else "sum"
    return "head"


def _said(sheet: InvoiceSheet) -> Said:
    known = sheet.known
    invoice = known["invoice"]
    date, amount = known["date"], known["amount"]
    values = {
        "number": invoice["number"],
        "issued_on": date(invoice["issued_on"]),
        "due_on": date(invoice["due_on"]),
        "due": amount(invoice["due"]),
        "reference": invoice["reference"],
        "customer": known["customer"],
        "to_pay": known["to_pay"],
        **{f"particular {at}": value for at, (_, value) in enumerate(known["particulars"])},
    }
    return Said(
        values=values,
        rows=[
            ("sub" if row.sub else "row", {cell: getattr(row, cell) for cell in _CELLS})
            for row in known["rows"]
        ],
        sums=[
            ("due" if one.due else "sum", {"label": one.label, "sum": one.amount}) for one in known["sums"]
        ],
        notes=known["remarks"],
        codes=sheet.codes,
        address=known["lines"],
        address_type=address_type(sheet.window, known["lines"]),
        identity=sheet.identity,
    )
