"""What is sent: finished content for one customer on one channel, ready for a provider."""

from dataclasses import dataclass, field
from datetime import date, datetime

from tidings.channel import Channel


@dataclass(kw_only=True, slots=True)  # not frozen, which is 2 us of each mail; nobody changes one
class Email:
    """An e-mail as it goes over the wire: one RFC 5322 message, CRLF line ends."""

    envelope_from: str
    to: str
    raw: bytes
    digest: str = ""
    """Of what the bytes were put together from: other bytes have another one. Who gives it has seen to it that every
    line ends in CRLF, that none begins with a dot and that all but addresses is ASCII; channels look themselves where
    it is ''."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sms:
    """A text message: `to` in E.164, `parts` as the network will bill them."""

    sender: str
    to: str
    text: str
    parts: int
    encoding: str
    """`gsm7` or `ucs2`."""
    replaced: str = ""
    """Letters that the brand's policy replaced by ones that cost less: `ł>l ą>a`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """A push notification: `payload` is the JSON text, under 4096 bytes."""

    to: str
    platform: str
    """`apns`, `fcm` or `web`."""
    title: str
    body: str
    link: str
    collapse_id: str
    payload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A printed letter: a PDF whose first page has the address in the window."""

    pdf: bytes
    pages: int
    sheets: int
    """Duplex: (pages + 1) // 2."""
    country: str
    """Destination, ISO 3166-1 alpha-2."""
    postage: str
    """Postage class, for example `standard`."""
    address: tuple[str, ...]
    customer: str
    """The customer's reference, as the manifest names it."""
    engine: str = "full"
    """Who set it: `fill` or `full`, see docs/writing-templates.md."""
    cause: str = ""
    """Why it was laid out in full although letters of its template are filled; '' where it was not."""
    template: str = ""
    """Name and version: `offer/autumn@1`."""
    window: str = ""
    """Kind of the envelope's window (`templates.postal_lines.WINDOWS`)."""
    sender: tuple[str, ...] = ()
    """The return address."""
    mark: str = ""
    """What the mark on the first page says, for the inserter."""
    colour: bool = True
    """Whether it is printed in colour."""
    profile: str = "PDF/A-2u"
    inserts: tuple[str, ...] = ()
    """What else goes into the envelope."""
    cover: bool = False
    """Whether its batch has a cover sheet and an index."""
    constant: int = 0
    """So many bytes at the beginning of `pdf` are the same in all letters of its template; 0: unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatsApp:
    """A WhatsApp message: as free text while the customer's window is open, else as an approved template."""

    sender: str
    to: str
    text: str
    template: str = ""
    """SID of the content template that says the same in the same language; '' when the brand has none."""
    variables: tuple[str, ...] = ()
    """What is filled into {{1}}, {{2}} and so on."""
    heard_at: datetime | None = None
    """When the customer last wrote to us on WhatsApp: the window is open for 24 hours from then."""


Content = Email | Sms | Push | Letter | WhatsApp

CHANNEL_OF = {
    Email: Channel.EMAIL,
    Sms: Channel.SMS,
    Push: Channel.PUSH,
    Letter: Channel.LETTER,
    WhatsApp: Channel.WHATSAPP,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Several letters of one customer in one envelope: the parcel that has it is on top."""

    letter: Letter
    """All of them as one piece: the sheets of the one on top first."""
    inside: tuple[str, ...]
    """Attempts of the others, as parcels of the same call."""


@dataclass(kw_only=True, slots=True)  # not frozen, which is 2 us of each mail; nobody changes one
class Parcel:
    """One attempt of one delivery, as handed to a provider.

    `attempt` goes to the provider (tag, header, callback URL, file name), so that a receipt heals a lost commit.
    """

    message: str
    attempt: str
    content: Content
    purpose: str
    brand: str
    delivery: int = field(default=1)
    """Number of the delivery in its message: with the message the key that every attempt of it has in common, also
    after a restore, which forgets references."""
    run: str = field(default="")
    not_before: datetime | None = field(default=None)
    """Before which nobody may post it."""
    expires: date | None = field(default=None)
    """After which it says nothing any more."""
    note: str = field(default="")
    """Why it went to the outbox instead of the provider, if it did."""
    envelope: Envelope | None = field(default=None)
    """What else may go into its envelope, at a provider that can do that (`channels.contract.SharesEnvelopes`)."""
