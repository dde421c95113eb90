"""Consents and statements from a file: appended, never changed; what was said already is not said again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection

from preferences.consent import IMPLIED
from preferences.statement import DAYS, frequency
from store import incoming
from store.imports import Counts
from tidings.behalf import understood
from tidings.country import fold, language_code
from tidings.purpose import Purpose
from tidings.whole_number import whole_number
from work.dates import instants
from work.intake_customers import translate
from work.intake_table import Flaw, Given, Prepared, Table, flaws_of
from work.intake_words import (
    CHANNEL_NAMES,
    brand_of,
    channel_or_all,
    channels_of,
    strangers,
    topic_of,
    truth_of,
)

_ACTIONS = {
    "given": "given granted allowed subscribed optin optedin active confirmed yes true 1 y ja si sim oui tak on",
    "legacy": "legacy old assumed",
    "withdrawn": """withdrawn revoked unsubscribed optout optedout no false 0 n nei nej nein nao non nie off denied
        refused inactive stopped""",
    "objected": "objected objection never blocked robinson",
}
_ACTION = {word: action for action, words in _ACTIONS.items() for word in words.split()}
_GROUNDS = {
    "express": "express explicit written oral",
    "purchase": "purchase purchased bought contract customer kauf kjop kop zakup compra",
    "inquiry": "inquiry enquiry request quote anfrage foresporsel forfragan zapytanie consulta",
}
_GROUND = {word: ground for ground, words in _GROUNDS.items() for word in words.split()}
_KINDS = {
    "order": "order channel channels preference preferredchannel preferred",
    "pause": "pause paused holiday vacation snooze",
    "quiet_hours": "quiethours quiet hours donotdisturb",
    "language": "language sprache sprak",
    "tracking": "tracking measuring links",
    "best_days": "bestdays days weekdays",
    "frequency": "frequency howoften atmost",
    "household": "household householdletters",
}
_PER = {
    "day": "day daily d tag dag dia dzien",
    "week": "week weekly w woche uke vecka semana tydzien",
    "month": "month monthly m monat maned manad mes miesiac",
    "quarter": "quarter quarterly q quartal kvartal trimestre kwartal",
    "year": "year yearly y jahr ar ano rok",
}
_PERIOD = {word: per for per, words in _PER.items() for word in words.split()}
_HOUSEHOLD = {
    "one": "one",
    "shared": "one",
    "together": "one",
    "own": "own",
    "each": "own",
    "separate": "own",
}
_KIND_NAMES = "order, pause, quiet_hours, language, tracking, best_days, frequency, household"
_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]?([0-5]\d)?(?::[0-5]\d)?")
_LONGEST_PROOF = 2000


def consents(table: Table, given: Given) -> Prepared:
    """Judge a table of consents.

    Given without proof, or implied (by a purchase, an inquiry), is `legacy`: it counts only where the policy says so.
    """
    frame, flaws, rejected = _common(table, given)
    frame, strange = _meant(table, frame, "channel", channel_or_all, f"not a channel: {CHANNEL_NAMES} or all")
    rejected += strange
    frame, strange = _meant(
        table, frame, "action", _action, "not an action: given, legacy, withdrawn or objected"
    )
    rejected += strange
    frame, strange = _meant(table, frame, "ground", _ground, "not a ground: express, purchase or inquiry")
    rejected += strange
    frame, late = instants(table, frame, "expires_at")
    rejected += [replace(flaw, rejects=True) for flaw in late]
    proof = pl.col("proof").fill_null("").str.head(_LONGEST_PROOF)
    action = pl.col("action").fill_null("given")
    frame = frame.with_columns(
        channel=pl.col("channel").fill_null("all"),
        proof=proof,
        action=pl.when((action == "given") & ((proof == "") | pl.col("ground").is_in(IMPLIED)))
        .then(pl.lit("legacy"))
        .otherwise(action),
        record=pl.when(pl.col("ground").is_in(IMPLIED))
        .then(pl.concat_str(pl.lit('{"ground": "'), pl.col("ground"), pl.lit('"}')))
        .otherwise(pl.lit("{}")),
    )
    return _prepared(table, given, "consents", frame.select(list(incoming.CONSENTS)), flaws, rejected)


def _ground(text: str) -> str:
    return _GROUND.get(fold(text).replace(" ", ""), "")


def _action(text: str) -> str:
    return _ACTION.get(fold(text).replace(" ", ""), "")


def statements(table: Table, given: Given) -> Prepared:
    """Judge a table of statements (kinds: `_KIND_NAMES`); `value` may hold what they say."""
    frame, flaws, rejected = _common(table, given)
    frame = frame.with_columns(kind=pl.coalesce("kind", *_guessed_kind()))
    frame, strange = _meant(table, frame, "kind", _kind, f"not a kind: {_KIND_NAMES}")
    rejected += strange
    pause_until = pl.when(pl.col("kind") == "pause").then("value")
    frame = frame.with_columns(until_at=pl.coalesce("until_at", pause_until))
    for column in ("from_at", "until_at"):
        frame, wrong = instants(table, frame, column)
        rejected += [replace(flaw, rejects=True) for flaw in wrong]
    missing = frame.filter(pl.col("kind").is_null())
    rejected += flaws_of(
        missing, "kind", table.name("kind"), "nothing says what the customer asked for", rejects=True
    )
    said = [_said(row) for row in frame.iter_rows(named=True)]
    frame = frame.with_columns(
        pl.Series("channels", [channels for channels, _, _ in said], dtype=pl.String),
        pl.Series("value", [json.dumps(value) for _, value, _ in said], dtype=pl.String),
        pl.Series("_problem", [problem for _, _, problem in said], dtype=pl.String),
        proof=pl.col("proof").fill_null("").str.head(_LONGEST_PROOF),
    )
    rejected += flaws_of(
        frame.filter(pl.col("_problem") != ""), "kind", table.name("kind"), pl.col("_problem"), rejects=True
    )
    return _prepared(table, given, "statements", frame.select(list(incoming.STATEMENTS)), flaws, rejected)


def _guessed_kind() -> list[pl.Expr]:
    """What a row without a kind is about: what it fills in."""
    filled = {
        "order": "channels",
        "quiet_hours": "quiet_from",
        "language": "language",
        "tracking": "tracking",
        "best_days": "days",
        "frequency": "at_most",
        "household": "household",
    }
    filled["pause"] = "until_at"
    return [pl.when(pl.col(column).is_not_null()).then(pl.lit(kind)) for kind, column in filled.items()]


def _kind(text: str) -> str:
    return _KIND.get(fold(text).replace(" ", ""), "")


def _said(row: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Return channels, value and problem of a statement, as `preferences.statement` reads them."""
    value = row["value"] or ""
    match row["kind"]:
        case "order":
            return _order(row["channels"] or value)
        case "quiet_hours":
            return _quiet(row, value)
        case "language":
            code = language_code(row["language"] or value)
            return "", {"language": code}, "" if code else "not a language"
        case "tracking":
            truth = truth_of(row["tracking"] or value)
            return "", {"tracking": truth == "true"}, "" if truth else "not yes or no"
        case "best_days":
            return _days(row["days"] or value)
        case "frequency":
            return _frequency(row["at_most"] or value, row["per"] or "")
        case "household":
            letters = _HOUSEHOLD.get(fold(row["household"] or value), "")
            return "", {"letters": letters}, "" if letters else "not one or own"
    return (channels_of(row["channels"]) if row["channels"] else ""), {}, ""


