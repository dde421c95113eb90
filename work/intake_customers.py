"""Customers from a file: who they are, what follows from their country, and how they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
from sqlalchemy import Connection

from store import customers as store
from store.imports import Counts
from store.ways import WAYS
from tidings.channel import IDENTIFYING
from tidings.country import fold, language_code, language_of, zone_of
from work.intake_table import Flaw, Given, Prepared, Table, flaws_of
from work.intake_ways import countries, ways_of
from work.intake_words import ROUNDED

_STANDINGS = {
    "prospect": "prospect lead interessent prospekt potencial potentiel potenziale potencjalny emne trial",
    "customer": """customer active aktiv aktywny actif activo ativo attivo kunde kund klient client cliente current
        existing bestandskunde true yes""",
    "former": """former inactive inaktiv nieaktywny inactif inactivo inativo ehemalig ehemaliger churned lapsed
        cancelled canceled closed ended tidligere tidigare ancien antiguo byly past terminated""",
    "deceased": """deceased dead verstorben dod avliden decede fallecido falecido deceduto zmarly zmarla overleden
        kuollut""",
}
_STANDING = {word: standing for standing, words in _STANDINGS.items() for word in words.split()}
_LONGEST_REFERENCE = 200
_LONGEST_NAME = 200


def customers(table: Table, given: Given) -> Prepared:
    """Judge a table of customers."""
    frame, flaws = countries(table, table.frame, given)
    frame, more = _translated(table, frame)
    ways, wrong = ways_of(table, frame)
    frame, unknown = _identified(table, frame, ways)
    clashing, same = _clashes(table, frame)
    rejected = [*unknown, *clashing]
    lost = {flaw.row for flaw in rejected}
    kept = _without(frame, lost | same)
    people = _people(table, kept)
    reached = _reached(ways, kept)

    def write(connection: Connection) -> tuple[Counts, Sequence[Flaw]]:
        return store.save(connection, people, reached, source=given.source, now=given.now), ()

    told = [flaw for flaw in (*flaws, *more, *wrong) if flaw.row not in lost and flaw.row not in same]
    return Prepared(flaws=(*table.flaws, *told, *rejected), write=write, same=len(same))


def _without(frame: pl.DataFrame, rows: set[int]) -> pl.DataFrame:
    return frame.filter(~pl.col("row").is_in(list(rows))) if rows else frame


def _reached(ways: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    found = ways.join(kept.select("row"), on="row", how="semi")
    return found.with_columns(
        platform=pl.lit(""), device=pl.lit(""), verified_at=pl.lit(None, dtype=pl.String)
    ).select(list(WAYS))


def _translated(table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Flaw]]:
    """Replace language, time zone and standing by our words for them; what is not known becomes null and is told."""
    flaws: list[Flaw] = []
    for column, meaning, problem in (
        ("language", language_code, "not a language"),
        ("time_zone", _zone, "not a time zone such as Europe/Oslo"),
        ("standing", _standing, "not a standing: prospect, customer, former or deceased"),
    ):
        frame, wrong = translate(table, frame, column, meaning, problem)
        flaws += wrong
    return frame, flaws


def translate(
    table: Table, frame: pl.DataFrame, column: str, meaning: Callable[[str], str], problem: str
) -> tuple[pl.DataFrame, list[Flaw]]:
    """Replace the texts of a column by what they mean; what means nothing ('') becomes null and is told."""
    written = frame[column].unique().drop_nulls().to_list()
    if not written:
        return frame, []
    known = pl.DataFrame(
        {column: written, "_meant": [meaning(text) or None for text in written]},
        schema={column: pl.String, "_meant": pl.String},
    )
    found = frame.join(known, on=column, how="left", maintain_order="left")
    wrong = found.filter(pl.col(column).is_not_null() & pl.col("_meant").is_null())
    flaws = flaws_of(wrong, column, table.name(column), problem)
    return found.with_columns(pl.col("_meant").alias(column)).drop("_meant"), flaws


def _standing(text: str) -> str:
    return _STANDING.get(fold(text), "")


def _zone(text: str) -> str:
    from zoneinfo import available_timezones

    wanted = text.replace(" ", "_")
    return wanted if wanted in available_timezones() else ""


def _identified(table: Table, frame: pl.DataFrame, ways: pl.DataFrame) -> tuple[pl.DataFrame, list[Flaw]]:
    """Give every row its reference: the file's, or in a file without references the e-mail address, else the phone."""
    if not table.has("reference"):
        usable = ways.filter(pl.col("channel").is_in(list(IDENTIFYING)) & (pl.col("state") == "usable"))
        first = usable.sort("row", "channel", "position", maintain_order=True).unique(
            "row", keep="first", maintain_order=True
        )
        frame = frame.drop("reference").join(
            first.select("row", reference="value"), on="row", how="left", maintain_order="left"
        )
        column, missing = "", "nothing says who this is: no usable e-mail address or phone"
    else:
        column, missing = table.name("reference"), "nothing says who this is: the reference is empty"
    flaws = flaws_of(frame.filter(pl.col("reference").is_null()), "reference", column, missing, rejects=True)
    too_long = frame.filter(pl.col("reference").str.len_chars() > _LONGEST_REFERENCE)
    flaws += flaws_of(
        too_long.with_columns(pl.col("reference").str.head(_LONGEST_REFERENCE)),
        "reference",
        column,
        f"a reference has at most {_LONGEST_REFERENCE} characters",
        rejects=True,
    )
    flaws += flaws_of(
        frame.filter(pl.col("reference").str.contains(ROUNDED)),
        "reference",
        column,
        "no reference: a spreadsheet has rounded it; save that column as text",
        rejects=True,
    )
    return _without(frame, {flaw.row for flaw in flaws}), flaws


