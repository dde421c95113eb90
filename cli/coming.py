"""`tidings find` and `tidings gather`: what a reference stands for, and what has come back."""

from collections.abc import Mapping
from typing import Any

from cli.instants import instant
from cli.options import Json
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def find(reference: str, *, json: Json = False) -> int:
    """Open what a short reference stands for: the message, its customer, its run, and exactly which document.

    Example: tidings find K7Q4-MTX2-AB

    Parameters
    ----------
    reference
        As it stands on a letter or in a mail; case, spaces and dashes do not matter.
    """
    from work.find import find as told
    from work.installation import opened

    with opened(Settings.read()) as installation:
        found = told(installation, reference)
    if json:
        print_json(found)
    else:
        _show(found)
    return Exit.OK


def gather(*, json: Json = False, now: str | None = None) -> int:
    """Take in what has come back: empty every queue, mailbox and folder once, and forward replies.

    Example: tidings gather

    `tidings up` does this by itself, again and again.

    Parameters
    ----------
    now
        Business time, for rehearsals.
    """
    from datetime import UTC, datetime

    from channels.registry import providers
    from tidings.channel import Channel
    from work.gather import gather as gathered
    from work.installation import opened
    from work.paper_folder import all_sources
    from work.reply import forward

    at = instant(now) or datetime.now(UTC)
    with opened(Settings.read()) as installation:
        settings = installation.settings
        found = all_sources(installation)
        took = gathered(installation, found, now=at)
        for source in found.values():
            source.close()

        def mail() -> Any:
            return providers(settings, home=installation.home, mode=installation.mode)[Channel.EMAIL]

        replies = forward(installation, mail, now=at)
    if json:
        print_json({"sources": took.counts, "failed": took.failed, "forwarded": replies})
    else:
        _tell(took.counts, took.failed, replies)
    return Exit.FAILED if took.failed else Exit.OK


def _tell(
    counts: Mapping[str, Mapping[str, int]], failed: Mapping[str, str], replies: Mapping[str, int]
) -> None:
    if not counts:
        console.print(
            "No queue, mailbox or folder is set up; see TIDINGS_MAILBOX__MAILDIR in `tidings check`."
        )
    for name, tally in counts.items():
        said = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(tally.items()))
        console.print(f"{name}: {said or 'nothing new'}.")
    for name, error in failed.items():
        console.print(f"{name} failed ({error}); what it has is still there and comes again.")
    if sent := replies.get("sent", 0):
        console.print(f"{sent:,} replies forwarded to the service desk.")


def _show(found: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    state = found["state"].replace("_", " ")
    console.print(
        Text(f"{found['reference']}: {found['document']} by {found['channel']}, {state}.", style="bold")
    )
    rows = (
        ("Customer", found["customer"]),
        ("Address", found["address"]),
        ("Brand", found["brand"]),
        ("Run", found["run"]),
        ("Message", found["message"]),
        ("Its state", " ".join(part for part in (found["message_state"], found["reason"]) if part)),
        ("Template", f"{found['template']} {found['template_version']}"),
        ("Invoice", found["invoice"] or ""),
        ("PDF", found["pdf_hash"] or ""),
        ("Bytes", found["content_hash"] or ""),
        ("Created", f"{found['created_at']:%Y-%m-%d %H:%M} UTC"),
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in rows:
        if value:
            table.add_row(Text(name), Text(str(value)))
    for attempt in found["attempts"]:
        about = " ".join(
            str(attempt[key]) for key in ("provider", "state", "code", "provider_reference") if attempt[key]
        )
        table.add_row(
            Text(f"Attempt {attempt['number']}"), Text(f"{attempt['started_at']:%Y-%m-%d %H:%M} {about}")
        )
    console.print(table)