def _order(text: str) -> tuple[str, dict[str, Any], str]:
    """`email only` and a trailing `only` mean that no other channel is wanted."""
    only = re.fullmatch(r"(.*?)[\s,;]*\bonly\b\s*", text, re.IGNORECASE)
    channels = channels_of(only[1] if only else text)
    return (
        channels,
        {"only": True} if only else {},
        "" if channels else "no channels such as `sms email letter`",
    )


def _days(text: str) -> tuple[str, dict[str, Any], str]:
    """Days by the first three letters of their English names, or by their numbers (1 is Monday, ISO 8601)."""
    named = [fold(word)[:3] for word in re.split(r"[\s,;/|]+", text) if word]
    days = [DAYS[int(word) - 1] if word in {"1", "2", "3", "4", "5", "6", "7"} else word for word in named]
    known = [day for day in DAYS if day in days]
    return "", {"days": known}, "" if named and set(days) == set(known) else "no days such as `tue thu`"


def _frequency(most: str, per: str) -> tuple[str, dict[str, Any], str]:
    """`1` and `month`, or both in one: `1/month`, `1 per month`."""
    count, *rest = [word for word in re.split(r"[\s/]+|\bper\b", f"{most} {per}") if word] or [""]
    wish: dict[str, Any] = {"at_most": whole_number(count) or 0}
    wish |= {"per": _PERIOD.get(fold(rest[0]) if len(rest) == 1 else "", "")}
    usable = frequency(json.dumps(wish)) != (0, 0)
    return "", wish, "" if usable else "not so many in a time, such as `1/month`"


