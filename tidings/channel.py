"""The ways a message can reach a person."""

from enum import StrEnum


class Channel(StrEnum):
    """A medium, never a company: Twilio is a provider, SMS is a channel."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    LETTER = "letter"
    WHATSAPP = "whatsapp"

    @property
    def by_phone(self) -> bool:
        """Whether its addresses are mobile numbers in E.164."""
        return self in {Channel.SMS, Channel.WHATSAPP}

    @property
    def rings(self) -> bool:
        """Whether it may wake somebody: then quiet hours and holidays bind it unless the policy says otherwise."""
        return self in {Channel.SMS, Channel.PUSH, Channel.WHATSAPP}

    @property
    def by_invitation(self) -> bool:
        """Whether only brands with a sender on it use it; the others do not even offer it."""
        return self is Channel.WHATSAPP

    @property
    def on_paper(self) -> bool:
        """Whether it is printed and posted."""
        return self is Channel.LETTER


IDENTIFYING = (Channel.EMAIL, *(channel for channel in Channel if channel.by_phone))
"""Channels whose address says who somebody is; a token or a house does not."""
