"""`tidings explain` and `tidings timeline`: why this message on this channel, and everything that happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.instants import day_or_instant, instant
from cli.options import Json, spoken
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table


def explain(
    customer: str,
    run: str = "",
    *,
    as_of: str | None = None,
    purpose: str = "",
    topic: str = "",
    brand: str = "",
    language: str = "en",
    source: str | None = None,
    now: str | None = None,
    json: Json = False,
) -> int:
    """Say why a customer got a message of a run on this channel, or why not: every channel, its rank and its reason.

    It asks again and says whether the stored decision is proved. With --as-of: what was known and allowed then.

    Example: tidings explain C-1042 autumn-offer-2026

    Parameters
    ----------
    customer
        A reference, SYSTEM:REFERENCE, an e-mail address or a phone number.
    run
        The run's id; may be left out with --as-of and --purpose.
    as_of
        Answer from what had been recorded by this instant (2026-03-04T12:00:00Z), or by the end of this day (UTC).
    purpose
        With --as-of and without a run: invoice, dunning, service, offer or news.
    topic
        With --as-of and without a run: a part of the purpose, such as offer.garden.
    brand
        With --as-of and without a run: whose message it would be; default is the first brand.
    language
        Of the sentences: en, nb, sv, pl, pt_BR.
    source
        The system that gave the reference.
    now
        Compare with the answer at this instant instead of the present.
    """
    from datetime import UTC, datetime

    from work.as_of import explain_as_of
    from work.explain import explain as told
    from work.installation import opened

    if not run and not as_of:
        raise Problem("Which run?", todo="Name it, or ask with --as-of 2026-03-04 --purpose offer.")
    with opened(Settings.read()) as installation:
        if as_of:
            return _as_of(
                explain_as_of(
                    installation,
                    customer,
                    as_of=day_or_instant(as_of),
                    run=run,
                    purpose=purpose,
                    topic=topic,
                    brand=brand,
                    language=spoken(language),
                    source=source,
                ),
                json=json,
            )
        found = told(
            installation,
            customer,
            run,
            now=instant(now) or datetime.now(UTC),
            language=spoken(language),
            source=source,
        )
    if json:
        print_json(found)
        return Exit.OK
    show_explanation(found)
    return Exit.OK


def _as_of(found: Mapping[str, Any], *, json: bool) -> int:
    if json:
        print_json(found)
        return Exit.OK
    show_as_of(found)
    return Exit.OK


def timeline(customer: str, *, source: str | None = None, json: Json = False) -> int:
    """Show everything that happened with a customer: all channels, both directions, oldest first.

    Example: tidings timeline C-1042

    Parameters
    ----------
    customer
        A reference, SYSTEM:REFERENCE, an e-mail address or a phone number.
    source
        The system that gave the reference.
    """
    from store.customers import find
    from work.installation import opened
    from work.timeline import timeline as history

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        known = find(connection, customer, source)
        if known is None:
            raise Problem(
                f"There is no customer {customer!r}.", todo="Give a reference, an e-mail address or a number."
            )
        entries = history(connection, known)
    if json:
        print_json(entries)
        return Exit.OK
    show_timeline(entries)
    return Exit.OK


def show_explanation(told: Mapping[str, Any]) -> None:
    """Print an explanation for a person: the answer in a sentence, then every channel."""
    from rich.text import Text

    for one in (told, *told.get("others", ())):
        console.print(
            Text(f"{one['document']}: {one['state'].replace('_', ' ')}. {one['sentence']}", style="bold")
        )
        console.print(
            Text(f"Customer {one['customer']}, run {one['run']}, message {one['message']}", style="dim")
        )
        console.print(_channels(one["channels"]))
        if one["envelope"]:
            console.print(Text(one["envelope"]["sentence"]))
        console.print(Text(_standing(one), style="dim"))


def show_as_of(told: Mapping[str, Any]) -> None:
    """Print what was known and allowed at an instant, for a person."""
    from rich.text import Text

    state = told["state"].replace("_", " ")
    console.print(
        Text(
            f"{told['topic']} on {told['as_of']:%Y-%m-%d %H:%M} UTC: {state}. {told['sentence']}",
            style="bold",
        )
    )
    console.print(_channels(told["channels"]))
    known = f"Known then: {len(told['statements'])} statements, {len(told['consents'])} consents."
    console.print(Text(known, style="dim"))
    if told["unknown"]:
        console.print(Text(f"Cannot be known as it was then: {', '.join(told['unknown'])}.", style="dim"))


def _channels(entries: Sequence[Mapping[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("", "Channel", "Why", "Code"):
        table.add_column(name)
    for entry in entries:
        rank = "-" if entry["rank"] is None else str(entry["rank"])
        cells = (rank, entry["channel"], entry["sentence"], entry["reason"])
        table.add_row(*(Text(cell) for cell in cells), style=None if entry["rank"] else "dim")
    return table


def show_timeline(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print a history for a person."""
    from rich.table import Table
    from rich.text import Text

    if not entries:
        console.print("Nothing has happened yet.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("When (UTC)", "", "Channel", "What"):
        table.add_column(name)
    ways = {"in": "from", "out": "to", "": ""}
    for entry in entries:
        cells = (f"{entry['at']:%Y-%m-%d %H:%M}", ways[entry["direction"]], entry["channel"], entry["title"])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _standing(told: Mapping[str, Any]) -> str:
    decided = f"Decided {told['decided_at']:%Y-%m-%d %H:%M} UTC by policy {told['policy']}."
    if told.get("original_run"):
        decided += f" It belongs to run {told['original_run']}."
    decided += " It is proved." if told["proved"] else f" It is not proved: {_doubt(told)}."
    if not told["facts_changed"]:
        return f"{decided} The facts are the same today."
    today = told["today"]
    if today is None:
        return f"{decided} Facts have changed since; the channel would be the same today."
    answer = today["channel"] or f"held ({today['reason'].replace('_', ' ')})"
    return f"{decided} Facts have changed since; today it would be {answer}."


def _doubt(told: Mapping[str, Any]) -> str:
    """Say what stands in the way of the proof."""
    found = [
        f"{one['what']} of {one['channel']}" if "channel" in one else one["what"] for one in told["differs"]
    ]
    missing = f" (not known as it was: {', '.join(told['unknown'])})" if told["unknown"] else ""
    return f"{', '.join(found)} differ{missing}"
