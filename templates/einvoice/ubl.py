"""UBL 2.1 invoices and credit notes, as EN 16931-3-2, Peppol BIS Billing 3 and XRechnung bind them."""

from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from templates.einvoice.reader import Reader
from templates.einvoice.syntax import Fixed, Node, Row, Writer
from templates.einvoice.ubl_rows import UNKNOWN, rows_of
from templates.einvoice.view import Read, currencies_of, fields_of, take_one, view_of
from tidings.invoice import Invoice
from tidings.invoice_parts import Identifier, Party, Payment

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
SPACES = {"cac": f"{_UBL}:CommonAggregateComponents-2", "cbc": f"{_UBL}:CommonBasicComponents-2"}
INVOICE = f"{{{_UBL}:Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{_UBL}:CreditNote-2}}CreditNote"
_EN16931 = "urn:cen.eu:en16931:2017"
PEPPOL = f"{_EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
XRECHNUNG = f"{_EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
CUSTOMIZATIONS = {"xrechnung": XRECHNUNG, "peppol": PEPPOL}
"""What a document says it follows (BT-24), by profile; all others follow the European norm."""
_FREE = frozenset(
    {
        *("cbc:UBLVersionID", "cbc:CustomizationID", "cbc:ProfileID", "cbc:ProfileExecutionID"),
        *("cbc:UUID", "cbc:IssueTime", "cbc:LineCountNumeric", "cbc:NetworkID", "cac:TaxScheme"),
    }
)
"""What says nothing of the invoice."""
_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_SEPA = "SEPA"
_UNDEFINED = "1"
"""Payment means that are not defined (UNTDID 4461): carries a reference where no account is named."""


def to_ubl(invoice: Invoice, *, customization: str = "") -> bytes:
    """Return the XML of a whole invoice (`templates.einvoice.legal.whole`); the same invoice gives the same bytes.

    Args:
        invoice: with seller, buyer and categories.
        customization: what the document says it follows (BT-24); '' is its profile.
    """
    name = CREDIT_NOTE if invoice.is_credit else INVOICE
    spaces: dict[str | None, str] = {None: name[1:].partition("}")[0]}
    root = etree.Element(name, nsmap=spaces | dict(SPACES))
    writer = Writer(SPACES, currencies_of(invoice), currency=True)
    context: tuple[Row, ...] = (
        Fixed(
            path="cbc:CustomizationID", value=customization or CUSTOMIZATIONS.get(invoice.profile, _EN16931)
        ),
        Fixed(path="cbc:ProfileID", value=_PROCESS),
    )
    writer.write(root, context, {})
    writer.write(root, rows_of(credit=invoice.is_credit), _view(invoice))
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return xml


def _view(invoice: Invoice) -> dict[str, Any]:
    view = view_of(invoice)
    if invoice.creditor_id:
        party = "payee" if invoice.payee else "seller"
        known = view[party] or Party()
        creditor = Identifier(id=invoice.creditor_id, scheme=_SEPA)
        view[party] = known.model_copy(update={"ids": (*known.ids, creditor)})
    due = invoice.due_on if invoice.is_credit and invoice.due_on != invoice.issued_on else None
    shared: dict[str, Any] = {"reference": invoice.reference, "mandate": invoice.mandate, "due_on": due}
    means = [one.model_dump() | shared for one in invoice.payment]
    if not means and any(shared.values()):
        means = [Payment(means=_UNDEFINED).model_dump() | shared]
    terms = invoice.payment_terms
    return view | {
        # Each line of a cash discount ends with a line feed, the last one too (XRechnung, BR-DE-18).
        "payment_terms": f"{terms}\n" if "#SKONTO#" in terms else terms,
        "means": means,
        "order": invoice.order or (UNKNOWN if invoice.sales_order else ""),
    }


def from_ubl(root: Node) -> Read:
    """Return what a UBL invoice or credit note says.

    Raises:
        ValueError: a value cannot be read; begins with the path of the field.
    """
    currencies = {
        name: (root.findtext(f"cbc:{tag}", "", SPACES) or "").strip()
        for name, tag in (("currency", "DocumentCurrencyCode"), ("tax_currency", "TaxCurrencyCode"))
    }
    reader = Reader(SPACES, currencies)
    rows = rows_of(credit=root.tag == CREDIT_NOTE)
    raw = reader.read(root, rows)
    means = raw.pop("means", ())
    for name in ("reference", "mandate", "due_on"):
        take_one(raw, name, means)
    raw["payment"] = tuple(one for one in means if one.keys() - {"means"} or one.get("means") != _UNDEFINED)
    for party in ("seller", "payee"):
        _take_creditor(raw, party)
    if raw.get("order") == UNKNOWN and raw.get("sales_order"):
        del raw["order"]
    delivery = raw.pop("delivery", None)
    read = fields_of(raw, reader.stated)
    fields = {**read.fields, "delivery": delivery} if delivery else read.fields
    return Read(fields=fields, stated=read.stated, rows=rows, left_out=tuple(reader.left_out(root, _FREE)))


def _take_creditor(raw: dict[str, Any], party: str) -> None:
    ids = raw.get(party, {}).get("ids", ())
    for one in ids:
        if one.get("scheme") == _SEPA:
            raw["creditor_id"] = one["id"]
    if ids:
        raw[party]["ids"] = tuple(one for one in ids if one.get("scheme") != _SEPA)
