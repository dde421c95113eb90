"""`tidings segments`: the saved rules that campaigns name."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from cli.instants import instant
from cli.options import By, Count, spoken, staff
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from store.segments import Segment
    from tidings.segment import Node

app = App(name="segments", help="Saved rules over customers: list, read, count and save them.")


@app.command(name="list")
def list_(*, language: str = "en", json: bool = False) -> int:
    """List the saved segments, each as a sentence.

    Example: tidings segments list

    Parameters
    ----------
    language
        Of the sentences: en, nb, sv, pl or pt_BR.
    json
        Print one JSON list.
    """
    from store.connect import opened
    from store.segments import all_segments

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        found = [_told(one, language) for one in all_segments(connection)]
    if json:
        print_json(found)
        return Exit.OK
    from rich.table import Table
    from rich.text import Text

    table = Table("Segment", "Version", "Whom it selects", box=None, pad_edge=False)
    for one in found:
        table.add_row(Text(one["segment"]), str(one["version"]), Text(one["sentence"]))
    console.print(table if found else "There are no segments; `tidings segments save NAME FILE` makes one.")
    return Exit.OK


@app.command
def show(
    name: str,
    *,
    version: Count | None = None,
    language: str = "en",
    json: bool = False,
) -> int:
    """Print what a segment says: as a sentence, and as a campaign's file writes it.

    Example: tidings segments show garden

    Parameters
    ----------
    name
        As `tidings segments list` has it.
    version
        Default is the newest.
    language
        Of the sentence: en, nb, sv, pl or pt_BR.
    json
        Print one JSON object.
    """
    import tomli_w

    from store.connect import opened
    from work.segments import find

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        told = _told(find(connection, name, version), language)
    if json:
        print_json(told)
        return Exit.OK
    console.print(f"{told['segment']}, version {told['version']}, by {told['created_by']}", markup=False)
    console.print(told["sentence"], markup=False, soft_wrap=True)
    console.print(tomli_w.dumps({"audience": told["rule"]}), markup=False, soft_wrap=True, end="")
    return Exit.OK


@app.command
def count(
    which: str,
    *,
    version: Count | None = None,
    now: str | None = None,
    json: bool = False,
) -> int:
    """Count the customers whom a saved segment, or the rule in a file, selects now.

    Example: tidings segments count garden

    Parameters
    ----------
    which
        A name, or the path of a TOML file with [audience].
    version
        Of a saved one; default is the newest.
    now
        Business time, for example 2026-03-03T09:00:00Z; default is the clock.
    json
        Print one JSON object.
    """
    from pydantic import ValidationError

    from store.connect import opened
    from tidings.segment import Saved
    from work import segments

    try:
        rule = _rule_in(Path(which)) if which.endswith(".toml") else Saved(segment=which, version=version)
    except ValidationError as error:
        raise Problem(
            f"{which!r} is neither the name of a segment nor a file whose name ends in .toml.",
            todo="`tidings segments list` shows the names; versions begin with 1.",
        ) from error
    moment = instant(now) or datetime.now(UTC)
    with opened(Settings.read()) as store, store.engine.begin() as connection:
        reading = segments.Reading(connection=connection, engine=store.engine)
        number = segments.count(reading, rule, now=moment)
    if json:
        print_json({"segment": which, "customers": number, "at": moment})
    else:
        console.print(f"{number:,} customers")
    return Exit.OK


@app.command
def save(
    name: str,
    file: Path,
    *,
    title: str = "",
    by: By = None,
    json: bool = False,
) -> int:
    """Save the rule in a file as the next version of a segment; what is unchanged keeps its version.

    Example: tidings segments save garden garden.toml

    Parameters
    ----------
    name
        Lower-case letters, digits, dots and dashes; campaigns write audience = { segment = "NAME" }.
    file
        TOML with [audience], as a campaign's file has it.
    title
        What it is for.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from work import segments

    rule = _rule_in(file)
    with opened(Settings.read()) as store, store.engine.begin() as connection:
        reading = segments.Reading(connection=connection, engine=store.engine)
        actor = staff(by)
        version = segments.save(
            reading, name=name, title=title, rule=rule, actor=actor, now=datetime.now(UTC)
        )
    if json:
        print_json({"segment": name, "version": version})
    else:
        console.print(f"{name} is saved as version {version}.", markup=False)
    return Exit.OK


def _rule_in(file: Path) -> "Node":
    from work.segments import parse_rule

    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{file} is not valid TOML: {error}.") from error
    audience = raw.get("audience", raw)
    if not isinstance(audience, dict):
        raise Problem(f"{file}: audience must be a table.", todo="docs/segments.md shows every rule.")
    return parse_rule(audience)


def _told(segment: "Segment", language: str) -> dict[str, Any]:
    from web.sentences import sentence
    from work.segments import parse_rule

    return {
        "segment": segment.name,
        "version": segment.version,
        "title": segment.title,
        "sentence": sentence(parse_rule(segment.rule), spoken(language)),
        "rule": segment.rule,
        "created_by": segment.created_by,
        "created_at": segment.created_at,
    }
