"""Suppressions from a file: addresses that must not be used, whether or not they belong to a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from sqlalchemy import Connection

from store import suppressions as store
from store.imports import Counts
from work.dates import instants
from work.intake_customers import translate
from work.intake_table import Flaw, Given, Prepared, Table, flaws_of
from work.intake_ways import COLUMN_OF, countries, ways_of
from work.intake_words import CHANNEL_NAMES, brand_of, channel_of


def suppressions(table: Table, given: Given) -> Prepared:
    """Judge a table of suppressions. An address in no normal form is kept as written; it may still be somebody's."""
    frame, flaws = countries(table, table.frame, given)
    frame, strange = translate(table, frame, "channel", channel_of, f"not a channel: {CHANNEL_NAMES}")
    rejected = [replace(flaw, rejects=True) for flaw in strange]
    frame = frame.with_columns(brand=pl.col("brand").fill_null(given.brand))
    frame, strange = translate(
        table, frame, "brand", lambda text: brand_of(text, given), "there is no such brand"
    )
    rejected += [replace(flaw, rejects=True) for flaw in strange]
    frame, wrong = instants(table, frame, "at")
    value, channel = pl.col("value"), pl.col("channel")
    looks = (
        pl.when(channel.is_not_null() | value.is_null())
        .then(channel)
        .when(value.str.contains("@"))
        .then(pl.lit("email"))
        .when(value.str.contains(r"^[+0-9 ()./-]+$"))
        .then(pl.lit("sms"))
    )
    frame = frame.with_columns(_looks=looks).with_columns(
        **{
            column: pl.coalesce(column, pl.when(pl.col("_looks") == channel).then(value))
            for channel, column in COLUMN_OF.items()
        },
    )
    called = {column: table.names["value"] for column in COLUMN_OF.values()} if "value" in table.names else {}
    found, more = ways_of(replace(table, names=called | table.names), frame)
    pushed = frame.filter((pl.col("_looks") == "push") & value.is_not_null()).select(
        "row", channel=pl.lit("push"), value="value"
    )
    rows = pl.concat([found.select("row", "channel", "value"), pushed])
    empty = frame.join(rows, on="row", how="anti")
    rejected += flaws_of(empty, "", "", "there is no address in this row", rejects=True)
    lost = {flaw.row for flaw in rejected}
    said = frame.filter(~pl.col("row").is_in(list(lost))).select(
        "row",
        "brand",
        "at",
        reason=pl.col("reason").fill_null("imported").str.head(500),
        proof=pl.col("proof").fill_null(""),
    )
    kept = rows.join(said, on="row", maintain_order="left").select(list(store.INCOMING))
    told = [flaw for flaw in (*flaws, *wrong, *more) if flaw.row not in lost]

    def write(connection: Connection) -> tuple[Counts, Sequence[Flaw]]:
        return store.save(connection, kept, source=given.source, actor=given.actor, now=given.now), ()

    return Prepared(flaws=(*table.flaws, *told, *rejected), write=write)