def _clashes(table: Table, frame: pl.DataFrame) -> tuple[list[Flaw], set[int]]:
    """Return later rows that give a reference other content than its first row does, and rows that only repeat it."""
    if frame["reference"].n_unique() == frame.height:
        return [], set()
    contents = table.sheet.frame.select(row=table.sheet.rows, _content=pl.struct(pl.all()).hash(seed=1))
    numbered = frame.select("row", "reference").join(contents, on="row", how="left", maintain_order="left")
    first = numbered.unique("reference", keep="first", maintain_order=True)
    later = numbered.join(
        first.rename({"row": "_first", "_content": "_said"}), on="reference", maintain_order="left"
    ).filter(pl.col("row") != pl.col("_first"))
    repeats = set(later.filter(pl.col("_content") == pl.col("_said"))["row"].to_list())
    problem = pl.format("row {} has the same reference and says something else", pl.col("_first"))
    clashing = later.filter(pl.col("_content") != pl.col("_said"))
    return flaws_of(clashing, "reference", table.name("reference"), problem, rejects=True), repeats


def _people(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of `store.customers.PEOPLE`."""
    places = frame.select("country", area=pl.col("area").fill_null("").str.to_uppercase()).unique()
    defaults = places.with_columns(
        pl.Series("language_else", [language_of(*place) for place in places.rows()], dtype=pl.String),
        pl.Series("time_zone_else", [zone_of(*place) for place in places.rows()], dtype=pl.String),
    )
    found = (
        frame.with_columns(_area=pl.col("area").fill_null("").str.to_uppercase())
        .join(
            defaults,
            left_on=["country", "_area"],
            right_on=["country", "area"],
            how="left",
            maintain_order="left",
        )
        .with_columns(*_names(), country=pl.when(pl.col("country") != "").then(pl.col("country")))
    )
    attributes = pl.lit(None, dtype=pl.String)
    if table.others:
        sheet = table.sheet.frame.select(
            pl.struct(pl.col(column).alias(name) for name, column in table.others)
            .struct.json_encode()
            .alias("attributes"),
            row=table.sheet.rows,
        )
        found = found.join(sheet, on="row", how="left", maintain_order="left")
        attributes = pl.col("attributes")
    return found.with_columns(attributes=attributes).select(list(store.PEOPLE))


def _names() -> list[pl.Expr]:
    """Return first and last name; a full name is parted at its comma, else before its last word."""
    full = pl.col("name")
    comma = full.str.contains(",", literal=True)
    first = (
        pl.when(comma).then(full.str.extract(r"^[^,]*,\s*(.*)$")).otherwise(full.str.extract(r"^(.*)\s+\S+$"))
    )
    last = pl.when(comma).then(full.str.extract(r"^([^,]*),")).otherwise(full.str.extract(r"(\S+)$"))
    names = {
        "first_name": pl.coalesce("first_name", first),
        "last_name": pl.coalesce("last_name", last),
        "company": pl.col("company"),
    }
    return [value.str.head(_LONGEST_NAME).alias(name) for name, value in names.items()]
