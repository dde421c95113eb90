"""`tidings move`: bring customers, permissions and suppressions over from another program."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cli.imports import brands_of, show_problems
from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def move(
    program: Literal["pinpoint", "mautic", "listmonk"],
    *files: Path,
    unsubscribed: tuple[Path, ...] = (),
    topic: str = "news",
    proof: str = "",
    brand: str | None = None,
    dry_run: bool = False,
    by: By = None,
    json: bool = False,
) -> int:
    """Move here from Amazon Pinpoint, Mautic or listmonk with the files that they export. Twice changes nothing.

    All files are taken in together or not at all; what is wrong with a row is listed, and the others go on.

    Example: tidings move listmonk subscribers.csv --unsubscribed left.csv --topic news --dry-run

    Exit code: 0 no row rejected, 3 some were, 2 a file cannot be used (then nothing was written).

    Parameters
    ----------
    program
        Where the files come from.
    files
        What it exported; see docs/moving.md.
    unsubscribed
        Of listmonk: an export of those who left the list, for its other exports do not tell; may be named again.
    topic
        What a subscription there is a permission for: news, offer, or a topic such as offer.garden.
    proof
        How these customers agreed, in words. Without it their consent counts only where the policy takes old consent.
    brand
        The brand they are customers of; default is all.
    dry_run
        Say what would happen, and write nothing.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from work.move import move as moved_from

    settings = Settings.read()
    with opened(settings) as store:
        moved = moved_from(
            store.engine,
            program,
            files,
            now=datetime.now(UTC),
            actor=staff(by),
            unsubscribed=unsubscribed,
            topic=topic,
            proof=proof,
            given=brands_of(settings, brand),
            dry_run=dry_run,
        )
    if json:
        print_json(moved.as_json())
    else:
        for file, kind, report in moved.parts:
            console.print(f"{file}, {kind}:", style="bold", markup=False)
            show_problems(report, dry_run=dry_run)
    return Exit.SOME_REJECTED if moved.rejected else Exit.OK
