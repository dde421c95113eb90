"""The organisation's written rules, versioned: what a decision depends on besides the customer's own facts.

A policy is a value. It goes to JSON and back unchanged, and its digest names it; `store.policies` keeps every
version that was ever used, so that an old decision can be read with the rules it was made by. docs/deciding.md
explains each rule.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tidings.channel import Channel
from tidings.facts import CAP_HORIZON
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

STRICT: ConfigDict = {"extra": "forbid"}
"""A rule that we do not know is a mistake in a policy, never ignored."""


FIRST_RULES = frozenset({
    "time_zone", "basis", "legacy_counts", "soft_opt_in", "verified", "closing", "quiet", "holidays", "caps",
    "untracked", "observing",
})  # fmt: skip
"""The rules of release 0.1.0."""


ALL_MARKETING: Literal["all"] = "all"
"""The purpose of a cap that counts the messages of every purpose of marketing."""


class Implied(StrEnum):
    """What permission was read out of where nobody gave it in words (CASL s. 10(9), (10)); kept as `legacy`."""

    PURCHASE = "purchase"
    INQUIRY = "inquiry"


class Basis(StrEnum):
    """What makes marketing on a channel lawful (GDPR art. 6(1)); `required` always rests on the contract."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    """Until the customer objects. Paper only: ePrivacy art. 13 asks for consent on electronic channels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A quiet time of the day in the customer's own zone, end exclusive, in whole minutes.

    Over midnight when it ends earlier than it starts; no time at all when both are equal.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    start: time
    end: time

    def __post_init__(self) -> None:
        if any(moment.second or moment.microsecond or moment.tzinfo for moment in (self.start, self.end)):
            msg = f"quiet hours are whole minutes without a zone: {self.start.isoformat()} to {self.end.isoformat()}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """At most `limit` marketing messages of a purpose, or of all, in any `window`; one just so old counts no more."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    purpose: Purpose | Literal["all"]
    limit: int
    window: timedelta
    brand: str = "all"
    """Counts this brand's messages for this brand's runs; `all`: every brand's, for every run."""

    def __post_init__(self) -> None:
        if self.limit < 1:
            msg = f"the cap of {self.purpose} must let at least 1 message through, not {self.limit}"
            raise ValueError(msg)
        if not timedelta(0) < self.window <= CAP_HORIZON:
            msg = f"the cap of {self.purpose} must look back more than nothing and at most {CAP_HORIZON.days} days"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observing:
    """How behaviour is judged (rule 6)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    half_life: timedelta = timedelta(days=180)
    """After so long an observation weighs half."""
    prior_strength: float = 8.0
    """How many observations the base rate is worth."""
    deviations: float = 1.6449
    """Half width of the interval in standard deviations: 90 % (normal approximation of the Beta posterior)."""
    at_least: int = 5
    """Fewer observations on a channel never move it."""
    base_rates: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: {
            PurposeClass.REQUIRED.value: {
                "email": 0.35,
                "sms": 0.40,
                "push": 0.30,
                "letter": 0.45,
                "whatsapp": 0.40,
            },
            PurposeClass.MARKETING.value: {
                "email": 0.04,
                "sms": 0.06,
                "push": 0.03,
                "letter": 0.04,
                "whatsapp": 0.06,
            },
        }
    )
    """Share engaged of those reached, by purpose class and channel, before anything is known of a customer."""

    def __post_init__(self) -> None:
        if self.half_life < timedelta(days=1) or self.prior_strength <= 0 or self.deviations <= 0:
            msg = "observing needs a half-life of a day or more, and a positive prior strength and deviations"
            raise ValueError(msg)
        rates = [rate for by_channel in self.base_rates.values() for rate in by_channel.values()]
        if not all(0 < rate < 1 for rate in rates):
            msg = "a base rate lies between 0 and 1"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """How much the policy's own base rates and the population's hours count against what was seen."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    base_strength: float = 200.0
    """How many messages a base rate of the policy is worth against those of the whole population; of whom fewer
    answers were seen than that, nobody's hour follows."""
    hour_strength: float = 8.0
    """How many answers the population's hours are worth against the customer's own."""

    def __post_init__(self) -> None:
        if self.base_strength <= 0 or self.hour_strength <= 0:
            msg = "learning needs positive strengths"
            raise ValueError(msg)


MOST_EXPLORED = 0.05


def _night() -> Mapping[Channel, Window]:
    night = Window(start=time(21), end=time(8))
    return {channel: night for channel in Channel if channel.rings}


