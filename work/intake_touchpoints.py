"""Touchpoints from a file: history of both directions, kept once however often it is sent."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection

from store import incoming
from store.imports import Counts
from tidings.country import fold
from work.dates import instants
from work.intake_customers import translate
from work.intake_table import Flaw, Given, Prepared, Table, flaws_of
from work.intake_words import brand_of, channel_of, strangers, topic_of, truth_of

_DIRECTIONS = {
    "in": "in inbound incoming received from customer inn inngaende inkommande eingehend entrada entrant przychodzace",
    "out": "out outbound outgoing sent to customer ut utgaende utgaaende ausgehend saida sortant wychodzace",
}
_DIRECTION = {word: way for way, words in _DIRECTIONS.items() for word in words.split()}
_PLACES = {"call": "call phone telephone telefon anrop samtal anruf", "visit": "visit shop store besok besuch",
           "web": "web website site", "payment": "payment bank betaling betalning zahlung"}  # fmt: skip
_PLACE = {word: place for place, words in _PLACES.items() for word in words.split()}
_FROM_US = frozenset({"sent", "delivered", "bounced", "failed", "accepted", "printed", "posted"})
_LONGEST = 200


def touchpoints(table: Table, given: Given) -> Prepared:
    """Judge a table of touchpoints; one without an id of its own gets one from what it says."""
    frame, rejected = _translated(table, given)
    lost = {flaw.row for flaw in rejected}
    kept = frame.filter(~pl.col("row").is_in(list(lost)))
    kept = kept.with_columns(external_id=_identities(kept))
    clashing, repeats = _clashes(table, kept)
    rejected += clashing
    lost |= repeats | {flaw.row for flaw in clashing}
    rows = kept.filter(~pl.col("row").is_in(list(lost))).select(list(incoming.TOUCHPOINTS))

    def write(connection: Connection) -> tuple[Counts, Sequence[Flaw]]:
        unknown = incoming.load(
            connection, incoming.TOUCHPOINTS, rows, source=given.source, strict=given.strict
        )
        counts, known = incoming.save_touchpoints(connection, now=given.now)
        name, problem = table.name("external_id"), "the store has another touchpoint with this id"
        late = [
            Flaw(row=row, column=name, value=value, problem=problem, rejects=True) for row, value in known
        ]
        return counts, [*strangers(table, unknown), *late]

    return Prepared(flaws=(*table.flaws, *rejected), write=write, same=len(repeats))


def _translated(table: Table, given: Given) -> tuple[pl.DataFrame, list[Flaw]]:
    frame = table.frame.with_columns(
        brand=pl.col("brand").fill_null(given.brand),
        source=pl.col("source").fill_null(given.source).str.head(_LONGEST),
        _id="external_id",
    )
    rejected: list[Flaw] = []
    for column, problem in (("customer", "the customer is missing"), ("at", "the time is missing")):
        rejected += flaws_of(
            frame.filter(pl.col(column).is_null()), column, table.name(column), problem, rejects=True
        )
    frame, wrong = instants(table, frame, "at")
    for column, meaning, problem in (
        ("channel", _channel, "not a channel, or call, visit, web, payment"),
        ("direction", lambda text: _DIRECTION.get(fold(text), ""), "not in or out"),
        ("purpose", topic_of, "not a purpose such as offer"),
        ("machine", truth_of, "not yes or no"),
        ("brand", lambda text: brand_of(text, given), "there is no such brand"),
        ("kind", lambda text: "_".join(fold(text).split())[:_LONGEST], "not a word"),
    ):
        frame, strange = translate(table, frame, column, meaning, problem)
        wrong += strange
    channel = pl.coalesce("channel", pl.lit("web"))
    kind = pl.coalesce("kind", pl.lit("contact"))
    ours = kind.is_in(list(_FROM_US))
    frame = frame.with_columns(
        channel=channel,
        kind=kind,
        direction=pl.coalesce("direction", pl.when(ours).then(pl.lit("out")).otherwise(pl.lit("in"))),
        purpose=pl.col("purpose").fill_null(""),
        machine=pl.col("machine").fill_null("false") == "true",
        detail=pl.Series([json.dumps(one, ensure_ascii=False) for one in _details(table)], dtype=pl.String),
    )
    return frame, rejected + [replace(flaw, rejects=True) for flaw in wrong]


def _channel(text: str) -> str:
    return _PLACE.get(fold(text), "") or channel_of(text)


def _details(table: Table) -> list[dict[str, str]]:
    """Return what the columns that are not ours say of each row."""
    if not table.others:
        return [{} for _ in range(table.frame.height)]
    rows = table.sheet.frame.select([column for _, column in table.others]).iter_rows()
    names = [name for name, _ in table.others]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows
    ]


def _identities(frame: pl.DataFrame) -> pl.Series:
    """Return ids: the file's own, else a digest of the row and how often it occurred before in the file."""
    seen: Counter[bytes] = Counter()
    found = []
    said = ("customer", "source", "at", "direction", "channel", "kind", "purpose", "brand", "detail")
    for name, *values in frame.select("_id", *said).iter_rows():
        found.append(name[:_LONGEST] if name else _digest(values, seen))
    return pl.Series(found, dtype=pl.String)


def _digest(values: list[Any], seen: Counter[bytes]) -> str:
    content = json.dumps(values, default=str, ensure_ascii=False).encode()
    seen[content] += 1
    return "row-" + hashlib.blake2b(content + str(seen[content]).encode(), digest_size=12).hexdigest()


def _clashes(table: Table, frame: pl.DataFrame) -> tuple[list[Flaw], set[int]]:
    """Return rows that use an id for something else than the first row with it, and rows that only repeat it."""
    says = ["customer", "at", "channel", "kind", "direction"]
    first = frame.unique(["source", "external_id"], keep="first", maintain_order=True)
    if first.height == frame.height:
        return [], set()
    pairs = frame.join(
        first.select("source", "external_id", _first="row", _said=pl.struct(says)),
        on=["source", "external_id"],
        maintain_order="left",
    ).filter(pl.col("row") != pl.col("_first"))
    same = pl.struct(says).eq_missing(pl.col("_said"))
    problem = pl.format("row {} has the same id and says something else", pl.col("_first"))
    clashing = pairs.filter(~same)
    flaws = flaws_of(clashing, "external_id", table.name("external_id"), problem, rejects=True)
    return flaws, set(pairs.filter(same)["row"].to_list())
