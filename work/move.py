"""Brings a whole installation over from another program: its own export, into our kinds, in one transaction.

What another program says about permission is never made stronger: a subscription without proof becomes `legacy`
consent, which counts only where the policy says so (GDPR art. 7(1)); who opted out has objected; what bounced is
suppressed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tidings.problem import Problem
from tidings.purpose import Purpose
from work import intake, move_listmonk, move_mautic, move_pinpoint
from work.intake import ImportReport
from work.intake_table import Given
from work.intake_words import topic_of
from work.move_parts import Parts
from work.reading import Unread

PROGRAMS: Mapping[str, Callable[[Path, Parts], None]] = {
    "pinpoint": move_pinpoint.read,
    "mautic": move_mautic.read,
    "listmonk": move_listmonk.read,
}
"""What reads the export of a program; each raises `Problem` for a file that is none."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What became of the files of another program."""

    program: str
    parts: tuple[tuple[str, str, ImportReport], ...]
    """(file, kind, report), in the order in which they were written."""

    @property
    def rejected(self) -> int:
        """How many rows were left out."""
        return sum(report.rejected for _, _, report in self.parts)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        told = [{"file": file, "kind": kind, **report.as_json()} for file, kind, report in self.parts]
        return {"program": self.program, "rejected": self.rejected, "parts": told}


def move(
    engine: Engine,
    program: str,
    files: Sequence[Path],
    *,
    now: datetime,
    actor: str,
    unsubscribed: Sequence[Path] = (),
    topic: str = "news",
    proof: str = "",
    given: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> Moved:
    """Take in what another program exported; taking it in again changes nothing.

    Args:
        engine: of the store.
        program: one of `PROGRAMS`.
        files: its exports; what belongs together (contacts, then who must not be contacted) in one call.
        unsubscribed: exports of listmonk that hold those who left the list; its others do not say who did.
        now: the time of what the files give no time for.
        actor: who imports, for the audit.
        topic: what a subscription there is a permission for here: `news`, `offer`, `offer.garden`.
        proof: how these customers agreed (which form, since when); without it their consent is `legacy`.
        given: fields of `intake_table.Given` beside these: country, brand, brands.
        dry_run: do everything, then take it back.

    Raises:
        Problem: a file cannot be read, is no export of that program, the topic is none, or there is a proof, but no
            file says who took that consent back; the store is as it was.
    """
    meant = topic_of(topic) if topic.strip() else ""  # no word would be read as a permission for everything
    if meant.partition(".")[0] not in {*Purpose, "all"}:
        raise Problem(f"{topic!r} is no topic of ours.", todo="news, offer, or a topic such as offer.garden.")
    if not (files or unsubscribed):
        raise Problem(f"Which files of {program}?", todo=f"tidings move {program} FILE")
    if unsubscribed and program != "listmonk":
        raise Problem(f"The files of {program} say themselves who left.", todo="Leave out --unsubscribed.")
    told = Given(source=program, strict=True, now=now, actor=actor, **dict(given or {}))
    exports = []
    for path, left in [*((path, False) for path in files), *((path, True) for path in unsubscribed)]:
        parts = Parts(program=program, topic=topic, proof=proof, left=left)
        PROGRAMS[program](path, parts)
        exports.append((path, parts))
    if all(parts.untold for _, parts in exports):
        path, parts = exports[0]
        if proof:
            raise Problem(
                f"{path}: {parts.untold}", todo="Without that, --proof would stand for them as well."
            )
        parts.unread.append(Unread(row=0, value=path.name, problem=parts.untold, rejected=False))
    judged = [
        intake.judge(kind, sheet, mapping, told)
        for path, parts in exports
        for kind, sheet, mapping in parts.sheets(path)
    ]
    # Customers of all files first: a second file may speak of customers of the third.
    judged.sort(key=lambda one: ORDER.index(one.table.kind))
    reports = intake.write(engine, judged, dry_run=dry_run)
    named = [(one.table.sheet.path.name, one.table.kind) for one in judged]
    return Moved(
        program=program,
        parts=tuple((*name, report) for name, report in zip(named, reports, strict=True)),
    )


ORDER = ("customers", "addresses", "devices", "statements", "consents", "suppressions")
"""Customers before what speaks of them."""