def _quiet(row: dict[str, Any], value: str) -> tuple[str, dict[str, Any], str]:
    start, _, end = re.sub(r"[\u2013\u2014]", "-", value).partition("-")
    hours = {"start": _clock(row["quiet_from"] or start), "end": _clock(row["quiet_until"] or end)}
    problem = "" if all(hours.values()) else "no hours such as 21:00 and 08:00"
    named = channels_of(row["channels"]) if row["channels"] else ""
    return "", {**hours, "channels": named.split(",")} if named else hours, problem


def _clock(text: str) -> str:
    match = _CLOCK.fullmatch(text.strip())
    return f"{int(match[1]):02}:{match[2] or '00'}" if match else ""


def _common(table: Table, given: Given) -> tuple[pl.DataFrame, list[Flaw], list[Flaw]]:
    """Return the frame with brand, topic and time in our words, what is wrong, and what is left out for it."""
    frame = table.frame.with_columns(
        brand=pl.col("brand").fill_null(given.brand), topic=pl.col("topic").fill_null("all")
    )
    missing = frame.filter(pl.col("customer").is_null())
    rejected = flaws_of(missing, "customer", table.name("customer"), "the customer is missing", rejects=True)
    frame, strange = _meant(
        table, frame, "brand", lambda text: brand_of(text, given), "there is no such brand"
    )
    rejected += strange
    frame, strange = _meant(table, frame, "topic", topic_of, "not a topic such as offer or offer.garden")
    rejected += strange
    frame, strange = _meant(
        table,
        frame,
        "on_behalf",
        lambda text: understood(text) or "",
        "not `relative` and the mandate's reference",
    )
    rejected += strange
    frame = frame.with_columns(on_behalf=pl.col("on_behalf").fill_null(""))
    frame, flaws = instants(table, frame, "at")
    root = pl.col("topic").str.split(".").list.first()
    idle = frame.filter(pl.col("topic").is_not_null() & ~root.is_in([*map(str, Purpose), "all"]))
    # Somebody's no under a word of their own would be kept and heeded by nothing: it must not pass in silence.
    flaws += flaws_of(
        idle,
        "topic",
        table.name("topic"),
        f"kept, but it binds nothing: topics begin with {', '.join(Purpose)}",
    )
    return frame, flaws, rejected


def _meant(
    table: Table, frame: pl.DataFrame, column: str, meaning: Callable[[str], str], problem: str
) -> tuple[pl.DataFrame, list[Flaw]]:
    """As `translate`; a permission or a wish that is not understood is left out, never guessed."""
    frame, flaws = translate(table, frame, column, meaning, problem)
    return frame, [replace(flaw, rejects=True) for flaw in flaws]


def _prepared(
    table: Table,
    given: Given,
    kind: str,
    frame: pl.DataFrame,
    flaws: Sequence[Flaw],
    rejected: Sequence[Flaw],
) -> Prepared:
    lost = {flaw.row for flaw in rejected}
    kept = frame.filter(~pl.col("row").is_in(list(lost)))
    columns = incoming.CONSENTS if kind == "consents" else incoming.STATEMENTS

    def write(connection: Connection) -> tuple[Counts, Sequence[Flaw]]:
        unknown = incoming.load(connection, columns, kept, source=given.source, strict=given.strict)
        counts = incoming.save_events(connection, kind, source=given.source, actor=given.actor, now=given.now)
        return counts, strangers(table, unknown)

    told = [flaw for flaw in flaws if flaw.row not in lost]
    return Prepared(flaws=(*table.flaws, *told, *rejected), write=write)
