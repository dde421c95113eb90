"""More ways to reach known customers from a file: addresses of any channel, and devices of the app."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from sqlalchemy import Connection

from store import incoming, ways
from store.imports import Counts
from tidings.address import PROBLEMS, plain
from work.dates import instants
from work.intake_customers import translate
from work.intake_table import Flaw, Given, Prepared, Table, flaws_of
from work.intake_ways import COLUMN_OF, countries, ways_of
from work.intake_words import CHANNEL_NAMES, channel_of, strangers

_BEHIND = 10
"""Position of an address whose file gives none: behind those that came with the customer."""
_LAST = 1000
_PLATFORMS = {
    "apns": "apns ios iphone ipad apple apn",
    "fcm": "fcm android gcm google firebase",
    "web": "web webpush browser chrome firefox safari w3c",
}
_PLATFORM = {word: platform for platform, words in _PLATFORMS.items() for word in words.split()}
_TOKEN = re.compile(r"[\x21-\x7e]{8,2000}")
_APNS = re.compile(r"[0-9a-fA-F]{64,200}")
_ENDPOINT = re.compile(r"arn:aws[a-z-]*:sns:[^:]+:[^:]+:endpoint/(APNS|GCM|FCM)[^/]*/.+")


def addresses(table: Table, given: Given) -> Prepared:
    """Judge a table of addresses; `value` belongs to the channel of its row, or to the one it looks like."""
    frame, flaws = countries(table, table.frame, given)
    frame, strange = translate(table, frame, "channel", channel_of, f"not a channel: {CHANNEL_NAMES}")
    rejected = [replace(flaw, rejects=True) for flaw in strange]
    rejected += flaws_of(
        frame.filter(pl.col("customer").is_null()),
        "customer",
        table.name("customer"),
        "the customer is missing",
        rejects=True,
    )
    frame, wrong = instants(table, frame, "verified_at")
    value, channel = pl.col("value"), pl.col("channel")
    looks = (
        pl.when(channel.is_not_null())
        .then(channel)
        .when(value.str.contains("@"))
        .then(pl.lit("email"))
        .when(value.str.contains(r"^[+0-9 ()./-]+$"))
        .then(pl.lit("sms"))
        .when(value.is_not_null())
        .then(pl.lit("letter"))
    )
    frame = frame.with_columns(_looks=looks).with_columns(
        **{
            column: pl.coalesce(column, pl.when(pl.col("_looks") == channel).then(value))
            for channel, column in COLUMN_OF.items()
        },
        position=pl.col("position")
        .cast(pl.Int64, strict=False)
        .fill_null(_BEHIND)
        .clip(0, _LAST)
        .cast(pl.Int16),
    )
    called = {column: table.names["value"] for column in COLUMN_OF.values()} if "value" in table.names else {}
    found, more = ways_of(replace(table, names=called | table.names), frame)
    tokens = frame.filter(pl.col("_looks") == "push").select(
        "row", "customer", "value", platform=pl.lit(""), device=pl.lit("")
    )
    pushed, worse = _devices(table, tokens, "value")
    reached = _with_position(pl.concat([_wide(found), pushed]), frame)
    empty = frame.join(reached, on="row", how="anti")
    rejected += flaws_of(empty, "", "", "there is no address in this row", rejects=True)
    return _prepared(
        table, given, frame, reached, [*flaws, *wrong, *more, *worse], rejected, f"addresses:{given.source}"
    )


def _with_position(found: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    stated = frame.select("row", "position", "verified_at")
    return (
        found.drop("position")
        .join(stated, on="row", how="left", maintain_order="left")
        .select(list(ways.WAYS))
    )


def _wide(found: pl.DataFrame) -> pl.DataFrame:
    return found.with_columns(platform=pl.lit(""), device=pl.lit("")).select(_WIDE)


_WIDE = ("row", "channel", "value", "postal", "platform", "device", "state", "problem", "position")


def devices(table: Table, given: Given) -> Prepared:
    """Judge a table of devices: a token, its platform (or what the token looks like), the app's id of the device."""
    frame = table.frame.with_columns(
        position=pl.lit(0, dtype=pl.Int16), verified_at=pl.lit(None, dtype=pl.String)
    )
    rejected: list[Flaw] = []
    for column, problem in (("customer", "the customer is missing"), ("token", "the token is missing")):
        rejected += flaws_of(
            frame.filter(pl.col(column).is_null()), column, table.name(column), problem, rejects=True
        )
    first = frame.filter(pl.col("token").is_not_null()).unique("token", keep="first", maintain_order=True)
    twice = frame.join(
        first.select("token", _first="row", _whose="customer"), on="token", maintain_order="left"
    ).filter(pl.col("customer") != pl.col("_whose"))
    sentence = pl.format("row {} gives this token to another customer", pl.col("_first"))
    rejected += flaws_of(twice, "token", table.name("token"), sentence, rejects=True)
    found, flaws = _devices(table, frame.filter(pl.col("token").is_not_null()), "token")
    return _prepared(
        table, given, frame, _with_position(found, frame), flaws, rejected, f"import:{given.source}"
    )


