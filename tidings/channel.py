"""The ways a message can reach a person."""

from enum import StrEnum


class Channel(StrEnum):
    """A medium, never a company: Twilio is a provider, SMS is a channel."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    LETTER = "letter"
