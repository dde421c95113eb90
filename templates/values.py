"""The values that template text may print: the message's data, held to the template's data model."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from templates.catalog import Template
from templates.colour import palette
from templates.safe import clean, plain
from tidings.invoice import Invoice
from tidings.invoice_parts import Party, Payment
from tidings.organisation import Brand
from tidings.problem import Problem

_URL = re.compile(r"^(https?://[^\s<>\"']+|mailto:[^\s<>\"']+)$")
_STANDARD_LINKS = ("action", "document", "preferences", "unsubscribe")
_BRANDS: dict[int, tuple[Brand, dict[str, Any]]] = {}
_MAX_BRANDS = 64
_SHARED: dict[tuple[int, int], tuple[Template, Mapping[str, Any], dict[str, Any]]] = {}
_MAX_SHARED = 64


def check_data(
    template: Template, data: Mapping[str, Any], shared: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the data in the types of the template's model; other values are kept as they are.

    Args:
        template: whose model.
        data: of one message.
        shared: of its run, where `data` says nothing; checked once for as long as it is the same object.

    Raises:
        Problem: a value is missing or is not what the model says; names it.
    """
    known = shared_values(template, shared) if shared else {}
    values: dict[str, Any] = {**known, **plain(data, template.name)}
    for name, declared in template.model.items():
        if name in known and name not in data:
            continue
        kind = declared.removesuffix("?")
        value = values.get(name)
        if value is None or value == "":
            if not declared.endswith("?"):
                todo = f"Add `{name}` to the data of the campaign."
                raise Problem(f"Template {template.name}: the {kind} {name!r} is missing.", todo=todo)
            values[name] = [] if kind == "list" else ""
            continue
        values[name] = _typed(template, name, kind, value)
    values["customer"] = _customer(values.get("customer") or {})
    return values


def shared_values(template: Template, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a run in the types of the template's model; declared ones that are empty are left out."""
    key = (id(template), id(shared))
    found = _SHARED.get(key)
    if found is not None and found[0] is template and found[1] is shared:
        return found[2]
    values: dict[str, Any] = plain(shared, template.name)
    for name in template.model.keys() & values.keys():
        value = values.pop(name)
        if value is not None and value != "":
            values[name] = _typed(template, name, template.model[name].removesuffix("?"), value)
    if len(_SHARED) >= _MAX_SHARED:
        _SHARED.clear()
    _SHARED[key] = (template, shared, values)
    return values


def _typed(template: Template, name: str, kind: str, value: Any) -> Any:
    try:
        return _TYPED[kind](value)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise Problem(f"Template {template.name}: {name} = {value!r} is not a {kind}.") from error


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError(value)
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError(value)
    return amount


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _invoice(value: Any) -> dict[str, Any]:
    try:
        return invoice_values(Invoice.model_validate(value))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{key}: {first['msg']}") from error


_TYPED: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "number": _decimal,
    "percent": _decimal,
    "money": _decimal,
    "date": _date,
    "list": _list,
    "invoice": _invoice,
}


