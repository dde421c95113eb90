"""What one message is about: everything that a rendering may depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from templates.enclosure import Enclosure, pages_of
from tidings.organisation import Brand


@dataclass(kw_only=True, slots=True)  # not frozen, which is 2 us of each mail; nobody changes one
class Subject:
    """One message to render.

    `message` is its id and `reference` the short reference of its delivery; `to` is the value of the address and
    `postal` the parts of a postal one (`tidings.address.PostalAddress` as JSON). `data` holds plain JSON
    values: `customer` (`first_name last_name company`), `invoice` (`tidings.invoice.Invoice` as JSON) and the values
    that the template's data model names; `shared` are those of the whole run, under `data` where both have one: pass
    the same object for all its messages, and do not change it. `links` are absolute signed URLs: `action`, `document`,
    `preferences`, `unsubscribe`, and whatever the template names under [links]; a name that is missing there goes
    straight to its target, unmeasured. `customer` is the customer's reference.
    `heard_at` is when the customer last wrote to us on this channel, where that matters (WhatsApp).
    """

    message: str
    reference: str
    language: str
    data: Mapping[str, Any]
    brand: Brand
    to: str
    created_at: datetime
    shared: Mapping[str, Any] = field(default_factory=dict)
    postal: Mapping[str, Any] | None = None
    customer: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    heard_at: datetime | None = None
    note: str = ""
    why: str = ""
    """Why it comes this way, in a sentence; '' where that is not said."""
    large: bool = False
    """In large print, where there is print."""
    plain: bool = False
    """In plain language, where the template has it."""
    enclosures: tuple[Enclosure, ...] = ()
    """What goes into the envelope with a letter."""

    @property
    def enclosed(self) -> int:
        """The pages of the enclosures."""
        return pages_of(self.enclosures)
