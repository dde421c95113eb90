"""Between the model and the tables of a syntax: what is derived, and what a document states about itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from templates.einvoice.syntax import Row, element_of
from tidings.invoice import SLACK, Invoice, category_of
from tidings.problem import Problem

_COMPUTED = ("line_total", "charge_total", "allowance_total", "net", "tax", "gross", "due")


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What an XML document says."""

    fields: Mapping[str, Any]
    """Of `tidings.invoice.Invoice`."""
    stated: Sequence[tuple[str, Decimal]]
    """(path of what the model computes, amount): `net`, `lines.0.amount`, `tax_groups.1.tax`."""
    rows: Sequence[Row] = ()
    """The table that it was read by."""
    left_out: Sequence[tuple[str, str]] = ()
    """(path of an element, its text) of what the model has no place for."""


def currencies_of(invoice: Invoice) -> dict[str, str]:
    """Return the currencies that amounts are in, by what the tables call them."""
    return {"currency": invoice.currency, "tax_currency": invoice.tax_currency}


def view_of(invoice: Invoice) -> dict[str, Any]:
    """Return the fields of a whole invoice as the tables name them."""
    view: dict[str, Any] = {name: getattr(invoice, name) for name in Invoice.model_fields}
    view |= {name: getattr(invoice, name) for name in _COMPUTED}
    where = invoice.delivery
    first = ({"text": invoice.note, "subject": ""},) if invoice.note else ()
    point = {"tax_point_on": invoice.tax_point_on, "tax_point_code": invoice.tax_point_code}
    to = (
        {"ids": (where.id,) if where.id else (), "name": where.name, "address": where.address}
        if where
        else None
    )
    unsaid = invoice.payment_terms and invoice.due_on == invoice.issued_on
    return view | {
        # Terms in words may be all that was said: then no day is made up for machines (BR-CO-25 wants one of both).
        "due_on": None if unsaid else invoice.due_on,
        "all_notes": (*first, *invoice.notes),
        "tax_groups": [group.model_dump() | point for group in invoice.groups],
        "deliveries": (
            {
                "delivered_to": to,
                "delivered_on": where.on if where else None,
                "despatch_advice": invoice.despatch_advice,
                "receiving_advice": invoice.receiving_advice,
            },
        ),
    }


def fields_of(raw: dict[str, Any], stated: list[tuple[str, Decimal]]) -> Read:
    """Return what the tables found as fields of the model."""
    _take_delivery(raw)
    _take_notes(raw)
    if raw.get("tax_currency") == raw.get("currency"):
        for name in ("tax_currency", "tax_in_tax_currency"):
            raw.pop(name, None)
    for line in raw.get("lines", ()):
        if off := line.pop("price_discount", line.get("discount")):
            line["discount"] = off
        else:
            line.pop("discount", None)
    groups = raw.pop("tax_groups", ())
    for name in ("tax_point_on", "tax_point_code"):
        take_one(raw, name, groups)
    raw["taxes"] = tuple(_tax_note(group) for group in groups)
    bases = [
        (f"tax_groups.{place}.base", group["base"]) for place, group in enumerate(groups) if "base" in group
    ]
    raw["total"] = dict(stated).get("gross", Decimal(0))
    raw["customer"] = _customer(raw.get("buyer", {}))
    return Read(fields=raw, stated=[*stated, *bases])


def take_one(raw: dict[str, Any], name: str, parts: Sequence[dict[str, Any]]) -> None:
    """Move what several parts say alike to the document, which says it once.

    Raises:
        ValueError: they differ.
    """
    said = [part.pop(name) for part in parts if name in part]
    for other in said:
        if other != said[0]:
            msg = f"{name}: is {said[0]} in one place and {other} in another; a document has one"
            raise ValueError(msg)
    if said:
        raw.setdefault(name, said[0])


