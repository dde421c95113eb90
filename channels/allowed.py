"""Mode `test`: only named addresses are reached; everything else goes to the outbox folder, with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from channels.contract import Provider
from tidings.message import Email, Letter, Parcel
from tidings.outcome import Outcome

NOTE = "mode is test and the address is not on TIDINGS_ALLOW"


class OnlyAllowed:
    """A provider that sends to addresses on the list, and writes the rest to the outbox."""

    def __init__(self, provider: Provider, outbox: Provider, allow: Sequence[str]) -> None:
        self.name = provider.name
        self.channel = provider.channel
        self.capability = provider.capability
        self.platforms = provider.platforms
        self.rate = provider.rate
        for extra in dir(provider):  # what only some providers can: `Lists`, recalling a letter
            if not extra.startswith("_") and not hasattr(self, extra):
                setattr(self, extra, getattr(provider, extra))
        self.call_timeout = max(provider.call_timeout, outbox.call_timeout)
        self._provider = provider
        self._outbox = outbox
        self._allow = frozenset(plain(entry) for entry in allow)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Send or keep each parcel. See `channels.contract.Provider.send`."""
        kept = [replace(parcel, note=NOTE) for parcel in parcels if not self.allows(parcel)]
        sent = [parcel for parcel in parcels if self.allows(parcel)]
        if kept:
            yield from self._outbox.send(kept)
        if sent:
            yield from self._provider.send(sent)

    def allows(self, parcel: Parcel) -> bool:
        """Tell whether a parcel may leave: its address is listed, or for e-mail its `@domain`.

        A letter is allowed by the customer's reference, since its address is many lines.
        """
        content = parcel.content
        address = plain(content.customer if isinstance(content, Letter) else content.to)
        if isinstance(content, Email):
            domain = "@" + address.rpartition("@")[2]
            return address in self._allow or domain in self._allow
        return address in self._allow

    def close(self) -> None:
        """Close both."""
        self._provider.close()
        self._outbox.close()


def plain(address: str) -> str:
    """Return an address as it is compared: no blanks, one case.

    >>> plain(" +47 900 00 000")
    '+4790000000'
    """
    return "".join(address.split()).casefold()
