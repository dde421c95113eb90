"""Whom a path is about, and words that every body shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, BeforeValidator, Field
from sqlalchemy import Connection

from store import listing
from store.customers import find, lock_customers
from store.persons import members
from tidings.problem import Problem
from tidings.purpose import Purpose
from tidings.whole_number import whole_number
from web.problems import Refused, wrong
from web.site import Site

Ref = Annotated[
    str,
    Path(
        max_length=300,
        description="The customer's reference, `system:reference`, an e-mail address or phone number of theirs, or"
        " `id:` and our number.",
    ),
]
Source = Annotated[str, Query(max_length=60, description="The system that gave the reference; '' is any.")]
Text = Annotated[str, Field(max_length=200)]
Topic = Annotated[
    str, Field(max_length=120, pattern=r"^(all|[a-z_]+(\.[a-z0-9_-]+)*)$", examples=["offer.garden"])
]


def _written(given: object) -> object:
    """Take no bare number: whether it counts seconds, or is a year, nobody said."""
    if not isinstance(given, datetime) and "-" not in str(given)[1:]:
        msg = "say it as 2026-11-21T09:30:00Z"
        raise ValueError(msg)
    return given


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    Field(
        ge=datetime(1, 1, 2, tzinfo=UTC),
        le=datetime(9999, 12, 31, tzinfo=UTC),
        examples=["2026-11-21T09:30:00Z"],
    ),
]
"""As RFC 3339 writes it, with an offset, and in a year that there is in every time zone."""
Because = Annotated[str, Field(min_length=1, max_length=500, description="Why; it stands in the audit.")]


def customer_of(connection: Connection, reference: str, source: str = "") -> int:
    """Return the id of the customer that a path names.

    Raises:
        Refused: 404 when there is none, 409 when there are several.
    """
    number = reference.removeprefix("id:")
    if number != reference and not source and number.isascii() and number.isdigit():
        row = whole_number(number)
        found = None if row is None else _find_id(connection, row)
    else:
        try:
            found = find(connection, reference, source)
        except Problem as error:
            raise Refused(409, str(error), field="ref", value=reference) from error
    if found is None:
        raise Refused(404, f"There is no customer {reference!r}.", field="ref", value=reference)
    return found


def locked(connection: Connection, reference: str, source: str = "") -> int:
    """Return the customer that a path names, with all records of the person locked as the sender locks them.

    Raises:
        Refused: as `customer_of`.
    """
    customer = customer_of(connection, reference, source)
    lock_customers(connection, members(connection, customer))
    return customer


def _find_id(connection: Connection, number: int) -> int | None:
    return number if listing.customer_exists(connection, number) else None


def check_brand(site: Site, brand: str, *, also_all: bool = True) -> str:
    """Return a brand that there is.

    Raises:
        Refused: 422.
    """
    known = [one.id for one in site.installation.organisation.brands]
    if brand in known or (also_all and brand == "all"):
        return brand
    raise wrong(f"there is no such brand; known: {', '.join(known)}", "brand", value=brand)


def check_topic(topic: str) -> str:
    """Return a topic that begins with a purpose, or `all`.

    Raises:
        Refused: 422; a wish about any other word would be kept and heeded by nothing.
    """
    if topic == "all" or topic.partition(".")[0] in set(Purpose):
        return topic
    raise wrong(f"topics begin with {', '.join(Purpose)}", "topic", value=topic)
