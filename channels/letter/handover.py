"""Letters into a folder of print batches, as outcomes: what the outbox and the print spool have in common."""

import errno
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from channels.durable import is_safe
from channels.letter.batches import Cover, FolderBusyError, InDoubtError, Known, Place, PrintBatches
from channels.letter.merge import page_count
from channels.letter.piece import Piece
from tidings.message import Letter, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown

SOON = timedelta(minutes=1)
LATER = timedelta(minutes=10)
PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.EIO}


def refused_by_disk(error: OSError) -> Refused:
    """Return the outcome of a write that failed before anything counted.

    A full disk passes; a folder that is missing or forbidden is a wrong set-up.
    """
    code = errno.errorcode.get(error.errno or 0, "os_error").lower()
    if isinstance(error, FolderBusyError):
        return Refused(error=ErrorClass.TRANSIENT, code="folder_busy", wait=SOON)
    if error.errno in PASSING:
        return Refused(error=ErrorClass.TRANSIENT, code=code, wait=SOON)
    return Refused(error=ErrorClass.CONFIG, code=code, wait=LATER)


class LetterFolder:
    """Hands letters over as print batches; the same delivery is handed over once, however often it comes."""

    shares_envelopes = True

    def __init__(
        self,
        folder: Path,
        control: Path,
        *,
        place: Place | None = None,
        known: Callable[[], Known] | None = None,
    ) -> None:
        self._batches = PrintBatches(folder=folder, control=control, place=place, known=known)

    def covered_by(self, cover: Cover) -> None:
        """Make the cover sheets of batches whose letters want one."""
        self._batches.cover = cover

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Write one call's letters. See `channels.contract.Provider.send`; `reference` is the batch."""
        good: list[tuple[Parcel, Piece]] = []
        for parcel in parcels:
            piece = piece_of(parcel)
            if isinstance(piece, Rejected):
                yield parcel.attempt, piece
            else:
                good.append((parcel, piece))
        found: dict[str, str | Refused | Unknown] = {}
        failed: Refused | Unknown = Unknown(code="not_in_batch")
        try:
            if good:
                found = self._batches.add(_enveloped(good))
        except InDoubtError:
            failed = Unknown(code="journal")
        except OSError as error:
            failed = refused_by_disk(error)
        for parcel, piece in good:
            answer = found.get(piece.key) or self._batches.batch_of(piece.key) or failed
            yield parcel.attempt, Accepted(reference=answer) if isinstance(answer, str) else answer


class LetterDrop(LetterFolder):
    """Hands batches over to another machine; what was handed over is remembered in the home.

    A subclass has `_place`, see `channels.letter.batches.Place`.
    """

    def __init__(self, home: Path, name: str, *, limit: timedelta) -> None:
        """Keep the books in `home/print/name`; one file may take `limit`, a batch three times as long."""
        folder = home / "print" / name
        super().__init__(folder, folder / ".tidings", place=self._place, known=self._known)
        self.call_timeout = limit * 3
        self._limit = limit

    def _place(self, staged: Path) -> Refused | Unknown | None:
        raise NotImplementedError

    def _known(self) -> Known:
        raise NotImplementedError


def keys_of(manifest: bytes) -> tuple[str, ...]:
    """Return the keys of the pieces in a manifest of ours; none where it is not one."""
    try:
        pieces = json.loads(manifest)["pieces"]
        printed = [one for piece in pieces for one in (piece, *piece.get("with", ()))]
        found = [(str(one["message"]), int(one.get("delivery", 1))) for one in printed]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    keys = (message if number == 1 else f"{message}.{number}" for message, number in found)
    return tuple(key for key in keys if is_safe(key))


def _enveloped(good: Sequence[tuple[Parcel, Piece]]) -> list[Piece]:
    """Return the pieces, each with the others that may go into its envelope."""
    pieces = {parcel.attempt: piece for parcel, piece in good}
    return [
        replace(
            piece, whole=parcel.envelope.letter, inside=tuple(pieces[one] for one in parcel.envelope.inside)
        )
        if parcel.envelope and all(one in pieces for one in parcel.envelope.inside)
        else piece
        for parcel, piece in good
    ]


def piece_of(parcel: Parcel) -> Piece | Rejected:
    """Return what is printed for a parcel, or why it cannot be: its bytes are those that were paid for."""
    letter = parcel.content
    if not isinstance(letter, Letter):
        return Rejected(error=ErrorClass.DATA, code="not_a_letter")
    pages = page_count(letter.pdf)
    if not pages:
        return Rejected(error=ErrorClass.DATA, code="unreadable_pdf")
    if pages != letter.pages or letter.sheets != (pages + 1) // 2:
        detail = f"the PDF has {pages} pages, the message says {letter.pages} on {letter.sheets} sheets"
        return Rejected(error=ErrorClass.DATA, code="page_count", detail=detail)
    return Piece(
        message=parcel.message,
        letter=letter,
        delivery=parcel.delivery,
        note=parcel.note,
        run=parcel.run,
        not_before=parcel.not_before,
        expires=parcel.expires,
    )
