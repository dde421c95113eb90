"""UN/CEFACT Cross Industry Invoice D22B, as EN 16931-3-3 and Factur-X bind it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from templates.einvoice.reader import Reader
from templates.einvoice.syntax import (
    DAY_102,
    FLAG,
    MONEY,
    NUMBER,
    PRICE,
    Fixed,
    Kind,
    Node,
    Row,
    Writer,
    group,
    leaf,
)
from templates.einvoice.view import Read, currencies_of, fields_of, view_of
from tidings.invoice import Invoice

_CEFACT = "urn:un:unece:uncefact:data:standard"
SPACES = {
    "rsm": f"{_CEFACT}:CrossIndustryInvoice:100",
    "ram": f"{_CEFACT}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_CEFACT}:UnqualifiedDataType:100",
    "qdt": f"{_CEFACT}:QualifiedDataType:100",
}
ROOT = f"{{{SPACES['rsm']}}}CrossIndustryInvoice"
EN16931 = "urn:cen.eu:en16931:2017"
"""What the Factur-X profile EN 16931 says of itself (BT-24)."""
_POINTS = {"3": "5", "35": "29", "432": "72"}
"""Tax point codes: UNTDID 2005, as the model has them, to 2475."""
_TAX_POINT = Kind(
    write=lambda code: _POINTS.get(code, code),
    read=lambda text: {there: here for here, there in _POINTS.items()}.get(text, text),
)
_IBAN = re.compile(r"^[A-Z]{2}\d{2}[ A-Z0-9]+$")


def _rated(thing: Any) -> bool:
    category = thing["category"] if isinstance(thing, Mapping) else getattr(thing, "category", "")
    return category != "O"


_ADDRESS: tuple[Row, ...] = (
    leaf("ram:PostcodeCode", "postcode"),
    leaf("ram:LineOne", "street"),
    leaf("ram:LineTwo", "more"),
    leaf("ram:LineThree", "third"),
    leaf("ram:CityName", "city"),
    leaf("ram:CountryID", "country"),
    leaf("ram:CountrySubDivisionName", "region"),
)
_IDENTIFIER: tuple[Row, ...] = (leaf("", "id"), leaf("@schemeID", "scheme"))
_IDS: tuple[Row, ...] = (
    group("ram:ID", _IDENTIFIER, "ids", many=True, only=lambda one: not one.scheme),
    group("ram:GlobalID", _IDENTIFIER, "ids", many=True, only=lambda one: one.scheme),
)
_NAME = leaf("ram:Name", "name")
_LEGAL_ID = group("ram:SpecifiedLegalOrganization/ram:ID", _IDENTIFIER, "legal_id")
_PLACE = group("ram:PostalTradeAddress", _ADDRESS, "address")
_VAT_ID = group(
    "ram:SpecifiedTaxRegistration", (leaf("ram:ID", "vat_id"), Fixed(path="ram:ID/@schemeID", value="VA"))
)
_PARTY: tuple[Row, ...] = (
    *_IDS,
    _NAME,
    leaf("ram:Description", "legal_form"),
    _LEGAL_ID,
    leaf("ram:SpecifiedLegalOrganization/ram:TradingBusinessName", "trading_name"),
    leaf("ram:DefinedTradeContact/ram:PersonName", "contact"),
    leaf("ram:DefinedTradeContact/ram:TelephoneUniversalCommunication/ram:CompleteNumber", "phone"),
    leaf("ram:DefinedTradeContact/ram:EmailURIUniversalCommunication/ram:URIID", "email"),
    _PLACE,
    group("ram:URIUniversalCommunication/ram:URIID", _IDENTIFIER, "endpoint"),
    _VAT_ID,
    group(
        "ram:SpecifiedTaxRegistration", (leaf("ram:ID", "tax_id"), Fixed(path="ram:ID/@schemeID", value="FC"))
    ),
)
_DEPARTMENT = group(
    "ram:DefinedTradeContact", (leaf("ram:DepartmentName", "department"),), only=lambda _: False
)
"""Read only: both names are the contact (BT-41)."""
_PAYEE: tuple[Row, ...] = (*_IDS, _NAME, _LEGAL_ID)
_REPRESENTATIVE: tuple[Row, ...] = (_NAME, _PLACE, _VAT_ID)
_PERIOD: tuple[Row, ...] = (
    leaf("ram:StartDateTime/udt:DateTimeString", "start", DAY_102),
    leaf("ram:EndDateTime/udt:DateTimeString", "end", DAY_102),
)
_ALLOWANCE: tuple[Row, ...] = (
    leaf("ram:ChargeIndicator/udt:Indicator", "charge", FLAG),
    leaf("ram:CalculationPercent", "percent", NUMBER),
    leaf("ram:BasisAmount", "base", MONEY),
    leaf("ram:ActualAmount", "amount", MONEY),
    leaf("ram:ReasonCode", "reason_code"),
    leaf("ram:Reason", "reason"),
)
_TAXED_ALLOWANCE: tuple[Row, ...] = (
    *_ALLOWANCE,
    group(
        "ram:CategoryTradeTax",
        (
            Fixed(path="ram:TypeCode", value="VAT", told=False),
            leaf("ram:CategoryCode", "tax_category"),
            leaf("ram:RateApplicablePercent", "tax_rate", NUMBER, only=lambda one: one.tax_category != "O"),
        ),
    ),
)
_OBJECT: tuple[Row, ...] = (
    leaf("ram:IssuerAssignedID", "id"),
    Fixed(path="ram:TypeCode", value="130"),
    leaf("ram:ReferenceTypeCode", "scheme"),
)
_PRODUCT = "ram:SpecifiedTradeProduct"
_GROSS = "ram:SpecifiedLineTradeAgreement/ram:GrossPriceProductTradePrice"
_NET = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"
_LINE_SETTLEMENT = "ram:SpecifiedLineTradeSettlement"
_LINE: tuple[Row, ...] = (
    leaf("ram:AssociatedDocumentLineDocument/ram:LineID", "id"),
    leaf("ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content", "note"),
    group(f"{_PRODUCT}/ram:GlobalID", _IDENTIFIER, "standard_item"),
    leaf(f"{_PRODUCT}/ram:SellerAssignedID", "seller_item"),
    leaf(f"{_PRODUCT}/ram:BuyerAssignedID", "buyer_item"),
    leaf(f"{_PRODUCT}/ram:Name", "description"),
    leaf(f"{_PRODUCT}/ram:Description", "detail"),
    group(
        f"{_PRODUCT}/ram:ApplicableProductCharacteristic",
        (leaf("ram:Description", "name"), leaf("ram:Value", "value")),
        "attributes",
        many=True,
    ),
    group(
        f"{_PRODUCT}/ram:DesignatedProductClassification",
        (
            leaf("ram:ClassCode", "id"),
            leaf("ram:ClassCode/@listID", "scheme"),
            leaf("ram:ClassCode/@listVersionID", "version"),
        ),
        "classes",
        many=True,
    ),
    leaf(f"{_PRODUCT}/ram:OriginTradeCountry/ram:ID", "origin"),
    leaf("ram:SpecifiedLineTradeAgreement/ram:BuyerOrderReferencedDocument/ram:LineID", "order_line"),
    group(
        _GROSS,
        (
            leaf("ram:ChargeAmount", "gross_price", PRICE),
            leaf("ram:BasisQuantity", "price_quantity", NUMBER, stated=True, unless=1, along="price_unit"),
            leaf("ram:BasisQuantity/@unitCode", "price_unit"),
            group(
                "ram:AppliedTradeAllowanceCharge",
                (
                    Fixed(path="ram:ChargeIndicator/udt:Indicator", value="false", told=False),
                    leaf("ram:ActualAmount", "discount", PRICE),
                ),
            ),
        ),
        only=lambda line: line.gross_price is not None,
    ),
    leaf(f"{_NET}/ram:ChargeAmount", "unit_price", PRICE),
    leaf(f"{_NET}/ram:BasisQuantity", "price_quantity", NUMBER, unless=1, along="price_unit"),
    leaf(f"{_NET}/ram:BasisQuantity/@unitCode", "price_unit"),
    leaf("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", "quantity", NUMBER),
    leaf("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode", "unit"),
    group(
        f"{_LINE_SETTLEMENT}/ram:ApplicableTradeTax",
        (
            Fixed(path="ram:TypeCode", value="VAT"),
            leaf("ram:CategoryCode", "tax_category"),
            leaf("ram:RateApplicablePercent", "tax_rate", NUMBER, only=_rated),
        ),
    ),
    group(f"{_LINE_SETTLEMENT}/ram:BillingSpecifiedPeriod", _PERIOD, "period"),
    group(f"{_LINE_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge", _ALLOWANCE, "allowances", many=True),
    leaf(
        f"{_LINE_SETTLEMENT}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        "amount",
        MONEY,
        stated=True,
    ),
    group(f"{_LINE_SETTLEMENT}/ram:AdditionalReferencedDocument", _OBJECT, "object_id"),
    leaf(f"{_LINE_SETTLEMENT}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting"),
)
_PAYMENT: tuple[Row, ...] = (
    leaf("ram:TypeCode", "means"),
    leaf("ram:Information", "text"),
    leaf("ram:ApplicableTradeSettlementFinancialCard/ram:ID", "card"),
    leaf("ram:ApplicableTradeSettlementFinancialCard/ram:CardholderName", "card_holder"),
    leaf("ram:PayerPartyDebtorFinancialAccount/ram:IBANID", "debited"),
    leaf(
        "ram:PayeePartyCreditorFinancialAccount/ram:IBANID",
        "account",
        only=lambda one: _IBAN.match(one.account) is not None,
    ),
    leaf("ram:PayeePartyCreditorFinancialAccount/ram:AccountName", "holder"),
    leaf(
        "ram:PayeePartyCreditorFinancialAccount/ram:ProprietaryID",
        "account",
        only=lambda one: _IBAN.match(one.account) is None,
    ),
    leaf("ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", "bic"),
)
_TAX: tuple[Row, ...] = (
    leaf("ram:CalculatedAmount", "tax", MONEY, currency=""),
    Fixed(path="ram:TypeCode", value="VAT"),
    leaf("ram:ExemptionReason", "reason"),
    leaf("ram:BasisAmount", "base", MONEY),
    leaf("ram:CategoryCode", "category"),
    leaf("ram:ExemptionReasonCode", "reason_code"),
    leaf("ram:TaxPointDate/udt:DateString", "tax_point_on", DAY_102),
    leaf("ram:DueDateTypeCode", "tax_point_code", _TAX_POINT),
    leaf("ram:RateApplicablePercent", "rate", NUMBER, only=_rated),
)
_DOCUMENT = "rsm:ExchangedDocument"
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_DELIVERY = f"{_TRADE}/ram:ApplicableHeaderTradeDelivery"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_INVOICE: tuple[Row, ...] = (
    leaf(f"{_DOCUMENT}/ram:ID", "number"),
    leaf(f"{_DOCUMENT}/ram:TypeCode", "type_code"),
    leaf(f"{_DOCUMENT}/ram:IssueDateTime/udt:DateTimeString", "issued_on", DAY_102),
    group(
        f"{_DOCUMENT}/ram:IncludedNote",
        (leaf("ram:Content", "text"), leaf("ram:SubjectCode", "subject")),
        "all_notes",
        many=True,
    ),
    group(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem", _LINE, "lines", many=True),
    leaf(f"{_AGREEMENT}/ram:BuyerReference", "buyer_reference"),
    group(f"{_AGREEMENT}/ram:SellerTradeParty", (*_PARTY, _DEPARTMENT), "seller"),
    group(f"{_AGREEMENT}/ram:BuyerTradeParty", (*_PARTY, _DEPARTMENT), "buyer"),
    group(f"{_AGREEMENT}/ram:SellerTaxRepresentativeTradeParty", _REPRESENTATIVE, "tax_representative"),
    leaf(f"{_AGREEMENT}/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID", "sales_order"),
    leaf(f"{_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", "order"),
    leaf(f"{_AGREEMENT}/ram:ContractReferencedDocument/ram:IssuerAssignedID", "contract"),
    group(
        f"{_AGREEMENT}/ram:AdditionalReferencedDocument",
        (
            leaf("ram:IssuerAssignedID", "id"),
            leaf("ram:URIID", "uri"),
            Fixed(path="ram:TypeCode", value="916"),
            leaf("ram:Name", "description"),
            leaf("ram:AttachmentBinaryObject", "content"),
            leaf("ram:AttachmentBinaryObject/@mimeCode", "mime", only=lambda one: one.content),
            leaf("ram:AttachmentBinaryObject/@filename", "file_name", only=lambda one: one.content),
        ),
        "attachments",
        many=True,
    ),
    group(
        f"{_AGREEMENT}/ram:AdditionalReferencedDocument",
        (leaf("ram:IssuerAssignedID", "tender"), Fixed(path="ram:TypeCode", value="50")),
    ),
    group(f"{_AGREEMENT}/ram:AdditionalReferencedDocument", _OBJECT, "object_id"),
    group(
        f"{_AGREEMENT}/ram:SpecifiedProcuringProject",
        (leaf("ram:ID", "project"), Fixed(path="ram:Name", value="Project reference", told=False)),
    ),
    group(
        _DELIVERY,
        (
            group("ram:ShipToTradeParty", (*_PARTY[:3], _PARTY[9]), "delivered_to"),
            leaf(
                "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString",
                "delivered_on",
                DAY_102,
            ),
            leaf("ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID", "despatch_advice"),
            leaf("ram:ReceivingAdviceReferencedDocument/ram:IssuerAssignedID", "receiving_advice"),
        ),
        "deliveries",
        many=True,
    ),
    leaf(f"{_SETTLEMENT}/ram:CreditorReferenceID", "creditor_id"),
    leaf(f"{_SETTLEMENT}/ram:PaymentReference", "reference"),
    leaf(f"{_SETTLEMENT}/ram:TaxCurrencyCode", "tax_currency"),
    leaf(f"{_SETTLEMENT}/ram:InvoiceCurrencyCode", "currency"),
    group(f"{_SETTLEMENT}/ram:PayeeTradeParty", _PAYEE, "payee"),
    group(f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans", _PAYMENT, "payment", many=True),
    group(f"{_SETTLEMENT}/ram:ApplicableTradeTax", _TAX, "tax_groups", many=True),
    group(f"{_SETTLEMENT}/ram:BillingSpecifiedPeriod", _PERIOD, "period"),
    group(f"{_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge", _TAXED_ALLOWANCE, "allowances", many=True),
    leaf(f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:Description", "payment_terms"),
    leaf(
        f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString",
        "due_on",
        DAY_102,
    ),
    leaf(f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID", "mandate"),
    leaf(f"{_SUMS}/ram:LineTotalAmount", "line_total", MONEY, stated=True),
    leaf(f"{_SUMS}/ram:ChargeTotalAmount", "charge_total", MONEY, stated=True, unless=0),
    leaf(f"{_SUMS}/ram:AllowanceTotalAmount", "allowance_total", MONEY, stated=True, unless=0),
    leaf(f"{_SUMS}/ram:TaxBasisTotalAmount", "net", MONEY, stated=True),
    leaf(f"{_SUMS}/ram:TaxTotalAmount", "tax", MONEY, stated=True),
    leaf(f"{_SUMS}/ram:TaxTotalAmount", "tax_in_tax_currency", MONEY, currency="tax_currency"),
    leaf(f"{_SUMS}/ram:RoundingAmount", "rounding", MONEY, unless=0),
    leaf(f"{_SUMS}/ram:GrandTotalAmount", "gross", MONEY, stated=True),
    leaf(f"{_SUMS}/ram:TotalPrepaidAmount", "prepaid", MONEY, unless=0),
    leaf(f"{_SUMS}/ram:DuePayableAmount", "due", MONEY, stated=True),
    group(
        f"{_SETTLEMENT}/ram:InvoiceReferencedDocument",
        (
            leaf("ram:IssuerAssignedID", "number"),
            leaf("ram:FormattedIssueDateTime/qdt:DateTimeString", "issued_on", DAY_102),
        ),
        "preceding",
        many=True,
    ),
    leaf(f"{_SETTLEMENT}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting"),
)


_FREE = frozenset(
    {
        "rsm:ExchangedDocumentContext",
        "ram:SpecifiedProcuringProject/ram:Name",
        # Why there is no tax stands where the taxes do (BT-120); of a line the norm has no reason.
        "ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax/ram:ExemptionReason",
    }
)


def to_cii(invoice: Invoice, *, guideline: str = EN16931) -> bytes:
    """Return the XML of a whole invoice (`templates.einvoice.legal.whole`); the same invoice gives the same bytes.

    Args:
        invoice: with seller, buyer and categories.
        guideline: what the document says it follows (BT-24).
    """
    root = etree.Element(ROOT, nsmap=SPACES)
    writer = Writer(SPACES, currencies_of(invoice), currency=False)
    context: tuple[Row, ...] = (
        Fixed(
            path="rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
            value=guideline,
        ),
    )
    writer.write(root, context, {})
    writer.write(root, _INVOICE, view_of(invoice))
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return xml


def from_cii(root: Node) -> Read:
    """Return what a Cross Industry Invoice says.

    Raises:
        ValueError: a value cannot be read; begins with the path of the field.
    """
    settlement = f"{_SETTLEMENT}/"
    currencies = {
        name: (root.findtext(f"{settlement}ram:{tag}", "", SPACES) or "").strip()
        for name, tag in (("currency", "InvoiceCurrencyCode"), ("tax_currency", "TaxCurrencyCode"))
    }
    reader = Reader(SPACES, currencies)
    raw = reader.read(root, _INVOICE)
    for party in (raw.get("seller", {}), raw.get("buyer", {})):
        names = (party.get("contact"), party.pop("department", ""))
        party["contact"] = ", ".join(name for name in names if name)
    read = fields_of(raw, reader.stated)
    return replace(read, rows=_INVOICE, left_out=tuple(reader.left_out(root, _FREE)))
