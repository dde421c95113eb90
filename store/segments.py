"""Compiles a segment to one WHERE clause over `customers`; every value is a bound parameter."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, exists, func, not_, or_, select, true
from sqlalchemy.types import DateTime, Numeric, Text

from store.tables import customer_references, customers, touchpoints
from tidings.problem import Problem
from tidings.segment import Combine, Compare, Did, DidNot, Everybody, Node


def where(segment: Node, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition that selects the segment's customers at `now`.

    Raises:
        Problem: an operator does not fit its value.
    """
    match segment:
        case Combine():
            return and_(
                *(where(node, now=now) for node in segment.all),
                or_(*(where(node, now=now) for node in segment.any)) if segment.any else true(),
                *(not_(where(node, now=now)) for node in segment.none),
            )
        case Compare():
            return _compare(segment)
        case Did():
            return _count(segment.did, segment, now) >= segment.at_least
        case DidNot():
            return _count(segment.did_not, segment, now) == 0
        case Everybody():
            return true()


def _count(kind: str, rule: Did | DidNot, now: datetime) -> ColumnElement[int]:
    conditions = [
        touchpoints.c.customer_id == customers.c.id,
        touchpoints.c.kind == kind,
        touchpoints.c.machine.is_(False),
        touchpoints.c.at <= now,
    ]
    if rule.channel:
        conditions.append(touchpoints.c.channel == rule.channel)
    if rule.purpose:
        conditions.append(touchpoints.c.purpose == rule.purpose)
    if rule.within:
        conditions.append(touchpoints.c.at > now - rule.within)
    return select(func.count()).select_from(touchpoints).where(*conditions).scalar_subquery()


def _compare(rule: Compare) -> ColumnElement[bool]:
    if rule.field == "reference":
        match = _operate(customer_references.c.reference, rule, str)
        return exists().where(customer_references.c.customer_id == customers.c.id, match)
    if rule.field.startswith("attributes."):
        return _attribute(rule)
    column = customers.c[rule.field]
    return _operate(column, rule, str if isinstance(column.type, Text) else lambda value: value)


def _attribute(rule: Compare) -> ColumnElement[bool]:
    """Compare an attribute as what the value is: a number as a number, all else as text."""
    value = rule.value[0] if isinstance(rule.value, tuple) and rule.value else rule.value
    held: ColumnElement[Any] = customers.c.attributes[rule.field.removeprefix("attributes.")].astext
    if isinstance(value, bool):
        return _operate(held, rule, lambda item: str(item).lower())
    if isinstance(value, int | float):
        # An attribute that is no number matches no comparison with a number; it must not end the query.
        number = func.substring(held, r"^\s*[-+]?[0-9]+\.?[0-9]*\s*$")
        return _operate(cast(func.nullif(number, ""), Numeric), rule, lambda item: item)
    return _operate(held, rule, str)


def _operate(column: ColumnElement[Any], rule: Compare, convert: Any) -> ColumnElement[bool]:
    if rule.op in {"exists", "missing"}:
        empty = or_(column.is_(None), cast(column, Text) == "")
        return empty if rule.op == "missing" else not_(empty)
    if rule.op in {"in", "not in"}:
        if not isinstance(rule.value, tuple):
            raise Problem(f"audience: {rule.field} {rule.op}: the value must be a list, not {rule.value!r}.")
        listed = column.in_([convert(item) for item in rule.value])
        return listed if rule.op == "in" else or_(not_(listed), column.is_(None))
    if rule.value is None or isinstance(rule.value, tuple):
        raise Problem(f"audience: {rule.field} {rule.op}: needs one value, not {rule.value!r}.")
    if isinstance(column.type, DateTime) and not isinstance(rule.value, datetime):
        raise Problem(
            f"audience: {rule.field} {rule.op}: the value must be a date and time, not {rule.value!r}."
        )
    value = convert(rule.value)
    if rule.op == "contains":
        return column.contains(value, autoescape=True)
    if rule.op == "!=":
        return or_(column != value, column.is_(None))
    comparisons = {
        "=": column == value,
        "<": column < value,
        "<=": column <= value,
        ">": column > value,
        ">=": column >= value,
    }
    chosen: ColumnElement[bool] = comparisons[rule.op]
    return chosen