def invoice_values(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as template text sees it; where it names no account, `add_account` adds the brand's."""
    bases: dict[Decimal, Decimal] = {}
    for line in invoice.lines:
        bases[line.tax_rate] = bases.get(line.tax_rate, Decimal(0)) + line.amount
    return {
        "number": clean(invoice.number),
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "currency": invoice.currency,
        "net": invoice.net,
        "tax": invoice.tax,
        "gross": invoice.gross,
        "due": invoice.due,
        "pay_by": None if invoice.is_credit else invoice.due_on,
        "pay_reference": "" if invoice.is_credit else clean(invoice.reference or invoice.number),
        "credit": invoice.is_credit,
        "credits": clean(invoice.preceding[0].number) if invoice.preceding else "",
        "reference": clean(invoice.reference or invoice.number),
        "note": clean(invoice.note),
        "lines": [
            {
                "description": clean(line.description),
                "quantity": line.quantity.normalize() if line.quantity else line.quantity,
                "unit_price": line.unit_price,
                "tax_rate": line.tax_rate.normalize() if line.tax_rate else line.tax_rate,
                "amount": line.amount,
            }
            for line in invoice.lines
        ],
        "taxes": [
            {"rate": rate, "base": bases[rate], "tax": tax}
            for rate, tax in invoice.tax_by_rate.items()
            if rate
        ],
        "bank": "",
        "collected": collected_by(invoice),
        **_paid_into(invoice),
    }


_COLLECTED = {"49": "debit", "59": "debit", "48": "card", "54": "card", "55": "card"}
"""UNTDID 4461: means by which the seller takes the money."""


def collected_by(invoice: Invoice) -> str:
    """Return how the money is taken from who owes it, `debit` or `card`; '' where they pay it themselves."""
    means = [_COLLECTED.get(one.means, "") for one in invoice.payment]
    return means[0] if means and all(means) and not invoice.is_credit else ""


def _paid_into(invoice: Invoice) -> dict[str, str]:
    """Return where the invoice itself says that it is paid; all empty where it does not."""
    into = next((one for one in invoice.payment if one.account and not invoice.is_credit), Payment())
    holder = into.holder or (invoice.payee or invoice.seller or Party()).name if into.account else ""
    return {"account": clean(into.account), "bic": clean(into.bic), "holder": clean(holder)}


def _customer(given: Any) -> dict[str, str]:
    parts = {key: "" for key in ("first_name", "last_name", "company", "reference")}
    if isinstance(given, dict):
        parts |= {key: str(value) for key, value in given.items() if value is not None}
    if "name" not in parts:
        parts["name"] = f"{parts['first_name']} {parts['last_name']}".strip() or parts["company"]
    return parts


def add_account(invoice: dict[str, Any], brand: Brand) -> dict[str, Any]:
    """Return the invoice with the brand's account for its currency, where it does not say itself how it is paid."""
    if invoice["account"]:
        return invoice | {"holder": invoice["holder"] or brand.legal_name}
    account = brand.accounts.get(invoice["currency"])
    if account is None or invoice["credit"] or invoice["collected"]:
        return invoice
    paid = {"account": account.iban, "bic": account.bic, "bank": account.bank}
    return invoice | paid | {"holder": account.holder or brand.legal_name}


def brand_values(brand: Brand) -> dict[str, Any]:
    """Return what template text may know of a brand, and its colours."""
    known = _BRANDS.get(id(brand))
    if known is not None and known[0] is brand:
        return known[1]
    values = plain(
        {
            "id": brand.id,
            "name": brand.name,
            "legal_name": brand.legal_name,
            "tax_id": brand.tax_id,
            "website": brand.website,
            "site": re.sub(r"^https?://", "", brand.website).rstrip("/"),
            "service_email": brand.service_email or brand.senders.reply_to or brand.senders.email,
            "service_phone": brand.service_phone,
            "privacy_text": brand.privacy_text,
            "address": list(brand.address.lines),
            "place": list(_place(brand)),
            "sender": [brand.name, *_place(brand)],
            "country": brand.address.country,
            "franking": brand.franking.splitlines(),
            "colours": palette(brand.accent),
        },
        "brand",
    )
    if len(_BRANDS) >= _MAX_BRANDS:
        _BRANDS.clear()
    _BRANDS[id(brand)] = (brand, values)
    return values  # type: ignore[no-any-return]


def _place(brand: Brand) -> tuple[str, ...]:
    """Return the lines of the address without the name, where it begins with one."""
    first, *rest = brand.address.lines or ("",)
    named = first.casefold() in {brand.name.casefold(), brand.legal_name.casefold()}
    return tuple(rest) if named else brand.address.lines


def link_targets(template: Template, data: Mapping[str, Any], brand: Brand) -> dict[str, str]:
    """Return where each link of the template leads for this data, without measuring: `{code}` becomes its value.

    Raises:
        Problem: a target names a value that is not there.
    """
    return {name: _target(template, name, target, data, brand) for name, target in template.links.items()}


def _target(template: Template, name: str, target: str, data: Mapping[str, Any], brand: Brand) -> str:
    website = brand.website.rstrip("/")
    if website and "://" not in website:
        website = f"https://{website}"

    def value(match: re.Match[str]) -> str:
        if match[1] == "website":
            return website
        if match[1] not in data:
            raise Problem(f"Template {template.name}: link {name} needs the value {match[1]!r}.")
        return quote(str(data[match[1]]), safe="")

    return re.sub(r"\{([a-z_]+)\}", value, target)


def link_values(
    template: Template, data: Mapping[str, Any], brand: Brand, given: Mapping[str, str]
) -> dict[str, str]:
    """Return every link by name: the signed one, else its own target; the standard ones are empty when not given.

    Raises:
        Problem: a link that is not http, https or mailto.
    """
    links = dict.fromkeys(_STANDARD_LINKS, "")
    if missing := [name for name in template.links if name not in given]:
        targets = link_targets(template, data, brand)
        links |= {name: targets[name] for name in missing}
    links.update(given)
    for name, url in links.items():
        if url and not _URL.match(url):
            raise Problem(
                f"Template {template.name}: link {name} is {url!r}, not an http, https or mailto address.",
                todo="Where it begins with {website}, give the brand its `website` in organisation.toml.",
            )
    return links