def _take_delivery(raw: dict[str, Any]) -> None:
    for delivery in raw.pop("deliveries", ()):
        there = delivery.pop("delivered_to", {})
        on = delivery.pop("delivered_on", None)
        raw |= delivery
        if there or on:
            known = {name: value for name, value in there.items() if name in {"name", "address"}}
            ids = there.get("ids", ())
            if len(ids) > 1:
                msg = f"delivery.id: is {ids[0]['id']} and {ids[1]['id']}; a place has one"
                raise ValueError(msg)
            raw["delivery"] = known | {"on": on, "id": next(iter(ids), None)}


def _take_notes(raw: dict[str, Any]) -> None:
    notes = list(raw.pop("all_notes", ()))
    if notes and not notes[0].get("subject") and "text" in notes[0]:
        raw["note"] = notes.pop(0)["text"]
    raw["notes"] = tuple(note for note in notes if note.get("text"))


def _tax_note(group: Mapping[str, Any]) -> dict[str, Any]:
    rate = group.get("rate", Decimal(0))
    return {
        "category": group.get("category") or category_of(rate),
        "rate": rate,
        "reason": group.get("reason", ""),
        "reason_code": group.get("reason_code", ""),
        "tax": group.get("tax"),
    }


def _customer(buyer: Mapping[str, Any]) -> str:
    """Return what the buyer is called there: its first identifier, else its name."""
    for one in (*buyer.get("ids", ()), buyer.get("endpoint"), buyer.get("legal_id")):
        if one and one.get("id"):
            return str(one["id"])
    return str(buyer.get("vat_id") or buyer.get("name") or "")


def model_of(read: Read) -> Invoice:
    """Return the invoice that a document says; a tax that is base times rate is left to the model.

    Raises:
        Problem: a value is missing or wrong; names the field.
    """
    fields = {"due_on": read.fields.get("issued_on"), **read.fields}
    try:
        invoice = Invoice.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        element = element_of(read.rows, [str(one) for one in first["loc"] if not isinstance(one, int)])
        raise Problem(f"{refused(first)}{f' ({element})' if element else ''}") from error
    invoice = _as_rounded(invoice, dict(read.stated))
    bare = invoice.model_copy(update={"taxes": ()})
    computed = {(group.category, group.rate): group.tax for group in bare.groups}
    kept = []
    for note in invoice.taxes:
        same = computed.get((note.category, note.rate)) == note.tax
        told = note.model_copy(update={"tax": None}) if same else note
        if told.reason or told.reason_code or told.tax is not None:
            kept.append(told)
    return invoice.model_copy(update={"taxes": tuple(kept)})


def refused(error: Mapping[str, Any]) -> str:
    """Return why pydantic refused a value, as a sentence that begins with the field."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{where}: it is missing"
    if error["type"] == "too_short":
        return f"{where}: there are none"
    if error["type"] == "too_long":
        held, most = error["ctx"]["actual_length"] or "more", error["ctx"]["max_length"]
        return f"{where}: {held} of them, {most} go; split the document"
    return f"{where}: {error['msg']} (value {str(error['input'])[:60]!r})"


def _as_rounded(invoice: Invoice, stated: Mapping[str, Decimal]) -> Invoice:
    """Return the invoice with the amounts of lines that were rounded another way."""
    lines = []
    for place, line in enumerate(invoice.lines):
        said = stated.get(f"lines.{place}.amount", line.amount)
        other = said != line.amount and abs(said - line.computed) <= SLACK
        lines.append(line.model_copy(update={"rounded": said}) if other else line)
    return invoice.model_copy(update={"lines": tuple(lines)})


def differences(invoice: Invoice, read: Read) -> list[str]:
    """Return where a document's own sums are not those that its lines come to, as sentences."""
    bases = {(group.category, group.rate): group.base for group in invoice.groups}
    notes = read.fields["taxes"]
    wrong = []
    for path, amount in read.stated:
        name, _, rest = path.partition(".")
        if name == "lines":
            place, _, what = rest.partition(".")
            found = getattr(invoice.lines[int(place)], what)
        elif name == "tax_groups":
            note = notes[int(rest.partition(".")[0])]
            found = bases.get((note["category"], note["rate"]), Decimal(0))
        else:
            found = getattr(invoice, name)
        if found != amount:
            wrong.append(f"{path}: {amount} is not the {found} {invoice.currency} that the lines come to")
    return wrong
