"""A campaign as marketing writes it: one TOML file, one name and edition."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from tidings.channel import Channel
from tidings.segment import Segment

USUAL_PRIORITY = 5
Wait = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=366))]


USUAL_WINDOW = timedelta(days=1)
"""How long a message waits for the customer's best hour where the campaign does not say."""


class Schedule(BaseModel):
    """When it starts. A start without an offset is in `zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: datetime | None = None
    zone: str = "UTC"
    own_time: bool = False
    """Whether the start is a time of the day where the customer lives: nine in the morning for each."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave `own_time` out where it is not set: what ran before there was one keeps its digest."""
        written: dict[str, Any] = write(self)
        if not self.own_time:
            written.pop("own_time", None)
        return written

    @model_validator(mode="after")
    def _a_clock_on_the_wall(self) -> Schedule:
        if self.own_time and (self.start is None or self.start.tzinfo is not None):
            msg = "own_time needs a start without an offset, such as 2026-12-01T09:00:00"
            raise ValueError(msg)
        return self


Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Budget(BaseModel):
    """What a run may cost at most: so many messages of some channels, an amount of money, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    letters: Count | None = None
    emails: Count | None = None
    sms: Count | None = None
    pushes: Count | None = None
    whatsapp: Count | None = None
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)] | None = None
    """In the organisation's currency, by the expected cost of a message of each channel."""

    @model_validator(mode="after")
    def _says_something(self) -> Budget:
        if not self.counts and self.amount is None:
            msg = (
                "a budget names letters, emails, sms, pushes, whatsapp or an amount, such as {letters = 500}"
            )
            raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None}

    @property
    def counts(self) -> dict[Channel, int]:
        """How many messages of each channel that has a limit."""
        found = {channel: getattr(self, name) for channel, name in _COUNTED.items()}
        return {channel: most for channel, most in found.items() if most is not None}


_COUNTED = {
    Channel.LETTER: "letters",
    Channel.EMAIL: "emails",
    Channel.SMS: "sms",
    Channel.PUSH: "pushes",
    Channel.WHATSAPP: "whatsapp",
}


ENCLOSURE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.pdf$"
"""The name of a file that is enclosed with a letter."""


class Campaign(BaseModel):
    """What `tidings campaign run FILE.toml` reads; `tidings campaign example` prints one.

    `name` and `edition` are its identity: what an edition sent is never sent again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}$")
    edition: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}$")
    title: str = ""
    brand: str | None = None
    topic: str
    """`offer`, `news`, or a topic below one: `offer.garden`."""
    template: str
    """`offer/autumn`, as `tidings templates` lists them."""
    audience: Segment
    channels: tuple[Channel, ...] = tuple(Channel)
    schedule: Schedule = Schedule()
    fallback_after: dict[Channel, Wait] = {}
    """Silence on a channel for so long moves the message to the next one."""
    data: dict[str, Any] = {}
    """Values of the template's data model: prices, codes, dates."""
    tracking: bool = True
    enclosures: tuple[Annotated[str, Field(pattern=ENCLOSURE)], ...] = Field(default=(), max_length=10)
    """PDFs that go with each letter: files of the template's `assets/` or the home's `enclosures/`."""
    priority: int = Field(default=USUAL_PRIORITY, ge=1, le=9)
    """Among campaigns that compete for the same cap the higher one goes first."""
    budget: Budget | None = None
    """Marketing only: who gains most by it comes first, others take their next channel."""

    holdout: float = Field(default=0.0, ge=0, le=0.5)
    """Marketing only: the share of customers who get nothing, always the same ones, to compare with."""
    best_hour: bool | None = None
    """Marketing only: whether messages wait for the customer's best hour; None: as the policy says."""
    best_hour_within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=6))] = USUAL_WINDOW
    """How long after the start they may wait for it."""

    @model_validator(mode="after")
    def _one_clock(self) -> Campaign:
        if self.best_hour and self.schedule.own_time:
            msg = "best_hour and own_time exclude each other: both say when a message leaves"
            raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_usual(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what came later, where it is not set: an edition that ran before keeps its digest."""
        written: dict[str, Any] = write(self)
        usual = {"priority": USUAL_PRIORITY, "budget": None, "holdout": 0.0, "best_hour": None}
        if not self.enclosures:
            written.pop("enclosures", None)
        if self.best_hour_within == USUAL_WINDOW:
            written.pop("best_hour_within", None)
        return {name: value for name, value in written.items() if name not in usual or value != usual[name]}

    @property
    def purpose(self) -> str:
        """The root of the topic."""
        return self.topic.partition(".")[0]

    @property
    def valid_until(self) -> date | None:
        """The offer's last day, where its data say so."""
        value = self.data.get("valid_until")
        return value if isinstance(value, date) else None
