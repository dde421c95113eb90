"""What a print house is told of a batch: every piece with its pages, envelope, address, mark and hash, and the totals.

`manifest.json` and its twin `manifest.csv` say the same; `SHA256SUMS` (as `sha256sum --check` reads it) covers both and
the PDF, and the last file of a batch, `<batch>.done`, is there when all the others are.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from channels.durable import write_durably
from channels.letter.piece import Piece
from tidings.cells import in_parts
from tidings.message import Letter

COVER, INDEX = "cover.pdf", "index.pdf"
NOTHING: Mapping[str, bytes] = MappingProxyType({})
PDF, CSV, JSON, SUMS = "letters.pdf", "manifest.csv", "manifest.json", "SHA256SUMS"
DONE = ".done"
"""Ends the name of the file that is written last."""
GRAMS = {"A4": 4.99, "letter": 4.83}
"""Of a sheet of 80 g/m2: 0.0624 m2 (ISO 216) and 0.0603 m2 (ANSI A)."""
ENVELOPES = {
    "A4": ((5, "DL", 4.0), (9, "C5", 6.5), (60, "C4", 16.0)),
    "letter": ((6, "10", 5.0), (60, "9x12", 18.0)),
}
"""Sheets that fit at most (inserters fold five in three and nine in two), the envelope, and its grams."""
FOLDED_ONCE = frozenset({"c5-h2", "c5-v2"})
"""Windows whose envelopes are C5 from the first sheet on: the Nordic ones."""
COLUMNS = (
    "record", "run", "batch", "piece", "sequence", "customer", "message", "delivery", "key", "template", "file",
    "first_page", "last_page", "pages", "sheets", "duplex", "colour", "envelope", "window", "postage", "country",
    "address", "return_address", "inserts", "weight_g", "mark", "pdf_profile", "sha256", "not_before", "expires",
    "note",
)  # fmt: skip
"""Of the CSV; lists are joined by ` | `. The last row, `trailer`, has the totals."""


def manifest(batch: str, pieces: Sequence[Piece], ranges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return the manifest of a batch: `batch country postage file pieces totals`.

    Args:
        batch: its name.
        pieces: in the order of the PDF.
        ranges: first and last page of each in it, from 1.
    """
    country, postage, _ = pieces[0].kind
    entries = [
        _entry(batch, number, piece, pages)
        for number, (piece, pages) in enumerate(zip(pieces, ranges, strict=True), start=1)
    ]
    totals = {
        "pieces": len(pieces),
        "pages": ranges[-1][1],
        "sheets": sum(piece.printed.sheets for piece in pieces),
        "weight_g": round(sum(entry["weight_g"] for entry in entries), 1),
        "runs": sorted({one.run for piece in pieces for one in (piece, *piece.inside) if one.run}),
    }
    return {
        "batch": batch,
        "country": country,
        "postage": postage,
        "file": PDF,
        "pieces": entries,
        "totals": totals,
    }


def _entry(batch: str, number: int, piece: Piece, pages: tuple[int, int]) -> dict[str, Any]:
    letter = piece.printed
    paper = "letter" if letter.window.startswith("us-") else "A4"
    envelope, _ = _envelope(paper, letter.window, letter.sheets)
    return {
        "message": piece.message,
        "customer": letter.customer,
        "pages": list(pages),
        "sheets": letter.sheets,
        "sha256": hashlib.sha256(letter.pdf).hexdigest(),
        **({"delivery": piece.delivery} if piece.delivery != 1 else {}),
        **({"note": piece.note} if piece.note else {}),
        **({"with": [_inside(one) for one in piece.inside]} if piece.inside else {}),
        "run": piece.run,
        "batch": batch,
        "piece": f"{batch}-{number:05d}",
        "sequence": number,
        "key": piece.key,
        "template": letter.template,
        "file": PDF,
        "duplex": True,
        "colour": letter.colour,
        "envelope": envelope,
        "window": letter.window,
        "postage": letter.postage,
        "country": letter.country,
        "address": list(letter.address),
        "return_address": list(letter.sender),
        "inserts": list(letter.inserts),
        "weight_g": round(weight_of(letter, letter.sheets), 1),
        "mark": letter.mark,
        "pdf_profile": letter.profile,
        "not_before": piece.not_before.isoformat() if piece.not_before else None,
        "expires": piece.last_day.isoformat() if piece.last_day else None,
    }