def _devices(table: Table, frame: pl.DataFrame, column: str) -> tuple[pl.DataFrame, list[Flaw]]:
    platforms = [
        _platform(token, said or "")
        for token, said in frame.select(column, "platform").iter_rows()
        if token is not None
    ]
    judged = frame.select(
        "row",
        channel=pl.lit("push"),
        value=pl.Series(
            [
                plain(token) if not platform else token
                for token, platform in zip(frame[column], platforms, strict=True)
            ],
            dtype=pl.String,
        ),
        postal=pl.lit(None, dtype=pl.String),
        platform=pl.Series(platforms, dtype=pl.String),
        device=pl.col("device").fill_null("").str.head(200),
    ).with_columns(
        state=pl.when(pl.col("platform") == "").then(pl.lit("unusable")).otherwise(pl.lit("usable")),
        problem=pl.when(pl.col("platform") == "").then(pl.lit("token_invalid")).otherwise(pl.lit("")),
        position=pl.lit(0, dtype=pl.Int16),
    )
    flaws = flaws_of(
        judged.filter(pl.col("platform") == ""), "value", table.name(column), PROBLEMS["token_invalid"]
    )
    return judged.select(_WIDE), flaws


def _platform(token: str, said: str) -> str:
    """Return the platform of a token, '' when it cannot be one."""
    stated = _PLATFORM.get(re.sub(r"[^a-z0-9]", "", said.lower()), "")
    if endpoint := _ENDPOINT.fullmatch(token):
        return stated or ("apns" if endpoint[1] == "APNS" else "fcm")
    if token.startswith("{"):
        return "web" if _is_subscription(token) else ""
    if not _TOKEN.fullmatch(token) or (said and not stated):
        return ""
    if stated:
        return stated if stated != "apns" or _APNS.fullmatch(token) else ""
    return "apns" if _APNS.fullmatch(token) else "web" if token.startswith("https://") else "fcm"


def _is_subscription(token: str) -> bool:
    try:
        return str(json.loads(token).get("endpoint", "")).startswith("https://")
    except (ValueError, AttributeError):
        return False


def _prepared(
    table: Table,
    given: Given,
    frame: pl.DataFrame,
    reached: pl.DataFrame,
    flaws: Sequence[Flaw],
    rejected: Sequence[Flaw],
    label: str,
) -> Prepared:
    lost = {flaw.row for flaw in rejected}
    kept = frame.filter(~pl.col("row").is_in(list(lost))).select("row", "customer")
    mine = reached.join(kept, on="row", how="semi")

    def write(connection: Connection) -> tuple[Counts, Sequence[Flaw]]:
        from store.imports import copy_in

        unknown = incoming.load(
            connection,
            {"row": "bigint", "customer": "text"},
            kept,
            source=given.source,
            strict=given.strict,
            table="incoming_people",
        )
        copy_in(connection, "incoming_ways", ways.WAYS, mine)
        ways.merge(connection, label=label, replaces=False, now=given.now)
        return ways.counted(connection), strangers(table, unknown)

    told = [flaw for flaw in flaws if flaw.row not in lost]
    return Prepared(flaws=(*table.flaws, *told, *rejected), write=write)
