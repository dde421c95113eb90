"""The states of a message, a delivery and an attempt (design/delivery.md)."""

from enum import StrEnum


class MessageState(StrEnum):
    """What one customer gets for one document or one campaign edition."""

    PLANNED = "planned"
    READY = "ready"
    IN_DELIVERY = "in_delivery"
    DONE = "done"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    HELD = "held"


class DeliveryState(StrEnum):
    """A message on one channel to one address, with its own frozen bytes."""

    READY = "ready"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    SILENT = "silent"
    REJECTED = "rejected"
    RECALLED = "recalled"
    IN_DOUBT = "in_doubt"


class AttemptState(StrEnum):
    """One try of one delivery at one provider."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    ABANDONED = "abandoned"


OPEN_DELIVERY = (DeliveryState.READY, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
OPEN_ATTEMPT = (AttemptState.SENDING, AttemptState.UNKNOWN)