def _caps() -> tuple[Cap, ...]:
    month = timedelta(days=30)
    return (
        Cap(purpose=Purpose.OFFER, limit=4, window=month),
        Cap(purpose=Purpose.NEWS, limit=4, window=month),
    )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Every rule that the organisation may choose. The defaults are the careful ones."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    time_zone: str = "UTC"
    """For customers whose own zone is unknown."""
    basis: Mapping[Channel, Basis] = field(default_factory=dict)
    """Lawful basis of marketing by channel; a channel that is missing needs consent."""
    legacy_counts: tuple[Channel, ...] = ()
    """Channels on which consent without proof counts until the customer says otherwise."""
    soft_opt_in: tuple[Channel, ...] = ()
    """Channels on which existing customers get marketing until they object (ePrivacy art. 13(2))."""
    verified: tuple[Channel, ...] = ()
    """Channels whose address must be verified before it is used."""
    double_opt_in: tuple[Channel, ...] = ()
    """Channels on which marketing goes only to addresses that their owner has confirmed by a click."""
    expiry: Mapping[Implied, timedelta] = field(default_factory=dict)
    """How long permission lasts that was read out of a purchase or an inquiry; a shorter time in the law counts."""
    wash: Mapping[str, int] = field(default_factory=dict)
    """How many days old the last do-not-mail register of a country may be, by ISO code; missing: none is needed."""
    closing: tuple[str, ...] = ("stop", "opt_out", "complaint")
    """Reasons of a suppression that close the customer's whole channel; any other closes its one address."""
    quiet: Mapping[Channel, Window] = field(default_factory=_night)
    """Binds every purpose; the customer's own quiet hours replace it."""
    holidays: tuple[Channel, ...] = tuple(channel for channel in Channel if channel.rings)
    """Channels that rest on public holidays of the customer's country, for every purpose."""
    caps: tuple[Cap, ...] = field(default_factory=_caps)
    """Bind marketing only."""
    household: bool = True
    """Whether marketing sends one letter to a household whose members said nothing about it."""
    co_mail: bool | tuple[str, ...] = False
    """Whether a letter of marketing goes in the envelope of a required one that leaves with it and stays under its
    postage step; of some brands only where their ids are named."""
    no_inserts: tuple[Purpose, ...] = (Purpose.DUNNING,)
    """Purposes in whose envelopes there is never marketing."""
    untracked: tuple[Purpose, ...] = ()
    """Purposes whose links are never measured."""
    observing: Observing = field(default_factory=Observing)
    learning: Learning = field(default_factory=Learning)
    explore: float = 0.0
    """Share of marketing whose channel is drawn by lot where the customer stated nothing, at most MOST_EXPLORED."""
    best_hour: bool = False
    """Whether marketing waits for the customer's best hour; a campaign may say otherwise."""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            msg = f"there is no time zone {self.time_zone!r}"
            raise ValueError(msg) from error
        if not 0 <= self.explore <= MOST_EXPLORED:
            msg = f"explore lies between 0 and {MOST_EXPLORED}"
            raise ValueError(msg)
        if not all(re.fullmatch("[A-Z]{2}", country) and days > 0 for country, days in self.wash.items()):
            msg = "wash names countries by two capital letters and gives days, at least 1"
            raise ValueError(msg)
        if any(lasting <= timedelta(0) for lasting in self.expiry.values()):
            msg = "permission that is implied lasts longer than nothing"
            raise ValueError(msg)
        paper = Channel.LETTER
        if any(way is not Basis.CONSENT and channel is not paper for channel, way in self.basis.items()):
            msg = "only letters may rest on legitimate interest; use soft_opt_in for existing customers"
            raise ValueError(msg)

    def shares_envelopes(self, brand: str) -> bool:
        """Tell whether letters of a brand may go in one envelope."""
        return self.co_mail if isinstance(self.co_mail, bool) else brand in self.co_mail

    @cached_property
    def digest(self) -> str:
        """16 hex digits; equal rules, equal digest."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).hexdigest()

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, one form per policy.

        A rule that came after the first release is left out where it has its default: a policy that does not use it
        keeps the digest that old decisions name.
        """
        plain = _adapter().dump_python(self, mode="json")
        usual = _adapter().dump_python(Policy(), mode="json") if plain.keys() - FIRST_RULES else {}
        plain = {key: rule for key, rule in plain.items() if key in FIRST_RULES or rule != usual[key]}
        return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def policy_from(rules: Mapping[str, Any] | str) -> Policy:
    """Read a policy from its JSON text or from a mapping (a TOML file); what is left out has its default.

    Raises:
        Problem: an unknown rule or an impossible value; names it.
    """
    from pydantic import ValidationError

    raw = json.loads(rules) if isinstance(rules, str) else dict(rules)
    try:
        return _adapter().validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise Problem(
            f"The policy cannot be used: {place}: {first['msg']}.", todo="See docs/deciding.md."
        ) from error


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Policy]:
    from pydantic import TypeAdapter

    return TypeAdapter(Policy)
