"""`tidings print`, `returned`, `recall`: what print house and post say, and letters that should not leave."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App
from rich.table import Table
from rich.text import Text

from cli.instants import instant
from cli.options import By, Json, Now, staff
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from work.intake_table import Flaw

_SHOWN = 20

app = App(name="print", help="Batches at the print house: take in what it confirms, show what differs.")


@app.command
def reconcile(batch: str | None = None, *, json: Json = False) -> int:
    """Compare every batch that was handed over with what the print house confirmed.

    Example: tidings print reconcile

    Exit code: 0 nothing differs, 3 something does.

    Parameters
    ----------
    batch
        Only this batch.
    """
    from work.confirmations import catch_up
    from work.installation import opened
    from work.reconcile import reconciled

    with opened(Settings.read()) as installation:
        catch_up(installation, now=datetime.now(UTC))
        with installation.engine.begin() as connection:
            found = reconciled(connection, batch)
    if json:
        print_json(found)
    else:
        _show_batches(found)
    return Exit.SOME_REJECTED if any(one["discrepancies"] for one in found) else Exit.OK


@app.command
def calendar(*, provider: str = "", days: int = 14, now: Now = None, json: Json = False) -> int:
    """List when letters are handed over next, and on which days the print house is closed.

    Example: tidings print calendar --days 14

    Parameters
    ----------
    provider
        Only this print house, as `[print.<provider>]` in organisation.toml names it.
    days
        How many days from today on, 1 to 366.
    """
    from work.collection import MOST, coming_collections
    from work.installation import opened

    if not 1 <= days <= MOST:
        raise Problem(f"--days is {days}.", todo=f"Use 1 to {MOST}.")
    with opened(Settings.read()) as installation:
        found = coming_collections(
            installation, now=instant(now) or datetime.now(UTC), days=days, provider=provider
        )
    if json:
        print_json(found)
        return Exit.OK
    table = Table("Print house", "Day", "Handed over", "Cut-off", "Closed", box=None, pad_edge=False)
    for one in found:
        leaves, cut_off = (
            datetime.fromisoformat(one[name]).strftime("%H:%M") if one[name] else ""
            for name in ("leaves_at", "cut_off_at")
        )
        day = datetime.fromisoformat(one["day"])
        table.add_row(one["provider"], f"{day:%a %Y-%m-%d}", leaves, cut_off, Text(one["why"]))
    console.print(table)
    return Exit.OK


@app.command
def confirm(file: Path, *, rejects: Path | None = None, now: Now = None, json: Json = False) -> int:
    """Take in a list of the print house: batch and letter, or batch and counts; twice changes nothing.

    Example: tidings print confirm printed-20261121.csv

    Exit code: 0 no row rejected, 3 some were, 2 the file cannot be used (then nothing was taken in).

    Parameters
    ----------
    file
        CSV, TSV, XLSX, ODS or JSON with `batch`, and `letter`, `sheets`, `status`, `at`; or `letters` and `sheets`
        of a whole batch.
    rejects
        Where the rejected rows go, with a `problem` column.
    """
    from work.confirmations import confirm as take_in
    from work.installation import opened

    with opened(Settings.read()) as installation:
        report = take_in(installation, file, now=instant(now) or datetime.now(UTC), rejects=rejects)
    if json:
        print_json(report.as_json())
    else:
        console.print(
            f"{report.read:,} rows read: {report.confirmed:,} confirmed, {report.failed:,} not printed, "
            f"{report.rejected:,} rejected.",
            soft_wrap=True,
        )
        _show_problems(report.problems, rejects)
        _show_differences(report.discrepancies)
    return Exit.SOME_REJECTED if report.rejected else Exit.OK


def returned(
    file: Path | None = None,
    *,
    reference: str | None = None,
    because: str = "",
    at: str | None = None,
    rejects: Path | None = None,
    now: Now = None,
    json: Json = False,
) -> int:
    """Take in letters that came back: a list, a scan of them, or one by its reference; twice changes nothing.

    Example: tidings returned returned.csv

    Example: tidings returned --reference K7Q4MT2XWP --because moved

    Exit code: 0 no row rejected, 3 some were, 2 the file cannot be used (then nothing was taken in).

    Parameters
    ----------
    file
        A table with `reference`, and `because` and `at` if known; a .txt with a code a line; a picture or PDF.
    reference
        What stands on the letter, or its mark read by a scanner.
    because
        moved, unknown, incomplete, deceased, refused, unclaimed or damaged; where the file does not say it.
    at
        When it came back, with --reference; default is now.
    rejects
        Where the rejected rows go, with a `problem` column.
    """
    from work.installation import opened
    from work.returned import returned_file, returned_one

    if (file is None) == (reference is None):
        raise Problem("Which letters?", todo="tidings returned FILE, or tidings returned --reference REF.")
    moment = instant(now) or datetime.now(UTC)
    with opened(Settings.read()) as installation:
        if file is not None:
            report = returned_file(installation, file, because=because, now=moment, rejects=rejects)
        else:
            report = returned_one(
                installation, reference or "", because=because, at=instant(at, "--at") or moment, now=moment
            )
    if json:
        print_json(report.as_json())
    else:
        console.print(
            f"{report.read:,} letters read: {report.returned:,} came back, {report.unchanged:,} known before, "
            f"{report.rejected:,} rejected.",
            soft_wrap=True,
        )
        _show_problems(report.problems, rejects)
    return Exit.SOME_REJECTED if report.rejected else Exit.OK


def recall(message: str, *, because: str, by: By = None, now: Now = None, json: Json = False) -> int:
    """Take back a message that is not handed over yet: a letter that waits, or whose print house did not take it.

    Example: tidings recall 0197c1f2-... --because "paid this morning" --by "Ingrid Moen"

    Parameters
    ----------
    message
        The message's id, as the timeline shows it.
    because
        Why.
    """
    from work.installation import opened
    from work.recall import recall as take_back

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        found = take_back(
            connection,
            message,
            because=because,
            actor=staff(by),
            now=instant(now) or datetime.now(UTC),
        )
    if json:
        print_json({"message": found.message, "channel": found.channel, "reference": found.delivery})
    else:
        console.print(f"Message {found.message} was taken back; nothing of it leaves.", markup=False)
    return Exit.OK


def _show_batches(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        console.print("No batch was handed over.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Batch", "Handed over", "Letters", "Sheets", "Printed", "Posted", "Differences"):
        table.add_column(name, justify="left" if name in {"Batch", "Handed over"} else "right")
    for one in found:
        at = one["handed_over_at"]
        counts = (one[name] for name in ("letters", "sheets", "printed", "posted"))
        table.add_row(
            Text(one["batch"]),
            f"{at:%Y-%m-%d %H:%M}" if at else "",
            *(f"{count:,}" for count in counts),
            str(len(one["discrepancies"])),
        )
    console.print(table)
    _show_differences([difference for one in found for difference in one["discrepancies"]])


def _show_differences(found: Sequence[Mapping[str, Any]]) -> None:
    for one in found[:_SHOWN]:
        said = f"expected {one['expected'] or 'nothing'}, found {one['found'] or 'nothing'}"
        where = f", letter {one['letter']}" if one["letter"] else ""
        console.print(
            f"{one['batch']}{where}: {one['kind'].replace('_', ' ')} ({said}).", markup=False, soft_wrap=True
        )
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN:,} other differences; --json lists them all.")


def _show_problems(problems: "Sequence[Flaw]", rejects: Path | None) -> None:
    for one in problems[:_SHOWN]:
        console.print(
            f"  row {one.row}, {one.column or 'row'}: {one.problem} ({one.value!r})",
            markup=False,
            soft_wrap=True,
        )
    if len(problems) > _SHOWN:
        console.print(f"  ... and {len(problems) - _SHOWN:,} other problems; --json lists them all.")
    if rejects is not None and any(one.rejects for one in problems):
        console.print(
            f"The rejected rows lie in {rejects}: correct them there and take that file in.", markup=False
        )
