"""Print-house confirmations: each letter printed or posted as we handed it over, and a name for every difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from store import paper
from store.paper import Confirmed, Difference, Posted
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from work.installation import Installation
from work.intake_table import Flaw
from work.paper_rows import Rows, code_of, instant_of, number_of, read_rows
from work.receive import receive
from work.rejects import write_rejects

PRINT_HOUSE = "print_house"
BATCHES = ("spool", "s3", "sftp", "outbox")
"""Providers whose reference is a batch; a print API's is one letter, and its confirmations are callbacks."""
UNKNOWN_BATCH = "unknown_batch"
STATUS: Mapping[str, str] = {
    said: status
    for status, words in {
        "printed": "printed, produced, gedruckt, trykt, trykket, utskrevet, tryckt, utskriven, wydrukowano, "
        "wydrukowany, impresso, impressa",
        "posted": "posted, mailed, sent, dispatched, delivered to post, handed over, done, ok, versandt, versendet, "
        "postet, postlagt, sendt, postad, postat, skickad, skickat, nadano, nadany, wysłano, wysłany, "
        "postado, postada, enviado, enviada",
        "failed": "failed, error, spoiled, damaged, rejected, missing, cancelled, not printed, fehler, "
        "fehlgeschlagen, feil, feilet, makulert, mangler, fel, misslyckad, misslyckades, makulerad, saknas, "
        "błąd, uszkodzony, brak, erro, falhou, danificado, danificada",
    }.items()
    for said in words.split(", ")
}
"""As print houses say it, in our languages and German."""
MOST_TIMES = 9999
"""That a letter is counted in one file; more of it tells nobody more."""
KINDS = {"printed": ReceiptKind.PRINTED, "posted": ReceiptKind.POSTED}


