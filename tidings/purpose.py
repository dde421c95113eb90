"""Why we write, and which law that falls under."""

from enum import StrEnum


class PurposeClass(StrEnum):
    """Required: the customer chooses how, never whether. Marketing: needs a lawful basis (GDPR art. 6)."""

    REQUIRED = "required"
    MARKETING = "marketing"


class Purpose(StrEnum):
    """The root of a topic tree: `offer.garden` is a topic of `offer`."""

    INVOICE = "invoice"
    DUNNING = "dunning"
    SERVICE = "service"
    OFFER = "offer"
    NEWS = "news"

    @property
    def purpose_class(self) -> PurposeClass:
        """The class that a template of this purpose has unless its version says otherwise."""
        marketing = {Purpose.OFFER, Purpose.NEWS}
        return PurposeClass.MARKETING if self in marketing else PurposeClass.REQUIRED


def topic_path(topic: str) -> tuple[str, ...]:
    """Return a topic and everything above it, most specific first, ending in `all`.

    >>> topic_path("offer.garden.tools")
    ('offer.garden.tools', 'offer.garden', 'offer', 'all')
    """
    parts = topic.split(".")
    return (*(".".join(parts[:n]) for n in range(len(parts), 0, -1)), "all")
