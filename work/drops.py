"""Files of systems without an API: dropped into a folder or a bucket, taken once, moved aside with a report.

    drops/customers/november.csv             is taken when nobody writes it any more, with `mapping.toml` beside it
    drops/customers/done/3fa9c1-november.csv when all of it could be used, with `....report.json`
    drops/customers/wrong/...                when not; single rows that were wrong lie there as `....rejected.csv`

A file is known by its content: the same content is taken once, under whatever name it comes again. A file goes in by
one transaction of an import that changes nothing when it comes twice, or as an invoice run of exactly this file; so a
process that dies leaves nothing half done, and the next one goes on.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from store import drops
from store.away import AWAY
from tidings.problem import Problem
from work.columns import KINDS
from work.dropped import LARGEST, content_of, is_quiet
from work.installation import Installation

if TYPE_CHECKING:
    from channels.bucket import Bucket

log = structlog.get_logger()

INVOICES = "invoices"
FOLDERS = (*KINDS, INVOICES)
"""In this order, so that customers are known before what is about them."""
MAPPING = "mapping.toml"
ENDINGS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".ods", ".xls", ".json", ".jsonl", ".parquet"})
"""What is taken; anything else (`.part`, `.filepart`, `.tmp`) is not finished, or not for us."""
_ACTOR = "drop"
_LONGEST = 200
"""Bytes of a name that are kept; file systems take 255."""
_VALUES = frozenset({"file", "problems", "problem", "held"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a file."""

    state: str
    """done or wrong."""
    report: Mapping[str, Any]
    digest: bytes
    rejected: bytes = b""
    """The rows that were left out, as a table."""


def take_all(installation: Installation, *, now: datetime) -> int:
    """Take every file that lies there; returns how many. One process at a time calls it.

    Raises:
        Problem: the bucket is set up wrongly.
    """
    settings = installation.settings.drops
    taken = 0
    for folder in FOLDERS:
        try:
            taken += _take_folder(installation, folder, now=now)
        except OSError as error:  # one that may not be written; the others are
            log.warning("a drop folder cannot be used", folder=folder, error=type(error).__name__)
    if not settings.bucket:
        return taken
    from channels.bucket import Bucket

    bucket = Bucket(settings)
    try:
        for folder in FOLDERS:
            try:
                taken += _take_bucket(installation, bucket, folder, now=now)
            except bucket.refusal as error:  # whoever drops only invoices may let us see only those
                log.warning("a drop folder cannot be used", folder=folder, error=type(error).__name__)
    finally:
        bucket.close()
    return taken


def place_of(installation: Installation) -> Path:
    """Return the folder that has the folders."""
    return installation.settings.drops.folder or installation.home / "drops"


def _take_folder(installation: Installation, folder: str, *, now: datetime) -> int:
    place = place_of(installation) / folder
    count = 0
    for path in _waiting(place, installation.settings.drops.settle.total_seconds()):
        mine = place / "taken" / _called(path.name)
        if path != mine:
            mine.parent.mkdir(exist_ok=True)
            try:
                path.rename(mine)  # atomic: what somebody writes under the name from now on is another file
            except FileNotFoundError:
                continue
        size = mine.stat().st_size
        outcome = _work(
            installation, folder, mine, size, place / MAPPING, name=mine.name, where=place, now=now
        )
        aside = place / outcome.state
        aside.mkdir(exist_ok=True)
        name = f"{outcome.digest.hex()[:6]}-{mine.name}"
        for file, content in _beside(name, outcome).items():
            (place / _folder_of(file, outcome)).mkdir(exist_ok=True)
            (place / _folder_of(file, outcome) / file).write_bytes(content)
        _end(installation, folder, outcome, now=now)
        mine.replace(aside / name)
        count += 1
    return count


def _waiting(place: Path, settle: float) -> Iterator[Path]:
    """Yield the files of a folder that are finished, those first that a process took and left."""
    for folder, quiet in ((place / "taken", 0.0), (place, settle)):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            named = path.suffix.lower() in ENDINGS and not path.name.startswith(".")
            if named and path.is_file() and not path.is_symlink() and is_quiet(path, quiet):
                yield path


def _take_bucket(installation: Installation, bucket: Bucket, folder: str, *, now: datetime) -> int:
    found = {one.name: one for one in bucket.files(folder)}
    count = 0
    with tempfile.TemporaryDirectory(prefix="tidings-drop-") as scratch:
        mapping = Path(scratch) / MAPPING
        if MAPPING in found and not bucket.fetch(found[MAPPING], mapping):
            return 0
        for name, one in sorted(found.items()):
            path = Path(scratch) / f"file{Path(name).suffix.lower()}"
            if path.suffix not in ENDINGS or name.startswith("."):
                continue
            try:
                if one.size <= LARGEST and not bucket.fetch(one, path):
                    continue
                outcome = _work(
                    installation, folder, path, one.size, mapping, name=name, where="bucket", now=now
                )
                kept = f"{outcome.digest.hex()[:6]}-{_called(name)}"
                for file, content in _beside(kept, outcome).items():
                    bucket.put(f"{folder}/{_folder_of(file, outcome)}", file, content)
                _end(installation, folder, outcome, now=now)
                bucket.move(one, f"{folder}/{outcome.state}", kept)
            except bucket.refusal as error:  # of this object: those behind it are taken
                log.warning("a dropped object cannot be moved", folder=folder, error=type(error).__name__)
                continue
            count += 1
    return count


