"""How one attempt ended. Expected failures are values; bugs and wrong set-up raise."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ErrorClass(StrEnum):
    """What an error means for the address, the lane and the message (design/delivery.md)."""

    ADDRESS = "address"
    OPT_OUT = "opt_out"
    TRANSIENT = "transient"
    THROTTLE = "throttle"
    CONFIG = "config"
    DATA = "data"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the message; its receipts will quote `reference`."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The provider will never take this delivery: class `address`, `opt_out` or `data`.

    Or `config`: as we are set up, this one address is out of reach (its country, its kind). The next channel is taken,
    the address is not suppressed, and the lane goes on for the others.
    """

    error: ErrorClass
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing was sent; trying again after `wait` may work: class `transient`, `throttle` or `config`."""

    error: ErrorClass
    code: str
    wait: timedelta
    detail: str = ""
    called: bool = True
    """False: the provider was not asked about this one, since its answer to another stopped the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Bytes may have been taken; only evidence or the purpose's policy may settle it."""

    code: str
    detail: str = ""


Outcome = Accepted | Rejected | Refused | Unknown