def _inside(piece: Piece) -> dict[str, Any]:
    """Return what is said of another letter in the same envelope; its sheets follow those of the one on top."""
    return {
        "message": piece.message,
        **({"delivery": piece.delivery} if piece.delivery != 1 else {}),
        "run": piece.run,
        "key": piece.key,
        "template": piece.letter.template,
        "sheets": piece.letter.sheets,
    }


def weight_of(letter: Letter, sheets: int) -> float:
    """Return the grams of so many sheets in the envelope that a letter's window asks for."""
    return grams_of(letter.window, sheets)


def grams_of(window: str, sheets: int) -> float:
    """Return the grams of so many sheets in the envelope of a kind of window."""
    paper = "letter" if window.startswith("us-") else "A4"
    return _envelope(paper, window, sheets)[1] + sheets * GRAMS[paper]


def _envelope(paper: str, window: str, sheets: int) -> tuple[str, float]:
    sizes = ENVELOPES[paper][1:] if window in FOLDED_ONCE else ENVELOPES[paper]
    return next(((name, grams) for most, name, grams in sizes if sheets <= most), sizes[-1][1:])


def as_csv(told: Mapping[str, Any]) -> bytes:
    """Return the manifest as CSV; no cell is taken for a formula by a spreadsheet."""
    target = io.StringIO()
    rows = csv.writer(target)
    rows.writerow(COLUMNS)
    for row in (*_rows(told), _trailer(told)):
        rows.writerow([_cell(row.get(column)) for column in COLUMNS])
    return target.getvalue().encode()


def _rows(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in told["pieces"]:
        first, last = piece["pages"]
        yield {**piece, "record": "piece", "first_page": first, "last_page": last, "pages": last - first + 1}


def _trailer(told: Mapping[str, Any]) -> dict[str, Any]:
    totals = told["totals"]
    kept = {key: totals[key] for key in ("pages", "sheets", "weight_g")}
    return {
        "record": "trailer",
        "batch": told["batch"],
        "piece": totals["pieces"],
        **kept,
        "run": totals["runs"],
    }


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = " | ".join(map(str, value)) if isinstance(value, list) else str(value)
    return in_parts(text)


def write_manifest(
    folder: Path, told: Mapping[str, Any], pdf: str, beside: Mapping[str, bytes] = NOTHING
) -> None:
    """Write everything beside the PDF, the file that says so last and by a rename.

    Args:
        folder: the batch's, not yet where it is collected.
        told: from `manifest`.
        pdf: SHA-256 of `letters.pdf`, in hex.
        beside: further files by name: cover sheet and index.
    """
    written = {**beside, JSON: json.dumps(told, ensure_ascii=False, indent=1).encode(), CSV: as_csv(told)}
    sums = {PDF: pdf, **{name: hashlib.sha256(body).hexdigest() for name, body in written.items()}}
    for name, body in written.items():
        write_durably(folder / name, body)
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()
    write_durably(folder / SUMS, listed)
    draft = folder / ".done"
    write_durably(draft, f"{hashlib.sha256(listed).hexdigest()}  {SUMS}\n".encode())
    draft.replace(folder / f"{folder.name}{DONE}")


def files_of(folder: Path) -> list[str]:
    """Return the files of a staged batch in the order of writing: the last one says that all are there.

    (A batch that an earlier release staged has fewer.)
    """
    names = (PDF, COVER, INDEX, CSV, SUMS, JSON, f"{folder.name}{DONE}")
    return [name for name in names if (folder / name).exists()]
