"""Segments: saved by name and version, and compiled to one WHERE clause over `customers` (every value is bound)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import DateTime, Numeric, Text

from store.tables import (
    addresses,
    consents,
    customer_references,
    customers,
    segments,
    statements,
    suppressions,
    touchpoints,
)
from tidings.problem import Problem
from tidings.purpose import topic_path
from tidings.segment import (
    Combine,
    Compare,
    Consent,
    Did,
    DidNot,
    Everybody,
    Has,
    Lacks,
    Node,
    Prefers,
    Saved,
    Sql,
    Stated,
)

FAR = timedelta(days=50 * 365)
"""An end that lies further ahead is no end, as in `preferences.statement`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A rule that is evaluated already: these customers."""

    customers: Sequence[int]


Resolved = Node | Listed
"""A rule in which nothing is saved elsewhere and nothing is SQL any more, see `work.segments.resolved`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One version of a saved rule."""

    name: str
    version: int
    title: str
    rule: Mapping[str, Any]
    """As `tidings.segment.Node` is written in JSON."""
    created_by: str
    created_at: datetime


_COLUMNS = [segments.c[name] for name in Segment.__slots__]


def save(
    connection: Connection, *, name: str, title: str, rule: Mapping[str, Any], actor: str, now: datetime
) -> int:
    """Write the next version of a segment; returns its number. One that says what the newest says is not written."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('segment'), hashtext(:name))"), {"name": name}
    )
    known = newest(connection, name)
    if known is not None and known.rule == rule and known.title == title:
        return known.version
    version = 1 if known is None else known.version + 1
    connection.execute(
        insert(segments).values(
            name=name, version=version, title=title, rule=dict(rule), created_by=actor, created_at=now
        )
    )
    return version


def newest(connection: Connection, name: str, version: int | None = None) -> Segment | None:
    """Return a version of a segment, the newest when none is named."""
    query = select(*_COLUMNS).where(segments.c.name == name).order_by(segments.c.version.desc()).limit(1)
    row = connection.execute(
        query if version is None else query.where(segments.c.version == version)
    ).one_or_none()
    return Segment(**row._mapping) if row else None


def versions(connection: Connection, name: str) -> list[Segment]:
    """Return every version of a segment, newest first."""
    query = select(*_COLUMNS).where(segments.c.name == name).order_by(segments.c.version.desc())
    return [Segment(**row._mapping) for row in connection.execute(query)]


def all_segments(connection: Connection) -> list[Segment]:
    """Return the newest version of every segment, by name."""
    query = (
        select(*_COLUMNS)
        .ext(distinct_on(segments.c.name))
        .order_by(segments.c.name, segments.c.version.desc())
    )
    return [Segment(**row._mapping) for row in connection.execute(query)]


@contextmanager
def roomy(connection: Connection) -> Iterator[None]:
    """Let queries of a transaction ask about everybody: a rule over a million touchpoints reads them in one pass.

    The planner takes an index for nearly free: right for one customer, ten times too slow for all of them.
    Only for the asking: what is then looked up by its key must be looked up by its index.
    """
    for name, value in (
        ("work_mem", "'128MB'"),
        ("random_page_cost", "10"),
        ("max_parallel_workers_per_gather", "2"),
    ):
        connection.execute(text(f"SET LOCAL {name} = {value}"))
    yield
    for name in ("work_mem", "random_page_cost", "max_parallel_workers_per_gather"):
        connection.execute(text(f"SET LOCAL {name} TO DEFAULT"))


def count(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Return how many customers a condition selects; inside a transaction."""
    with roomy(connection):
        return int(
            connection.execute(select(func.count()).select_from(customers).where(condition)).scalar_one()
        )


def members(connection: Connection, condition: ColumnElement[bool]) -> list[int]:
    """Return the ids of the customers that a condition selects, in order; inside a transaction."""
    chosen = select(customers.c.id).where(condition).order_by(customers.c.id).subquery()
    with roomy(connection):
        found = connection.execute(select(func.array_agg(chosen.c.id))).scalar()
    return list(found or [])


def abroad(connection: Connection, ids: Sequence[int], home: str) -> int:
    """Return how many of these customers live in another country than `home`."""
    found = connection.execute(
        text("SELECT count(*) FROM customers WHERE id = ANY(:ids) AND country <> :home"),
        {"ids": list(ids), "home": home},
    )
    return int(found.scalar_one())


def attribute_names(connection: Connection) -> list[str]:
    """Return the names of the attributes that the newest 20,000 customers have, 200 names at most."""
    rows = connection.execute(
        text("""
            SELECT DISTINCT key FROM (SELECT attributes FROM customers ORDER BY id DESC LIMIT 20000) c,
                   jsonb_object_keys(c.attributes) AS key ORDER BY key LIMIT 200
        """)
    )
    return list(rows.scalars())


def touchpoint_kinds(connection: Connection) -> list[str]:
    """Return the kinds of touchpoints among the newest 20,000."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT kind FROM (SELECT kind FROM touchpoints ORDER BY id DESC LIMIT 20000) t ORDER BY 1"
        )
    )
    return list(rows.scalars())


