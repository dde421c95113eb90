"""A segment: a rule over customers and what they did. `store.segments` compiles it to one WHERE clause.

In TOML: `all`, `any`, `none` hold lists of rules; a rule is a comparison of one field, or `did`/`did_not` something.

    [audience]
    all = [
      { field = "country", op = "in", value = ["SE", "NO"] },
      { field = "attributes.segment", op = "=", value = "garden" },
      { did = "clicked", channel = "email", within = "P90D", at_least = 2 },
      { lacks = "email" },
      { prefers = "letter", topic = "invoice" },
      { segment = "garden" },
    ]
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tidings.channel import Channel

Span = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=36525))]
"""How far back: a hundred years at most."""
Scalar = str | int | float | bool | date | datetime
Topic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=100)]
SegmentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}$")]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Compare(_Rule):
    """One field against a value. Fields: `tidings.segment.FIELDS`, and `attributes.NAME`."""

    field: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "exists", "missing"] = "="
    value: Scalar | tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def _known_field(self) -> Compare:
        if self.field not in FIELDS and not self.field.startswith("attributes."):
            msg = f"unknown field {self.field!r}; known: {', '.join(FIELDS)}, attributes.NAME"
            raise ValueError(msg)
        return self


class Did(_Rule):
    """The customer has at least `at_least` touchpoints of this kind."""

    did: str
    channel: str | None = None
    purpose: str | None = None
    within: Span | None = None
    at_least: int = Field(default=1, ge=1)


class DidNot(_Rule):
    """The customer has no touchpoint of this kind."""

    did_not: str
    channel: str | None = None
    purpose: str | None = None
    within: Span | None = None


class Has(_Rule):
    """The customer has an address on this channel that may be used."""

    has: Channel


class Lacks(_Rule):
    """The customer has no address on this channel that may be used."""

    lacks: Channel


class Prefers(_Rule):
    """The first channel of the order that the customer asked for, where it speaks of `topic`."""

    prefers: Channel
    topic: Topic = "all"


class Stated(_Rule):
    """A wish of this kind is in force for the topic, or for one above it; see `preferences.statement`."""

    stated: Literal["order", "pause", "quiet_hours", "language", "tracking"]
    topic: Topic = "all"


class Consent(_Rule):
    """The last that the customer said about this topic (or one above it) and this channel was this.

    Whether a message may leave is for `preferences.consent` alone to judge; this only selects.
    """

    consent: Literal["given", "legacy", "withdrawn", "objected"]
    topic: Topic
    channel: Channel | None = None


class Saved(_Rule):
    """The rule that is saved under this name; without a version the newest when the audience is frozen."""

    segment: SegmentName
    version: int | None = Field(default=None, ge=1)


class Sql(_Rule):
    """A query over the views of `store.views` whose first column is `customer_id`: for experts, read-only."""

    sql: Annotated[str, Field(min_length=1, max_length=20_000)]


class Everybody(_Rule):
    """All customers, said explicitly, so that an empty rule is never a whole audience by accident."""

    everybody: Literal[True]


class Combine(_Rule):
    """`all` must hold, at least one of `any`, and none of `none`."""

    all: tuple[Node, ...] = ()
    any: tuple[Node, ...] = ()
    none: tuple[Node, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Combine:
        if not (self.all or self.any or self.none):
            msg = "an empty rule selects nobody; write `everybody = true` for all customers"
            raise ValueError(msg)
        return self


FIELDS = (
    "reference",
    "country",
    "language",
    "standing",
    "first_name",
    "last_name",
    "company",
    "created_at",
)

Node = Annotated[
    Compare | Did | DidNot | Has | Lacks | Prefers | Stated | Consent | Saved | Sql | Everybody | Combine,
    Field(union_mode="left_to_right"),
]
Segment = Node

Combine.model_rebuild()
