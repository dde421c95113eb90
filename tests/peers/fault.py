"""What a peer can do to a message. Every fault is one that a real service has shown."""

from enum import StrEnum


class Fault(StrEnum):
    """`peer.will(...)`; the value is how a test names it."""

    NONE = "none"
    DROP = "takes it and hangs up"
    RESET = "takes it and resets the connection"
    SILENT = "takes it and never answers"
    SLOW = "answers a byte at a time"
    THROTTLE = "is too busy (429)"
    FAILED = "fails (500)"
    UNAVAILABLE = "is away (503)"
    BAD_ADDRESS = "does not know the address"
    BAD_CREDENTIALS = "does not know us"


NAMES_THE_CUSTOMER = "mailbox of %s is unknown, ask ada.lovelace@example.com or +4790000001"
"""Services quote the customer in their answers."""
