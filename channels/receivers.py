"""Which hooks and sources bring receipts back: those that have their secret, topics or folder. Loaded only when used.

A provider that is named no more is still listened to: receipts and STOPs of what it took come late.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from channels.contract import Hook, Source
from tidings.settings import Settings


def hooks(settings: Settings) -> Mapping[str, Hook]:
    """Return the hooks that are set up, by name: each answers at `/hooks/<name>`.

    Raises:
        Problem: a setting of one of them is wrong.
    """
    made = (make(settings) for make in HOOKS.values())
    return MappingProxyType({hook.name: hook for hook in made if hook is not None})


def sources(settings: Settings, *, home: Path) -> Mapping[str, Source]:
    """Return the queues, mailboxes and folders that are set up, by name.

    Raises:
        Problem: a setting of one of them is wrong.
    """
    made = (make(settings, home) for make in SOURCES.values())
    return MappingProxyType({source.name: source for source in made if source is not None})


def _twilio(settings: Settings) -> Hook | None:
    named = "twilio" in (*settings.sms, *settings.whatsapp)
    if not named and not settings.twilio.auth_token.get_secret_value():
        return None
    from channels.sms.twilio_hook import TwilioHook

    return TwilioHook(settings.twilio, public_url=settings.public_url)


def _lob(settings: Settings) -> Hook | None:
    if not settings.lob.webhook_secret.get_secret_value():
        return None
    from channels.letter.lob import LobHook

    return LobHook(settings.lob)


def _pingen(settings: Settings) -> Hook | None:
    if not settings.pingen.webhook_secret.get_secret_value():
        return None
    from channels.letter.pingen import PingenHook

    return PingenHook(settings.pingen)


def _aws_hook(name: str) -> Callable[[Settings], Hook | None]:
    def hook(settings: Settings) -> Hook | None:
        if not settings.aws_events.topics:
            return None
        from channels.aws_hook import AwsHook

        return AwsHook(name, settings.aws_events)

    return hook


def _aws_queue(settings: Settings, home: Path) -> Source | None:
    if not settings.aws_events.queue:
        return None
    from channels.aws_queue import AwsQueue

    return AwsQueue(settings.aws_events, home=home)


HOOKS: Mapping[str, Callable[[Settings], Hook | None]] = MappingProxyType(
    {
        "twilio": _twilio,
        "lob": _lob,
        "pingen": _pingen,
        "ses": _aws_hook("ses"),
        "sns": _aws_hook("sns"),
    }
)
"""Each returns None when its provider is not set up."""


def _mailbox(settings: Settings, _: Path) -> Source | None:
    from channels.email.mailbox import source

    return source(settings.mailbox)


SOURCES: Mapping[str, Callable[[Settings, Path], Source | None]] = MappingProxyType(
    {"mailbox": _mailbox, "aws_queue": _aws_queue}
)
"""Each is given the home as well, where folders lie; None when it is not set up."""
