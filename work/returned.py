"""Letters that came back: by a list, by scans of their envelopes, or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from store import paper
from store.comail import beside
from store.paper import Posted
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from work.installation import Installation
from work.intake_table import Flaw
from work.paper_rows import Rows, code_of, instant_of, read_rows
from work.receive import receive
from work.rejects import write_rejects
from work.scans import is_scan, read_scan

POST = "post"
CAUSES = ("moved", "unknown", "incomplete", "deceased", "refused", "unclaimed", "damaged")
MAY_ARRIVE = frozenset({"unclaimed", "damaged"})
"""The next letter may arrive: only when it happens again and again, the address is not used any more."""
WORDS: Mapping[str, str] = {
    **{cause: cause for cause in CAUSES},
    **dict.fromkeys(
        (
            "gone away",
            "relocated",
            "forwarding expired",
            "verzogen",
            "unbekannt verzogen",
            "flyttet",
            "flyttat",
        ),
        "moved",
    ),
    **dict.fromkeys(
        (
            "addressee unknown",
            "not known",
            "no such person",
            "vacant",
            "unbekannt",
            "ukjent",
            "okänd",
            "other",
            "",
        ),
        "unknown",
    ),
    **dict.fromkeys(
        ("insufficient address", "no such street", "no such number", "bad address"), "incomplete"
    ),
    **dict.fromkeys(("dead", "verstorben", "død", "avliden"), "deceased"),
    **dict.fromkeys(("annahme verweigert", "not accepted", "nektet", "vägrad"), "refused"),
    **dict.fromkeys(("not collected", "not called for", "nicht abgeholt", "uavhentet"), "unclaimed"),
    # What the posts of Sweden, Poland and Brazil print on an envelope.
    **dict.fromkeys(("avflyttad", "przeprowadził się", "wyprowadził się", "mudou-se"), "moved"),
    **dict.fromkeys(("adresat nieznany", "nieznany", "desconhecido"), "unknown"),
    **dict.fromkeys(
        (
            "otillräcklig adress",
            "utilstrekkelig adresse",
            "adres niedokładny",
            "niepełny adres",
            "endereço insuficiente",
            "não existe o número",
            "não existe o número indicado",
        ),
        "incomplete",
    ),
    **dict.fromkeys(("zmarł", "adresat zmarł", "falecido"), "deceased"),
    **dict.fromkeys(("odmowa przyjęcia", "adresat odmówił", "recusado"), "refused"),
    **dict.fromkeys(
        ("ej avhämtad", "ikke hentet", "nie podjęto w terminie", "niepodjęta", "não procurado", "ausente"),
        "unclaimed",
    ),
}

NOT_SENT = (
    "no letter of ours that was sent has this reference; look at the letter again, or ask `tidings find`"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """One letter that came back, as somebody said it."""

    row: int
    code: tuple[str, str]
    said: str
    cause: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReturnReport:
    """What a list or a scan said. read = returned + unchanged + rejected."""

    read: int
    returned: int
    unchanged: int
    """Known before."""
    rejected: int
    problems: tuple[Flaw, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        counts = {name: getattr(self, name) for name in ("read", "returned", "unchanged", "rejected")}
        return counts | {"problems": [flaw.as_json() for flaw in self.problems]}


def returned_file(
    installation: Installation, path: Path, *, because: str = "", now: datetime, rejects: Path | None = None
) -> ReturnReport:
    """Take in a list of returned letters, or scans of them; the same file again changes nothing.

    Args:
        installation: whose letters they are.
        path: a table, a text file with a code a line, a picture or a PDF.
        because: why they came back, where the file does not say it.
        now: the time of what the file gives no time for.
        rejects: where the rows go that could not be used.

    Raises:
        Problem: the file cannot be used, or there is no such reason; nothing was taken in.
    """
    cause = cause_of(because)
    rows = rows_of(path)
    report, receipts = read_returned(installation, rows, cause=cause, now=now, rejects=rejects)
    if receipts:
        receive(installation, receipts, now=now)
    return report


def read_returned(
    installation: Installation,
    rows: Rows,
    *,
    cause: str = "unknown",
    now: datetime,
    rejects: Path | None = None,
) -> tuple[ReturnReport, list[Receipt]]:
    """Return what a list says and the news of its letters, which are not folded yet.

    Raises:
        Problem: no column names the letters.
    """
    if "letter" not in rows.names:
        raise Problem(
            f"{rows.sheet.path}: no column names the letters. It has: "
            f"{', '.join(rows.sheet.frame.columns[:20])}.",
            todo="Call it `reference`; beside it `because` and `at` if you know them.",
        )
    said = parse(rows, cause, installation.organisation.time_zone, now=now)
    with installation.engine.begin() as connection:
        found, unknown = match(connection, said)
        for one in unknown:
            rows.wrong(one.row, "letter", one.said, NOT_SENT)
        receipts = _receipts(connection, found)
        events = {_event(letter) for _, letter in found}
        before = paper.known_events(connection, POST, events)
    if rejects is not None:
        write_rejects(rejects, rows.sheet, rows.flaws)
    rejected = len({flaw.row for flaw in rows.flaws if flaw.rejects})
    fresh = len(events - before)
    report = ReturnReport(
        read=rejected + len(found),
        returned=fresh,
        unchanged=len(found) - fresh,
        rejected=rejected,
        problems=tuple(rows.flaws),
    )
    return report, list(receipts.values())


def rows_of(path: Path) -> Rows:
    """Return the letters in a table, a text file with a code a line, a picture or a PDF.

    Raises:
        Problem: the file cannot be used.
    """
    return read_scan(path) if is_scan(path) else _lines(path) or read_rows(path)


def returned_one(
    installation: Installation, reference: str, *, because: str = "", at: datetime, now: datetime
) -> ReturnReport:
    """Take in one returned letter by what stands on it.

    Raises:
        Problem: it is no letter of ours, or there is no such reason.
    """
    code = code_of(reference)
    if code is None:
        raise Problem(
            f"{reference!r} is not the reference of a letter.",
            todo="It stands on the letter, like K7Q4MT2XWP.",
        )
    one = Returned(row=1, code=code, said=reference, cause=cause_of(because), at=at)
    with installation.engine.begin() as connection:
        found, _ = match(connection, [one])
        receipts = _receipts(connection, found)
        before = paper.known_events(connection, POST, [_event(letter) for _, letter in found])
    if not receipts:
        raise Problem(f"{reference}: {NOT_SENT}.")
    receive(installation, list(receipts.values()), now=now)
    return ReturnReport(read=1, returned=1 - len(before), unchanged=len(before), rejected=0, problems=())


def cause_of(said: str) -> str:
    """Return the cause that words stand for.

    Raises:
        Problem: there is no such reason.
    """
    cause = WORDS.get(" ".join(said.casefold().replace("_", " ").split()))
    if cause is None:
        raise Problem(f"{said!r} is no reason for a return.", todo=f"Say one of {', '.join(CAUSES)}.")
    return cause


def parse(rows: Rows, default: str, zone: str, *, now: datetime) -> list[Returned]:
    """Return the letters of a list; wrong rows are left out."""
    found = []
    for row, values in rows.rows:
        said = values.get("letter", "")
        code = code_of(said)
        cause: str | None = default
        if values.get("because"):
            cause = WORDS.get(" ".join(values["because"].casefold().replace("_", " ").split()))
        at = instant_of(values["at"], zone, now=now) if "at" in values else now
        if code is None:
            rows.wrong(
                row,
                "letter",
                said,
                "not the id or reference of a letter" if said else "the letter is missing",
            )
        if cause is None:
            rows.wrong(row, "because", values["because"], f"not a reason: {', '.join(CAUSES)}")
        if isinstance(at, str):
            rows.wrong(row, "at", values["at"], at)
        if code is not None and cause is not None and not isinstance(at, str):
            found.append(Returned(row=row, code=code, said=said, cause=cause, at=at))
    return found


def match(
    connection: Connection, said: Iterable[Returned]
) -> tuple[list[tuple[Returned, Posted]], list[Returned]]:
    """Return what was said with its letter, the newest of its message, and what is no letter that we sent."""
    said = list(said)
    letters = paper.posted(
        connection,
        [one.code[1] for one in said if one.code[0] == "message"],
        [one.code[1] for one in said if one.code[0] == "reference"],
    )
    by_code = {("message", letter.message): letter for letter in letters}
    by_code |= {("reference", letter.reference): letter for letter in letters}
    found = [(one, by_code[one.code]) for one in said if one.code in by_code]
    return found, [one for one in said if one.code not in by_code]


def _receipts(connection: Connection, found: Sequence[tuple[Returned, Posted]]) -> dict[str, Receipt]:
    """Return the news by its event: of the letters themselves, and of those that lay in one envelope with them."""
    receipts = {_event(letter): _receipt(one, letter) for one, letter in found}
    others = beside(connection, [letter.reference for _, letter in found])
    letters = {
        letter.reference: letter
        for letter in paper.posted(connection, [], chain.from_iterable(others.values()))
    }
    for one, letter in found:
        for other in (letters[name] for name in others.get(letter.reference, ()) if name in letters):
            receipts.setdefault(_event(other), _receipt(one, other))
    return receipts


def _event(letter: Posted) -> str:
    return f"returned:{letter.reference}"


def _receipt(one: Returned, letter: Posted) -> Receipt:
    return Receipt(
        provider=POST,
        event_id=_event(letter),
        kind=ReceiptKind.BOUNCED if one.cause in MAY_ARRIVE else ReceiptKind.RETURNED,
        channel=Channel.LETTER,
        at=one.at,
        attempt=letter.attempt,
        reference=letter.reference,
        error=ErrorClass.TRANSIENT if one.cause in MAY_ARRIVE else ErrorClass.ADDRESS,
        code=one.cause,
    )


def _lines(path: Path) -> Rows | None:
    """Return the codes of a text file, one a line, as a hand scanner types them."""
    import polars as pl

    from work.reading import Sheet
    from work.reading_text import decode

    if path.suffix.lower() != ".txt":
        return None
    try:
        lines = decode(path.read_bytes(), path).splitlines()
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    codes = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    frame = pl.DataFrame({"letter": pl.Series([code for _, code in codes], dtype=pl.String)})
    numbers = pl.Series("row", [number for number, _ in codes], dtype=pl.Int64)
    sheet = Sheet(path=path, kind="csv", frame=frame, rows=numbers)
    return Rows(
        sheet=sheet, names={"letter": "letter"}, rows=[(number, {"letter": code}) for number, code in codes]
    )
