"""The tables of UBL 2.1: where each field of an invoice or credit note stands."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from templates.einvoice.syntax import (
    DAY,
    FLAG,
    MONEY,
    NUMBER,
    PRICE,
    Absent,
    Fixed,
    Kind,
    Row,
    group,
    leaf,
)

UNKNOWN = "NA"
"""What stands where UBL wants an order's number or a card's network and there is none."""
_NOTE = re.compile(r"^#([A-Z]{3})#(.*)$", re.DOTALL)


def _note(text: str) -> dict[str, str]:
    found = _NOTE.match(text)
    return {"text": found[2], "subject": found[1]} if found else {"text": text}


def _noted(note: Any) -> str:
    text, subject = (
        (note["text"], note["subject"]) if isinstance(note, Mapping) else (note.text, note.subject)
    )
    return f"#{subject}#{text}" if subject else text


def _rated(line: Any) -> bool:
    return getattr(line, "category", "") != "O"


_NOTES = Kind(write=_noted, read=_note)
_IDENTIFIER: tuple[Row, ...] = (leaf("", "id"), leaf("@schemeID", "scheme"))
_ADDRESS: tuple[Row, ...] = (
    leaf("cbc:StreetName", "street"),
    leaf("cbc:AdditionalStreetName", "more"),
    leaf("cbc:CityName", "city"),
    leaf("cbc:PostalZone", "postcode"),
    leaf("cbc:CountrySubentity", "region"),
    leaf("cac:AddressLine/cbc:Line", "third"),
    leaf("cac:Country/cbc:IdentificationCode", "country"),
)
_IDS = group(
    "cac:PartyIdentification", (leaf("cbc:ID", "id"), leaf("cbc:ID/@schemeID", "scheme")), "ids", many=True
)
_ENDPOINT = group("cbc:EndpointID", _IDENTIFIER, "endpoint")
_PLACE = group("cac:PostalAddress", _ADDRESS, "address")
_VAT = group(
    "cac:PartyTaxScheme",
    (leaf("cbc:CompanyID", "vat_id"), Fixed(path="cac:TaxScheme/cbc:ID", value="VAT")),
)
_PARTY: tuple[Row, ...] = (
    _ENDPOINT,
    _IDS,
    leaf("cac:PartyName/cbc:Name", "trading_name"),
    _PLACE,
    _VAT,
    group(
        "cac:PartyTaxScheme",
        (leaf("cbc:CompanyID", "tax_id"), Fixed(path="cac:TaxScheme/cbc:ID", value="TAX", told=False)),
        unlike=("cac:TaxScheme/cbc:ID", "VAT"),
    ),
    leaf("cac:PartyLegalEntity/cbc:RegistrationName", "name"),
    group("cac:PartyLegalEntity/cbc:CompanyID", _IDENTIFIER, "legal_id"),
    leaf("cac:PartyLegalEntity/cbc:CompanyLegalForm", "legal_form"),
    leaf("cac:Contact/cbc:Name", "contact"),
    leaf("cac:Contact/cbc:Telephone", "phone"),
    leaf("cac:Contact/cbc:ElectronicMail", "email"),
)
_PAYEE: tuple[Row, ...] = (
    _IDS,
    leaf("cac:PartyName/cbc:Name", "name"),
    group("cac:PartyLegalEntity/cbc:CompanyID", _IDENTIFIER, "legal_id"),
)
_REPRESENTATIVE: tuple[Row, ...] = (leaf("cac:PartyName/cbc:Name", "name"), _PLACE, _VAT)
_ALLOWANCE: tuple[Row, ...] = (
    leaf("cbc:ChargeIndicator", "charge", FLAG),
    leaf("cbc:AllowanceChargeReasonCode", "reason_code"),
    leaf("cbc:AllowanceChargeReason", "reason"),
    leaf("cbc:MultiplierFactorNumeric", "percent", NUMBER),
    leaf("cbc:Amount", "amount", MONEY),
    leaf("cbc:BaseAmount", "base", MONEY),
)
_SCHEME = Fixed(path="cac:TaxScheme/cbc:ID", value="VAT", told=False)
_TAXED_ALLOWANCE: tuple[Row, ...] = (
    *_ALLOWANCE,
    group(
        "cac:TaxCategory",
        (
            leaf("cbc:ID", "tax_category"),
            leaf("cbc:Percent", "tax_rate", NUMBER, only=lambda one: one.tax_category != "O"),
            _SCHEME,
        ),
    ),
)
_SUBTOTAL: tuple[Row, ...] = (
    leaf("cbc:TaxableAmount", "base", MONEY),
    leaf("cbc:TaxAmount", "tax", MONEY),
    group(
        "cac:TaxCategory",
        (
            leaf("cbc:ID", "category"),
            leaf("cbc:Percent", "rate", NUMBER),
            leaf("cbc:TaxExemptionReasonCode", "reason_code"),
            leaf("cbc:TaxExemptionReason", "reason"),
            _SCHEME,
        ),
    ),
)
_MEANS: tuple[Row, ...] = (
    leaf("cbc:PaymentMeansCode", "means"),
    leaf("cbc:PaymentMeansCode/@name", "text"),
    leaf("cbc:PaymentDueDate", "due_on", DAY),
    leaf("cbc:PaymentID", "reference"),
    leaf("cac:CardAccount/cbc:PrimaryAccountNumberID", "card"),
    group(
        "cac:CardAccount",
        (Fixed(path="cbc:NetworkID", value=UNKNOWN, told=False), leaf("cbc:HolderName", "card_holder")),
        shared=True,
        only=lambda one: one["card"],
    ),
    leaf("cac:PayeeFinancialAccount/cbc:ID", "account"),
    leaf("cac:PayeeFinancialAccount/cbc:Name", "holder"),
    leaf("cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID", "bic"),
    leaf("cac:PaymentMandate/cbc:ID", "mandate"),
    leaf("cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID", "debited"),
)
_PERIOD: tuple[Row, ...] = (leaf("cbc:StartDate", "start", DAY), leaf("cbc:EndDate", "end", DAY))
_OBJECT: tuple[Row, ...] = (
    leaf("cbc:ID", "id"),
    leaf("cbc:ID/@schemeID", "scheme"),
    Fixed(path="cbc:DocumentTypeCode", value="130"),
)
_LINE_OBJECT: tuple[Row, ...] = (
    *_OBJECT[:2],
    Fixed(path="cbc:DocumentTypeCode", value="130", told=False),
)
_ITEM: tuple[Row, ...] = (
    leaf("cac:Item/cbc:Description", "detail"),
    leaf("cac:Item/cbc:Name", "description"),
    leaf("cac:Item/cac:BuyersItemIdentification/cbc:ID", "buyer_item"),
    leaf("cac:Item/cac:SellersItemIdentification/cbc:ID", "seller_item"),
    group("cac:Item/cac:StandardItemIdentification/cbc:ID", _IDENTIFIER, "standard_item"),
    leaf("cac:Item/cac:OriginCountry/cbc:IdentificationCode", "origin"),
    group(
        "cac:Item/cac:CommodityClassification",
        (
            leaf("cbc:ItemClassificationCode", "id"),
            leaf("cbc:ItemClassificationCode/@listID", "scheme"),
            leaf("cbc:ItemClassificationCode/@listVersionID", "version"),
        ),
        "classes",
        many=True,
    ),
    group(
        "cac:Item/cac:ClassifiedTaxCategory",
        (leaf("cbc:ID", "tax_category"), leaf("cbc:Percent", "tax_rate", NUMBER, only=_rated), _SCHEME),
    ),
    group(
        "cac:Item/cac:AdditionalItemProperty",
        (leaf("cbc:Name", "name"), leaf("cbc:Value", "value")),
        "attributes",
        many=True,
    ),
    leaf("cac:Price/cbc:PriceAmount", "unit_price", PRICE),
    leaf("cac:Price/cbc:BaseQuantity", "price_quantity", NUMBER, unless=1, along="price_unit"),
    leaf("cac:Price/cbc:BaseQuantity/@unitCode", "price_unit"),
    group(
        "cac:Price/cac:AllowanceCharge",
        (
            Fixed(path="cbc:ChargeIndicator", value="false", told=False),
            leaf("cbc:Amount", "price_discount", PRICE),
            leaf("cbc:BaseAmount", "gross_price", PRICE),
        ),
        only=lambda line: line.gross_price is not None,
    ),
)


def _line(quantity: str) -> tuple[Row, ...]:
    return (
        leaf("cbc:ID", "id"),
        leaf("cbc:Note", "note"),
        leaf(f"cbc:{quantity}", "quantity", NUMBER),
        leaf(f"cbc:{quantity}/@unitCode", "unit"),
        leaf("cbc:LineExtensionAmount", "amount", MONEY, stated=True),
        leaf("cbc:AccountingCost", "accounting"),
        group("cac:InvoicePeriod", _PERIOD, "period"),
        leaf("cac:OrderLineReference/cbc:LineID", "order_line"),
        group("cac:DocumentReference", _LINE_OBJECT, "object_id"),
        group("cac:AllowanceCharge", _ALLOWANCE, "allowances", many=True),
        *_ITEM,
    )


_ATTACHMENTS = group(
    "cac:AdditionalDocumentReference",
    (
        leaf("cbc:ID", "id"),
        Absent(path="cbc:DocumentTypeCode"),
        leaf("cbc:DocumentDescription", "description"),
        leaf("cac:Attachment/cbc:EmbeddedDocumentBinaryObject", "content"),
        leaf(
            "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@mimeCode", "mime", only=lambda one: one.content
        ),
        leaf(
            "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@filename",
            "file_name",
            only=lambda one: one.content,
        ),
        leaf("cac:Attachment/cac:ExternalReference/cbc:URI", "uri"),
    ),
    "attachments",
    many=True,
)
_SUMS = "cac:LegalMonetaryTotal"


@lru_cache(maxsize=2)
def rows_of(*, credit: bool) -> tuple[Row, ...]:
    """Return the table of a credit note, or of an invoice: their order and some names differ."""
    kind = "CreditNote" if credit else "Invoice"
    type_code = leaf(f"cbc:{kind}TypeCode", "type_code")
    notes = group("cbc:Note", (leaf("", ".", _NOTES),), "all_notes", many=True)
    point = leaf("cbc:TaxPointDate", "tax_point_on", DAY)
    tender = leaf("cac:OriginatorDocumentReference/cbc:ID", "tender")
    contract = leaf("cac:ContractDocumentReference/cbc:ID", "contract")
    more = (group("cac:AdditionalDocumentReference", _OBJECT, "object_id"), _ATTACHMENTS)
    project = group(
        "cac:AdditionalDocumentReference",
        (leaf("cbc:ID", "project"), Fixed(path="cbc:DocumentTypeCode", value="50")),
    )
    quantity = "CreditedQuantity" if credit else "InvoicedQuantity"
    return (
        leaf("cbc:ID", "number"),
        leaf("cbc:IssueDate", "issued_on", DAY),
        *(
            (point, type_code, notes)
            if credit
            else (leaf("cbc:DueDate", "due_on", DAY), type_code, notes, point)
        ),
        leaf("cbc:DocumentCurrencyCode", "currency"),
        leaf("cbc:TaxCurrencyCode", "tax_currency"),
        leaf("cbc:AccountingCost", "accounting"),
        leaf("cbc:BuyerReference", "buyer_reference"),
        group("cac:InvoicePeriod", _PERIOD, "period"),
        leaf("cac:InvoicePeriod/cbc:DescriptionCode", "tax_point_code"),
        leaf("cac:OrderReference/cbc:ID", "order"),
        leaf("cac:OrderReference/cbc:SalesOrderID", "sales_order"),
        group(
            "cac:BillingReference",
            (
                leaf("cac:InvoiceDocumentReference/cbc:ID", "number"),
                leaf("cac:InvoiceDocumentReference/cbc:IssueDate", "issued_on", DAY),
            ),
            "preceding",
            many=True,
        ),
        leaf("cac:DespatchDocumentReference/cbc:ID", "despatch_advice"),
        leaf("cac:ReceiptDocumentReference/cbc:ID", "receiving_advice"),
        *(
            (contract, project, *more, tender)
            if credit
            else (tender, contract, *more, leaf("cac:ProjectReference/cbc:ID", "project"))
        ),
        group("cac:AccountingSupplierParty/cac:Party", _PARTY, "seller"),
        group("cac:AccountingCustomerParty/cac:Party", _PARTY, "buyer"),
        group("cac:PayeeParty", _PAYEE, "payee"),
        group("cac:TaxRepresentativeParty", _REPRESENTATIVE, "tax_representative"),
        group(
            "cac:Delivery",
            (
                leaf("cbc:ActualDeliveryDate", "on", DAY),
                group("cac:DeliveryLocation/cbc:ID", _IDENTIFIER, "id"),
                group("cac:DeliveryLocation/cac:Address", _ADDRESS, "address"),
                leaf("cac:DeliveryParty/cac:PartyName/cbc:Name", "name"),
            ),
            "delivery",
        ),
        group("cac:PaymentMeans", _MEANS, "means", many=True),
        leaf("cac:PaymentTerms/cbc:Note", "payment_terms"),
        group("cac:AllowanceCharge", _TAXED_ALLOWANCE, "allowances", many=True),
        group(
            "cac:TaxTotal",
            (
                leaf("cbc:TaxAmount", "tax", MONEY, stated=True),
                group("cac:TaxSubtotal", _SUBTOTAL, "tax_groups", many=True),
            ),
            by="cac:TaxSubtotal",
        ),
        group(
            "cac:TaxTotal",
            (leaf("cbc:TaxAmount", "tax_in_tax_currency", MONEY, currency="tax_currency"),),
            lacking="cac:TaxSubtotal",
        ),
        leaf(f"{_SUMS}/cbc:LineExtensionAmount", "line_total", MONEY, stated=True),
        leaf(f"{_SUMS}/cbc:TaxExclusiveAmount", "net", MONEY, stated=True),
        leaf(f"{_SUMS}/cbc:TaxInclusiveAmount", "gross", MONEY, stated=True),
        leaf(f"{_SUMS}/cbc:AllowanceTotalAmount", "allowance_total", MONEY, stated=True, unless=0),
        leaf(f"{_SUMS}/cbc:ChargeTotalAmount", "charge_total", MONEY, stated=True, unless=0),
        leaf(f"{_SUMS}/cbc:PrepaidAmount", "prepaid", MONEY, unless=0),
        leaf(f"{_SUMS}/cbc:PayableRoundingAmount", "rounding", MONEY, unless=0),
        leaf(f"{_SUMS}/cbc:PayableAmount", "due", MONEY, stated=True),
        group(f"cac:{kind}Line", _line(quantity), "lines", many=True),
    )