def where(segment: Resolved, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition that selects the segment's customers at `now`.

    Raises:
        Problem: an operator does not fit its value, or a rule was not resolved.
    """
    match segment:
        case Combine():
            return _combined(segment, now)
        case Compare():
            return _compare(segment)
        case Everybody():
            return true()
        case Listed():
            listed = bindparam(None, list(segment.customers), type_=ARRAY(BigInteger), unique=True)
            return customers.c.id == any_(listed)
        case Saved() | Sql():
            raise Problem("audience: a saved or an SQL rule must be looked up before it can select anybody.")
        case _:
            return _RULES[type(segment)](segment, now)


def _combined(segment: Combine, now: datetime) -> ColumnElement[bool]:
    return and_(
        *(where(node, now=now) for node in segment.all),
        or_(*(where(node, now=now) for node in segment.any)) if segment.any else true(),
        *(not_(where(node, now=now)) for node in segment.none),
    )


def _did(rule: Did, now: datetime) -> ColumnElement[bool]:
    conditions = _doing(rule.did, rule, now)
    if rule.at_least == 1:
        return exists().where(touchpoints.c.customer_id == customers.c.id, *conditions)
    often = select(touchpoints.c.customer_id).where(*conditions).group_by(touchpoints.c.customer_id)
    return customers.c.id.in_(often.having(func.count() >= rule.at_least))


def _did_not(rule: DidNot, now: datetime) -> ColumnElement[bool]:
    conditions = _doing(rule.did_not, rule, now)
    return not_(exists().where(touchpoints.c.customer_id == customers.c.id, *conditions))


def _doing(kind: str, rule: Did | DidNot, now: datetime) -> list[ColumnElement[bool]]:
    conditions = [touchpoints.c.kind == kind, touchpoints.c.machine.is_(False), touchpoints.c.at <= now]
    if rule.channel:
        conditions.append(touchpoints.c.channel == rule.channel)
    if rule.purpose:
        conditions.append(touchpoints.c.purpose == rule.purpose)
    if rule.within:
        conditions.append(touchpoints.c.at > now - rule.within)
    return conditions


def _has(rule: Has, _: datetime) -> ColumnElement[bool]:
    return _reachable(rule.has)


def _lacks(rule: Lacks, _: datetime) -> ColumnElement[bool]:
    return not_(_reachable(rule.lacks))


def _reachable(channel: str) -> ColumnElement[bool]:
    closed = exists().where(
        suppressions.c.channel == addresses.c.channel,
        suppressions.c.value == addresses.c.value,
        suppressions.c.lifted_at.is_(None),
        suppressions.c.brand == "all",
    )
    return exists().where(
        addresses.c.customer_id == customers.c.id,
        addresses.c.channel == channel,
        addresses.c.state == "usable",
        addresses.c.removed_at.is_(None),
        not_(closed),
    )


def _in_force(kind: str, topic: str, now: datetime) -> Any:
    """Return the wish of a kind that speaks first: for a while before for good, the deepest topic first."""
    path = list(topic_path(topic)) if topic != "all" else ["all"]
    lasting = or_(statements.c.until_at.is_(None), statements.c.until_at > now + FAR)
    return (
        select(statements.c.customer_id, statements.c.channels, statements.c.value)
        .ext(distinct_on(statements.c.customer_id))
        .where(
            statements.c.kind == kind,
            statements.c.topic.in_(path),
            statements.c.at <= now,
            or_(statements.c.from_at.is_(None), statements.c.from_at <= now),
            or_(statements.c.until_at.is_(None), statements.c.until_at > now),
        )
        .order_by(
            statements.c.customer_id,
            lasting,
            case(*((statements.c.topic == name, place) for place, name in enumerate(path)), else_=len(path)),
            statements.c.at.desc(),
            statements.c.id.desc(),
        )
        .subquery()
    )


def _prefers(rule: Prefers, now: datetime) -> ColumnElement[bool]:
    said = _in_force("order", rule.topic, now)
    return customers.c.id.in_(select(said.c.customer_id).where(said.c.channels[1] == rule.prefers.value))


def _stated(rule: Stated, now: datetime) -> ColumnElement[bool]:
    said = _in_force(rule.stated, rule.topic, now)
    found = select(said.c.customer_id)
    if rule.stated == "pause":  # {"resume": true} ends one
        found = found.where(func.coalesce(said.c.value["resume"].astext, "false") != "true")
    return customers.c.id.in_(found)


def _consent(rule: Consent, now: datetime) -> ColumnElement[bool]:
    channels = ["all", rule.channel.value] if rule.channel else ["all"]
    last = (
        select(consents.c.customer_id, consents.c.action)
        .ext(distinct_on(consents.c.customer_id))
        .where(
            consents.c.topic.in_(topic_path(rule.topic)),
            consents.c.at <= now,
            consents.c.channel.in_(channels) if rule.channel else true(),
        )
        .order_by(consents.c.customer_id, consents.c.at.desc(), consents.c.id.desc())
        .subquery()
    )
    return customers.c.id.in_(select(last.c.customer_id).where(last.c.action == rule.consent))


_RULES: Mapping[type[Any], Callable[[Any, datetime], ColumnElement[bool]]] = {
    Did: _did,
    DidNot: _did_not,
    Has: _has,
    Lacks: _lacks,
    Prefers: _prefers,
    Stated: _stated,
    Consent: _consent,
}


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
