"""`tidings doubts`, `settle`, `calls` and `missing`: what is open, and how a person closes it."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from cli.instants import instant
from cli.options import By, Count, Json, Now, name_of
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings

calls = App(name="calls")


class Verdict(StrEnum):
    """What a person knows of a doubt."""

    ACCEPTED = "accepted"
    ABSENT = "absent"


def doubts(*, json: Json = False) -> int:
    """List every message of which nobody knows whether its provider has it, and what will settle it.

    Example: tidings doubts --json
    """
    from channels.registry import providers
    from work.doubts import doubts as listed
    from work.installation import opened

    settings = Settings.read()
    with opened(settings) as installation:
        chosen = providers(settings, home=installation.home, mode=installation.mode)
        found = listed(installation, (one for choice in chosen.values() for one in choice))
    if json:
        print_json(found)
    elif not found:
        console.print("Nothing is in doubt.")
    else:
        _show(found, ("message", "customer", "run", "document", "channel", "provider", "since", "settles"))
    return Exit.OK


def settle(
    messages: Annotated[list[str], Parameter(name="MESSAGE")],
    /,
    *,
    as_: Annotated[Verdict, Parameter(name="--as")],
    because: str,
    by: By = None,
    now: str | None = None,
    json: Json = False,
) -> int:
    """End doubts because you know whether the provider has the messages; recorded with your name and reason.

    Example: tidings settle 0197c1f2-... --as accepted --because "the print house has it on its list"

    Parameters
    ----------
    messages
        Ids, as `tidings doubts` shows them; all of them are settled, or none.
    as_
        accepted: the provider has it. absent: it never had it, and it is sent again.
    because
        How you know.
    now
        Business time, for rehearsals.
    """
    from tidings.receipt import ReceiptKind
    from work.doubts import settle_by_hand
    from work.installation import opened

    with opened(Settings.read()) as installation:
        settled = settle_by_hand(
            installation,
            messages,
            ReceiptKind(as_.value),
            because=because,
            by=name_of(by),
            now=_now(now),
        )
    if json:
        told = [{"message": id_, "attempt": attempt, "as": as_.value} for id_, attempt in settled.items()]
        print_json(told if len(told) > 1 else told[0])
        return Exit.OK
    what = "Settled" if len(settled) == 1 else f"{len(settled):,} settled"
    if as_ is Verdict.ACCEPTED:
        console.print(f"{what}: the provider has it; it is not sent again.")
    else:
        console.print(f"{what}: the provider never had it; it is sent again when it is due.")
    return Exit.OK


@calls.default
def list_calls(*, json: Json = False, now: Now = None) -> int:
    """List the customers to telephone, oldest first.

    Example: tidings calls --json
    """
    from work.calls import calls as listed
    from work.installation import opened

    with opened(Settings.read()) as installation:
        found = listed(installation, now=_now(now))
    if json:
        print_json(found)
    elif not found:
        console.print("Nobody has to be called.")
    else:
        _show(found, ("call", "customer", "name", "phone", "document", "because", "since"))
    return Exit.OK


@calls.command
def done(call: Count, *, by: str, note: str, now: Now = None, json: Json = False) -> int:
    """Close a call that was made; the note becomes part of the customer's history.

    Example: tidings calls done 17 --by "Ingrid Moen" --note "sends us a new address"

    Parameters
    ----------
    call
        Its number, as `tidings calls` shows it.
    by
        Who called.
    note: str
        What came of it.
    """
    from work.calls import called
    from work.installation import opened

    with opened(Settings.read()) as installation:
        message = called(installation, call, by=by, note=note, now=_now(now))
    if json:
        print_json({"call": call, "message": message, "by": by})
    else:
        console.print(f"Call {call} is closed.")
    return Exit.OK


def missing(run: str, *, json: Json = False) -> int:
    """List who has not got a run's message, and why.

    Example: tidings missing inv-20261121-1 --json

    Parameters
    ----------
    run
        The run's id, as `tidings runs list` shows it.
    """
    from work.installation import opened
    from work.missing import missing as listed

    with (
        opened(Settings.read()) as installation,
        installation.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
    ):
        found = listed(connection, run)
    if json:
        print_json(found)
        return Exit.OK
    console.print(f"{found['got']:,} of {found['audience']:,} have got it.")
    for reason, count in found["by_reason"].items():
        have = "has" if count == 1 else "have"
        console.print(f"{count:,} {have} not: {reason.replace('_', ' ')}", markup=False)
    if found["missing"]:
        _show(found["missing"], ("customer", "message", "document", "state", "reason", "channel", "since"))
    return Exit.OK


def _now(given: str | None) -> Any:
    from datetime import UTC, datetime

    return instant(given) or datetime.now(UTC)


_TYPED_AGAIN = {"customer", "message"}
"""Columns that are not broken over lines: what stands there goes into the next command."""


def _show(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.capitalize(), no_wrap=name in _TYPED_AGAIN)
    for row in rows:
        table.add_row(*(Text(_plain(row[name])) for name in names))
    console.print(table)


def _plain(value: object) -> str:
    from datetime import datetime

    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)
