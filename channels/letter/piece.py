"""One letter as a print house takes it, alone in its envelope or with others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from tidings.message import Letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One letter of one delivery; `note` says why it is here and not at the print house."""

    message: str
    letter: Letter
    delivery: int = 1
    """Its number in the message."""
    note: str = ""
    run: str = ""
    not_before: datetime | None = None
    """Before which nobody may post it."""
    expires: date | None = None
    """After which it says nothing any more: the last day of an offer."""
    whole: Letter | None = None
    """With the letters `inside`: all that is in the envelope, as one document."""
    inside: tuple[Piece, ...] = ()
    """Other letters of the customer that are in its envelope, if none of them is in a batch yet."""

    @property
    def printed(self) -> Letter:
        """What is in the envelope."""
        return self.whole or self.letter

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of everything in the envelope."""
        return self.key, *(one.key for one in self.inside)

    @property
    def last_day(self) -> date | None:
        """The first day after which something in the envelope says nothing any more."""
        return min((one.expires for one in (self, *self.inside) if one.expires), default=None)

    def alone(self) -> Piece:
        """Return it without the others."""
        return replace(self, whole=None, inside=()) if self.inside else self

    @property
    def key(self) -> str:
        """What is printed once: another delivery of the same message, to another address, is another piece."""
        return self.message if self.delivery == 1 else f"{self.message}.{self.delivery}"

    @property
    def kind(self) -> tuple[str, str, int]:
        """Pieces of one kind go into one batch: what the inserter and the post take together."""
        return self.letter.country, self.letter.postage, self.printed.sheets