def _called(name: str) -> str:
    """Return a file's name as it is kept: printable text, short enough to have `.rejected.csv` behind it."""
    stem, dot, ending = name.rpartition(".")
    cut = stem.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return "".join(one if one.isprintable() else "_" for one in cut) + dot + ending


def _digest(content: bytes, rules: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(content).digest() + rules).digest()


def _beside(name: str, outcome: Outcome) -> dict[str, bytes]:
    """Return the files that lie beside a file that was moved aside."""
    report = json.dumps(outcome.report, ensure_ascii=False, indent=2, default=str).encode()
    rejected = {f"{name}.rejected.csv": outcome.rejected} if outcome.rejected else {}
    return {f"{name}.report.json": report, **rejected}


def _folder_of(file: str, outcome: Outcome) -> str:
    return "wrong" if file.endswith(".rejected.csv") else outcome.state


def _work(
    installation: Installation,
    folder: str,
    path: Path,
    size: int,
    mapping: Path,
    *,
    name: str,
    where: object,
    now: datetime,
) -> Outcome:
    """Take in one file, unless its content was taken before; one that cannot be read is known by its name."""
    told, digest, rules = "", _digest(b"", name.encode()), mapping if mapping.is_file() else None
    try:
        digest = _digest(content_of(path, size), content_of(rules, rules.stat().st_size) if rules else b"")
    except Problem as error:
        told = str(error)
    with installation.engine.begin() as connection:
        before = drops.take(connection, folder, digest, name=name, place=str(where), now=now)
        if before == "done":
            report = dict(drops.report_of(connection, folder, digest))
            return Outcome(state="done", digest=digest, report={**report, "file": name, "again": True})
    rejected, report = b"", {}
    if not told:
        told, report, rejected = _taken_in(installation, folder, path, digest, rules, name=name, now=now)
    if told:
        report = {"problem": told.replace(str(path), name).replace(str(mapping), MAPPING)}
    state = "wrong" if told else "done"
    return Outcome(state=state, digest=digest, report={"file": name, **report}, rejected=rejected)


def _taken_in(
    installation: Installation,
    folder: str,
    path: Path,
    digest: bytes,
    rules: Path | None,
    *,
    name: str,
    now: datetime,
) -> tuple[str, dict[str, Any], bytes]:
    """Return what is wrong with a file, '' when it went in; the report, and the rows that were left out."""
    try:
        if folder == INVOICES:
            return "", _invoices(installation, path, digest, rules, name=name, now=now), b""
        return "", *_import(installation, folder, path, rules, now=now)
    except Problem as error:
        return str(error), {}, b""
    except (*AWAY, OSError):
        raise  # not the file's fault: it is taken again
    except Exception as error:  # what nobody foresaw of one file keeps no other waiting
        kind = type(error).__name__
        log.error("a dropped file cannot be taken in", folder=folder, error=kind)
        return f"It could not be taken in: {kind}. This is a fault of ours; nothing is half done.", {}, b""


def _end(installation: Installation, folder: str, outcome: Outcome, *, now: datetime) -> None:
    """Remember that a content is through, once its report is written; the values in it stay out of the store."""
    kept = {key: value for key, value in outcome.report.items() if key not in _VALUES}
    with installation.engine.begin() as connection:
        drops.end(connection, folder, outcome.digest, state=outcome.state, report=kept, now=now)
    log.info("a dropped file was taken", folder=folder, state=outcome.state)


def _import(
    installation: Installation, kind: str, path: Path, mapping: Path | None, *, now: datetime
) -> tuple[dict[str, Any], bytes]:
    from work.intake import import_file
    from work.mapping import read_mapping

    organisation = installation.organisation
    with tempfile.TemporaryDirectory(prefix="tidings-drop-") as scratch:
        rejects = Path(scratch) / "rejected.csv"
        report = import_file(
            installation.engine,
            kind,
            path,
            now=now,
            actor=_ACTOR,
            mapping=read_mapping(mapping, kind) if mapping else None,
            given={
                "brand": "all",
                "brands": frozenset(brand.id for brand in organisation.brands),
                "country": organisation.country,
            },
            rejects=rejects,
        )
        rejected = rejects.read_bytes() if report.rejected and rejects.is_file() else b""
    return report.as_json(), rejected


def _invoices(
    installation: Installation, path: Path, digest: bytes, mapping: Path | None, *, name: str, now: datetime
) -> dict[str, Any]:
    from store.runs import find_run, notify
    from work.bills import read_bills, read_mapping
    from work.invoicing import open_invoice_run

    rules = read_mapping(mapping)
    documents, _ = read_bills(path, rules)
    opened = open_invoice_run(
        installation,
        documents,
        installation.policy,
        file_name=name,
        file_hash=digest.hex(),
        source=rules.constants.get("source", ""),
        actor=_ACTOR,
        now=now,
    )
    with installation.engine.begin() as connection:
        run = find_run(connection, opened.run)
        notify(connection, opened.run)
    assert run is not None
    return {
        "run": run.id,
        "documents": run.audience,
        "already_sent": run.already_sent,
        "held": run.rejected,
    }
