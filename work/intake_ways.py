"""The ways to reach people that a table gives: e-mail, phones and postal addresses, judged."""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from tidings.address import PROBLEMS, REPAIRED
from tidings.channel import Channel
from tidings.country import country_code
from work import judging
from work.intake_table import Flaw, Given, Table, flaws_of
from work.intake_words import ROUNDED

WAY = ("row", "channel", "value", "postal", "state", "problem", "position")
_NUMBER_FIRST = ("US", "CA", "GB", "IE", "AU", "NZ", "FR", "IN", "ZA")
"""Where the number of a house comes before the street."""


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """Return a country's English name for a sentence."""
    from babel import Locale

    return str(Locale.parse("en").territories.get(code, "")) or "an unknown country"


def countries(table: Table, frame: pl.DataFrame, given: Given) -> tuple[pl.DataFrame, list[Flaw]]:
    """Replace `country` by its alpha-2 code, '' where unknown; a file without the column is of the organisation's."""
    if not table.has("country"):
        return frame.with_columns(country=pl.lit(given.country)), []
    written = frame["country"].unique().drop_nulls().to_list()
    codes = pl.DataFrame(
        {"country": written, "_code": [country_code(text) for text in written]},
        schema={"country": pl.String, "_code": pl.String},
    )
    found = frame.join(codes, on="country", how="left", maintain_order="left")
    strange = found.filter(pl.col("_code") == "")
    flaws = flaws_of(strange, "country", table.name("country"), "not the name or code of a country")
    return found.with_columns(country=pl.col("_code").fill_null("")).drop("_code"), flaws


def ways_of(table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Flaw]]:
    """Return the addresses of a table.

    Args:
        table: for what the file calls its columns.
        frame: canonical columns; `country` is a code.

    Returns:
        a frame of WAY with at most one row for each (row, channel, value), and what is wrong.
    """
    parts, flaws = [], []
    has = {column for column in frame.columns if not frame[column].is_null().all()}
    if "email" in has:
        parts.append(_way(frame, "email", judging.emails(frame["email"]), channel="email", position=0))
    for column, channel, position in PHONES:
        if column in has:
            judged = judging.phones(frame[column], frame["country"])
            parts.append(_way(frame, column, judged, channel=channel, position=position))
    for part in parts:
        flaws += _flaws(table, part)
    if has & {"street", "street2", "postal_code"}:
        letters, wrong = _letters(table, frame)
        parts.append(letters)
        flaws += wrong
    if not parts:
        return pl.DataFrame(schema=_SCHEMA()), flaws
    ways = pl.concat([part.select(WAY) for part in parts])
    return ways.unique(["row", "channel", "value"], keep="first", maintain_order=True), flaws


COLUMN_OF = {
    channel.value: "mobile" if channel is Channel.SMS else channel.value
    for channel in Channel
    if channel.by_phone
} | {"email": "email", "letter": "street"}
"""The column in which an address of a channel is judged; a token of push has its own way."""

PHONES = [(COLUMN_OF[channel], channel.value, 0) for channel in Channel if channel.by_phone] + [
    ("phone", "sms", 1)
]
"""Columns of numbers, their channels, and which is tried first."""


def _SCHEMA() -> dict[str, pl.DataType | type[pl.DataType]]:  # noqa: N802 -- a constant that needs polars
    texts = dict.fromkeys(("channel", "value", "postal", "state", "problem"), pl.String)
    return {"row": pl.Int64, **texts, "position": pl.Int16}


def _way(
    frame: pl.DataFrame, column: str, judged: pl.DataFrame, *, channel: str, position: int
) -> pl.DataFrame:
    state = pl.when(pl.col("problem") == "").then(pl.lit("usable")).otherwise(pl.lit("unusable"))
    return (
        frame.select("row", "country", text=pl.col(column), column=pl.lit(column))
        .hstack(judged)
        .filter(pl.col("value").is_not_null())
        .with_columns(
            channel=pl.lit(channel),
            postal=pl.lit(None, dtype=pl.String),
            state=state,
            position=pl.lit(position, dtype=pl.Int16),
        )
    )


def _flaws(table: Table, part: pl.DataFrame) -> list[Flaw]:
    wrong = part.filter(pl.col("problem") != "").select("row", "column", "text", "problem", "country")
    return [
        Flaw(
            row=row,
            column=table.name(column),
            value=value,
            problem=_sentence(problem, country) + _rounded(value),
        )
        for row, column, value, problem, country in wrong.iter_rows()
    ]


def _rounded(value: str) -> str:
    return ": a spreadsheet has rounded it; save that column as text" if re.search(ROUNDED, value) else ""


def _sentence(problem: str, country: str, field: str = "", value: str = "") -> str:
    return PROBLEMS[problem].format(country=country_name(country), field=field.replace("_", " "), value=value)


def postal_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Return street (with house number and second line), postal_code, city, area and country for `judging`."""
    number, first = pl.col("house_number"), pl.col("street")
    ahead = pl.concat_str(number, first, separator=" ", ignore_nulls=True)
    behind = pl.concat_str(first, number, separator=" ", ignore_nulls=True)
    street = pl.when(pl.col("country").is_in(_NUMBER_FIRST)).then(ahead).otherwise(behind)
    joined = pl.concat_str(pl.when(street != "").then(street), "street2", separator="\n", ignore_nulls=True)
    tidy = joined.str.replace_all(r"[ \t]*[\r\n]+[ \t]*", "\n").str.strip_chars()
    return frame.select(
        street=tidy, **{name: pl.col(name) for name in ("postal_code", "city", "area", "country")}
    )


def _letters(table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Flaw]]:
    judged = judging.postals(postal_frame(frame))
    written = frame.select(
        "row", *(pl.col(name).alias(f"_{name}") for name in ("street", "postal_code", "city", "area"))
    )
    found = written.hstack(judged).filter(pl.col("value").is_not_null())
    flaws = []
    for row in found.filter(pl.col("problem") != "").iter_rows(named=True):
        field = row["field"] or "street"
        flaws.append(
            Flaw(
                row=row["row"],
                column=table.name(field),
                value=row.get(f"_{field}") or "",
                problem=_sentence(row["problem"], row["country"], field, row["postal_code"]),
            )
        )
    lines = (
        pl.when(pl.col("street") == "")
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.col("street").str.split("\n"))
    )
    usable = (pl.col("problem") == "") | pl.col("problem").is_in(list(REPAIRED))
    letters = found.select(
        "row",
        "value",
        channel=pl.lit("letter"),
        postal=pl.struct(
            lines.alias("street"), "postal_code", "city", "area", "country"
        ).struct.json_encode(),
        state=pl.when(usable).then(pl.lit("usable")).otherwise(pl.lit("unusable")),
        problem=pl.when(usable).then(pl.lit("")).otherwise(pl.col("problem")),
        position=pl.lit(0, dtype=pl.Int16),
    )
    return letters, flaws
