"""Which hooks and sources bring receipts back: those whose provider a setting names. Loaded only when used."""

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


HOOKS: Mapping[str, Callable[[Settings], Hook | None]] = MappingProxyType({})
"""Each returns None when its provider is not set up."""

def _mailbox(settings: Settings, _: Path) -> Source | None:
    from channels.email.mailbox import source

    return source(settings.mailbox)


SOURCES: Mapping[str, Callable[[Settings, Path], Source | None]] = MappingProxyType({"mailbox": _mailbox})
"""Each is given the home as well, where folders lie; None when it is not set up."""