@dataclass(frozen=True, kw_only=True)
class ConfirmReport:
    """What a file of confirmations said. read = confirmed + failed + rejected."""

    read: int
    confirmed: int
    failed: int
    rejected: int
    batches: tuple[str, ...]
    discrepancies: tuple[Mapping[str, Any], ...]
    """All that are open in these batches."""
    problems: tuple[Flaw, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(replace(self, problems=())) | {"problems": [flaw.as_json() for flaw in self.problems]}


def confirm(
    installation: Installation, path: Path, *, now: datetime, rejects: Path | None = None
) -> ConfirmReport:
    """Take in a file of confirmations; the same file again changes nothing.

    Raises:
        Problem: the file cannot be used; nothing was taken in.
    """
    report, receipts = read_confirmations(installation, read_rows(path), now=now, rejects=rejects)
    if receipts:
        receive(installation, receipts, now=now)
    return report


def read_confirmations(
    installation: Installation, rows: Rows, *, now: datetime, rejects: Path | None = None
) -> tuple[ConfirmReport, list[Receipt]]:
    """Keep what a file says and what differs; returns the news of letters, which are not folded yet.

    Raises:
        Problem: no column names the batch.
    """
    path = rows.sheet.path
    if "batch" not in rows.names:
        raise Problem(
            f"{path}: no column names the batch. It has: {', '.join(rows.sheet.frame.columns[:20])}.",
            todo="Call it `batch`; beside it `letter`, `sheets`, `status`, `at`, or how many `letters` and `sheets`.",
        )
    said = parse(rows, installation.organisation.time_zone, now=now)
    names = sorted({one.batch for one in said})
    with installation.engine.begin() as connection:
        known, said = _matched(connection, said)
        paper.save_confirmations(connection, as_one(said), file=path.name[:200])
        open_now = _reconciled(connection, names, now=now)
    receipts = [receipt for one in said for receipt in receipts_of(one, known)]
    if rejects is not None:
        write_rejects(rejects, rows.sheet, rows.flaws)
    rejected = len({flaw.row for flaw in rows.flaws if flaw.rejects})
    failed = sum(one.status == "failed" for one in said)
    report = ConfirmReport(
        read=rejected + len(said),
        confirmed=len(said) - failed,
        failed=failed,
        rejected=rejected,
        batches=tuple(names),
        discrepancies=tuple(open_now),
        problems=tuple(rows.flaws),
    )
    return report, receipts


def catch_up(installation: Installation, *, now: datetime) -> None:
    """Take in what was said of batches that our books had not then: their hand-over was in doubt, and is no more."""
    with installation.engine.begin() as connection:
        names = {one["batch"] for one in paper.open_differences(connection) if one["kind"] == UNKNOWN_BATCH}
        names &= {letter.batch or "" for letter in paper.batch_letters(connection, names)}
        known, said = _matched(connection, paper.confirmations(connection, names))
        _reconciled(connection, sorted(names), now=now)
    receive(installation, [receipt for one in said for receipt in receipts_of(one, known)], now=now)


def parse(rows: Rows, zone: str, *, now: datetime) -> list[Confirmed]:
    """Return what a file says, row by row; wrong rows are left out."""
    found = (_row(rows, row, values, zone, now=now) for row, values in rows.rows)
    return [one for one in found if one is not None]


def as_one(said: Iterable[Confirmed]) -> list[Confirmed]:
    """Return one line for each letter, and one for each batch as a whole, of what was said in any order.

    The newest holds, but what is posted was printed.
    """
    rows: dict[tuple[str, str], list[Confirmed]] = {}
    for one in said:
        rows.setdefault((one.batch, one.message or one.letter), []).append(one)
    return [_folded(sorted(listed, key=lambda one: one.at)) for listed in rows.values()]


def differences(batch: str, handed_over: Sequence[Posted], said: Sequence[Confirmed]) -> list[Difference]:
    """Return what is not as it was handed over; nothing is expected of a batch of which nothing was said.

    Args:
        batch: its name.
        handed_over: the letters in it, by our books.
        said: all that the print house said of it.
    """
    if not said:
        return []
    if not handed_over:
        return [_difference(batch, "", UNKNOWN_BATCH, "", "confirmed")]
    ours = {letter.message: letter for letter in handed_over}
    named = {one.message: one for one in said if one.letter and one.message in ours}
    found = [
        _difference(batch, ours[message].reference, "missing", "1 letter", "none")
        for message, letter in ours.items()
        if named and letter.inside is None and message not in named
    ]
    for one in as_one(said):
        found += (
            _of_batch(one, handed_over) if not one.letter else _of_letter(one, ours.get(one.message or ""))
        )
    return found


def receipts_of(one: Confirmed, letters: Mapping[str, Sequence[Posted]]) -> list[Receipt]:
    """Return the news of a line: of its letter, or of all letters where a whole batch is as it was handed over."""
    ours = letters.get(one.batch, ())
    kind = KINDS.get(one.status)
    if kind is None or (not one.letter and _of_batch(one, ours)):
        return []
    return [
        Receipt(
            provider=PRINT_HOUSE,
            event_id=f"{one.batch}:{letter.reference}:{kind}",
            kind=kind,
            channel=Channel.LETTER,
            at=one.at,
            attempt=letter.attempt,
            reference=letter.reference,
            provider_reference=one.batch,
        )
        for letter in ours
        if not one.letter or one.message in {letter.message, letter.inside}
    ]


def _folded(oldest_first: Sequence[Confirmed]) -> Confirmed:
    newest = oldest_first[-1]
    posted = newest.status == "printed" and any(one.status == "posted" for one in oldest_first)
    return replace(
        newest,
        status="posted" if posted else newest.status,
        sheets=next((one.sheets for one in reversed(oldest_first) if one.sheets is not None), None),
        times=max(one.times for one in oldest_first),
    )


def _row(rows: Rows, row: int, values: Mapping[str, str], zone: str, *, now: datetime) -> Confirmed | None:
    said = values.get("status", "printed").casefold().replace("_", " ").strip()
    status = STATUS.get(said)
    at = instant_of(values["at"], zone, now=now) if "at" in values else now
    problems = [*_unusable(values)]
    if status is None:
        problems.append(("status", "not a status: printed, posted or failed"))
    if isinstance(at, str):
        problems.append(("at", at))
    for column, problem in problems:
        rows.wrong(row, column, values.get(column, ""), problem)
    if problems or status is None or isinstance(at, str):
        return None
    return Confirmed(
        batch=values["batch"][:200],
        letter=values.get("letter", "")[:200],
        message=None,
        status=status,
        letters=number_of(values.get("letters", "")),
        sheets=number_of(values.get("sheets", "")),
        times=1,
        at=at,
    )


def _unusable(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the names and counts of a row: (column, problem)."""
    if "batch" not in values:
        yield "batch", "the batch is missing"
    if "letter" in values and code_of(values["letter"]) is None:
        yield "letter", "not the id or reference of a letter"
    for name in ("letters", "sheets"):
        if name in values and number_of(values[name]) is None:
            yield name, "not a count"
    if "letter" not in values and "letters" not in values:
        yield "letter", "neither a letter nor how many there are"


def _matched(
    connection: Connection, said: Sequence[Confirmed]
) -> tuple[dict[str, list[Posted]], list[Confirmed]]:
    """Return the letters of each batch, those in doubt that were printed included, and the lines with their message."""
    codes = {one.letter: code_of(one.letter) for one in said if one.letter}
    wanted: dict[str, list[str]] = {"message": [], "reference": []}
    for code in codes.values():
        if code is not None:
            wanted[code[0]].append(code[1])
    looked_up = paper.posted(connection, wanted["message"], wanted["reference"])
    by_code = {("message", letter.message): letter for letter in looked_up}
    by_code |= {("reference", letter.reference): letter for letter in looked_up}
    known: dict[str, list[Posted]] = {}
    for letter in paper.batch_letters(connection, {one.batch for one in said}):
        known.setdefault(letter.batch or "", []).append(letter)
    matched = []
    for one in said:
        code = codes.get(one.letter)
        named = by_code.get(code) if code else None
        if named and named.batch is None and one.status != "failed":  # in doubt, and here is the proof
            known.setdefault(one.batch, []).append(named)
        matched.append(replace(one, message=named.message) if named else one)
    seen = Counter((one.batch, one.message or one.letter, one.status) for one in matched if one.letter)
    return known, [
        replace(one, times=min(seen[one.batch, one.message or one.letter, one.status] or 1, MOST_TIMES))
        for one in matched
    ]


def _reconciled(connection: Connection, names: Iterable[str], *, now: datetime) -> list[Mapping[str, Any]]:
    """Compare batches with all that was ever said of them; returns what is open in them."""
    names = list(names)
    said: dict[str, list[Confirmed]] = {name: [] for name in names}
    for one in paper.confirmations(connection, names):
        said[one.batch].append(one)
    ours: dict[str, list[Posted]] = {name: [] for name in names}
    for letter in paper.batch_letters(connection, names):
        ours[letter.batch or ""].append(letter)
    proven = [one.message for name in names for one in said[name] if one.message]
    doubtful = {
        letter.message: letter for letter in paper.posted(connection, proven, ()) if letter.batch is None
    }
    for name in names:
        ours[name] += [doubtful[one.message] for one in said[name] if one.message in doubtful]
    found = [one for name in names for one in differences(name, ours[name], said[name])]
    paper.save_differences(connection, names, found, now=now)
    return [one for name in names for one in paper.open_differences(connection, name)]


def _of_batch(one: Confirmed, ours: Sequence[Posted]) -> list[Difference]:
    pieces = [letter.sheets for letter in ours if letter.inside is None]
    counts = Counter(letters=len(pieces), sheets=sum(pieces))
    found = [
        _difference(one.batch, "", name, str(counts[name]), str(said))
        for name, said in (("letters", one.letters), ("sheets", one.sheets))
        if said is not None and said != counts[name]
    ]
    return found + (
        [_difference(one.batch, "", "not_printed", "printed", "failed")] if one.status == "failed" else []
    )


def _of_letter(one: Confirmed, letter: Posted | None) -> list[Difference]:
    if letter is None:
        return [_difference(one.batch, one.letter, "unknown_letter", "", "1 letter")]
    name = letter.reference
    found = []
    if one.status == "failed":
        found.append(_difference(one.batch, name, "not_printed", "printed", "failed"))
    if one.sheets is not None and one.sheets != letter.sheets:
        found.append(_difference(one.batch, name, "sheets", str(letter.sheets), str(one.sheets)))
    if one.times > 1:
        found.append(_difference(one.batch, name, "twice", "1 letter", f"{one.times} letters"))
    return found


def _difference(batch: str, letter: str, kind: str, expected: str, found: str) -> Difference:
    return Difference(batch=batch, letter=letter, kind=kind, expected=expected, found=found)
