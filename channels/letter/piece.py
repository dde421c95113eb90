"""One letter as a print house takes it."""

from dataclasses import dataclass
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

    @property
    def key(self) -> str:
        """What is printed once: another delivery of the same message, to another address, is another piece."""
        return self.message if self.delivery == 1 else f"{self.message}.{self.delivery}"

    @property
    def kind(self) -> tuple[str, str, int]:
        """Pieces of one kind go into one batch: what the inserter and the post take together."""
        return self.letter.country, self.letter.postage, self.letter.sheets
