"""Judges columns of addresses: the common forms all at once, the rest one by one by the libraries.

A fast path only ever says "usable" or "a fixed line" where the library would say the same with the same normal form;
`tests/work/test_judging.py` holds it to that with the library as the oracle. What it does not decide goes to
`tidings.address`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from tidings.address import PostalAddress, judge_email, judge_phone, judge_postal, rules_of

_EMAIL = (
    r"^[a-z0-9_+\-]{1,30}(\.[a-z0-9_+\-]{1,16}){0,2}"
    r"@([a-z0-9][a-z0-9\-]{0,28}[a-z0-9]\.|[a-z0-9]\.){1,4}[a-z]{2,24}$"
)
_HYPHENS = r"@(.*\.)?..--|@[^a-z]*$"
"""Labels like `xn--` are encoded names: the library's business."""
_PHONE_CHARACTERS = r"^\+?[0-9 ()./\x{A0}-]{4,30}$"


def emails(column: pl.Series) -> pl.DataFrame:
    """Judge e-mail addresses.

    Returns:
        value String (null where the column is null), problem String ('' = usable); a row for each of the column.
    """
    lower = column.str.to_lowercase()
    plain = lower.str.contains(_EMAIL) & ~lower.str.contains(_HYPHENS)
    frame = pl.DataFrame(
        {"text": column, "value": lower.zip_with(plain.fill_null(value=False), _nothing(column))}
    )
    return _judged(frame, ["text"], lambda row: judge_email(row[0]))


def _nothing(column: pl.Series) -> pl.Series:
    return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, column.len())


def _judged(frame: pl.DataFrame, keys: list[str], judge: Callable[[tuple[Any, ...]], Any]) -> pl.DataFrame:
    """Fill `value` and `problem` where the fast path left `value` empty; each distinct text is judged once."""
    if "problem" not in frame.columns:
        frame = frame.with_columns(problem=pl.lit(""))
    left = frame.filter(pl.col("value").is_null() & pl.col("text").is_not_null()).select(keys).unique()
    rows = left.rows()
    verdicts = [judge(row) for row in rows]
    found = left.with_columns(
        pl.Series("_value", [one.value for one in verdicts], dtype=pl.String),
        pl.Series("_problem", [one.problem for one in verdicts], dtype=pl.String),
    )
    return frame.join(found, on=keys, how="left", maintain_order="left", nulls_equal=True).select(
        value=pl.coalesce("value", "_value"), problem=pl.coalesce("_problem", "problem", pl.lit(""))
    )


def phones(column: pl.Series, countries: pl.Series, *, few: int = 20) -> pl.DataFrame:
    """Judge phone numbers by the country of their row (alpha-2, '' = unknown).

    Args:
        column: numbers as written.
        countries: alpha-2 codes, as many.
        few: fewer numbers of a country are judged sooner one by one than its patterns are compiled.

    Returns:
        value String (E.164, or as written; null where the column is null), problem String.
    """
    digits = pl.col("text").str.replace_all(r"[^0-9+]", "")
    frame = pl.DataFrame(
        {"text": column, "country": countries}, schema={"text": pl.String, "country": pl.String}
    ).with_columns(pl.when(pl.col("text").str.contains(_PHONE_CHARACTERS)).then(digits).alias("digits"))
    parts = []
    for (country,), part in frame.with_row_index("_row").group_by(["country"], maintain_order=True):
        plan = _numbering(str(country)) if country and part.height >= few else None
        unknown = (pl.lit(None, dtype=pl.String).alias("value"), pl.lit("").alias("problem"))
        parts.append(part.with_columns(*(_phone_expressions(plan) if plan else unknown)))
    if not parts:
        return pl.DataFrame(schema={"value": pl.String, "problem": pl.String})
    return _judged(
        pl.concat(parts).sort("_row"), ["text", "country"], lambda row: judge_phone(row[0], row[1] or "")
    )


@dataclass(frozen=True, kw_only=True)
class _Numbering:
    """What a country's numbers look like, from the library's own data; patterns are of the national number."""

    code: str
    stripped: str
    """Pattern of what the library may take off the front of a national number; never matches when there is nothing."""
    zero: bool
    """Whether a 0 in front is how a number is dialled inside the country."""
    exits: bool
    """Whether 00 is how calls abroad begin."""
    general: str
    texting: str
    fixed: str
    special: str


_NEVER = r"^\b\B$"
_TWO_REGIONS = frozenset({"CA"})
"""Not the main region of its code, but its patterns are its own: no other region of +1 matches them."""


@lru_cache(maxsize=256)
def _numbering(country: str) -> _Numbering | None:
    """Return the plan of a country, None where only the library can tell (shared codes, rewritten numbers)."""
    from phonenumbers import PhoneMetadata, region_code_for_country_code

    data = PhoneMetadata.metadata_for_region(country)
    if data is None or data.country_code is None:
        return None
    main = region_code_for_country_code(data.country_code) == country
    stripped = data.national_prefix_for_parsing or _NEVER
    if not (main or country in _TWO_REGIONS) or re.fullmatch(stripped, ""):
        return None
    special = (
        data.premium_rate,
        data.toll_free,
        data.shared_cost,
        data.voip,
        data.personal_number,
        data.pager,
        data.uan,
    )
    return _Numbering(
        code=str(data.country_code),
        stripped=f"^(?:{_ascii(stripped)})",
        zero="0" in stripped.split("|") and not data.national_prefix_transform_rule,
        exits=data.international_prefix == "00",
        general=_whole(data.general_desc),
        texting=_whole(data.mobile),
        fixed=_whole(data.fixed_line),
        special="|".join(_whole(one) for one in (*special, data.voicemail)),
    )


def _whole(description: Any) -> str:
    pattern = description.national_number_pattern if description is not None else None
    return f"^(?:{_ascii(pattern)})$" if pattern else _NEVER


def _ascii(pattern: str) -> str:
    r"""Return a pattern whose `\d` is 0 to 9: in polars it is every digit of Unicode, and ten times as slow."""
    inside, found = False, []
    for piece in re.split(r"(\\d|[\[\]])", pattern):
        inside = piece == "[" or (inside and piece != "]")
        found.append(("0-9" if inside else "[0-9]") if piece == r"\d" else piece)
    return "".join(found)


def _phone_expressions(plan: _Numbering) -> list[pl.Expr]:
    """Return `value` and `problem` for the rows of one country; null where the library must decide."""
    digits = pl.col("digits")
    abroad = pl.lit(f"+{plan.code}")
    whole = digits.str.contains(plan.general)
    rest = (
        pl.when(digits.str.starts_with(f"+{plan.code}"))
        .then(digits.str.strip_prefix(abroad))
        .when(pl.lit(plan.exits) & digits.str.starts_with(f"00{plan.code}"))
        .then(digits.str.strip_prefix(pl.lit(f"00{plan.code}")))
        .when(digits.str.starts_with("+"))
        .then(None)
        .when(digits.str.starts_with(plan.code) & ~whole)
        .then(digits.str.strip_prefix(pl.lit(plan.code)))
        .otherwise(digits)
    )
    national = pl.when(pl.lit(plan.zero) & rest.str.starts_with("0")).then(rest.str.slice(1)).otherwise(rest)
    sure = national.str.contains(plan.general) & ~national.str.contains(plan.stripped)
    texting = national.str.contains(plan.texting)
    fixed = national.str.contains(plan.fixed) & ~texting
    clear = sure & (texting | fixed) & ~national.str.contains(plan.special)
    return [
        pl.when(clear).then(pl.concat_str(abroad, national)).alias("value"),
        pl.when(clear)
        .then(pl.when(fixed).then(pl.lit("phone_fixed_line")).otherwise(pl.lit("")))
        .alias("problem"),
    ]


def postals(frame: pl.DataFrame) -> pl.DataFrame:
    """Judge postal addresses.

    Args:
        frame: street (lines parted by line breaks), postal_code, city, area, country (alpha-2); String, null = empty.

    Returns:
        the same columns in the destination's spelling, with value String (the address as one text, null where nothing
        is written), problem and field String; a row for each of the frame, in its order.
    """
    columns = ["street", "postal_code", "city", "area", "country"]
    numbered = frame.select(pl.col(columns).fill_null("")).with_row_index("_row")
    written = numbered.filter((pl.col("street") != "") | (pl.col("postal_code") != ""))
    parts = [
        _postal_group(str(country), str(area), group)
        for (country, area), group in written.group_by(["country", "area"], maintain_order=True)
    ]
    empty = numbered.join(written.select("_row"), on="_row", how="anti").with_columns(
        value=pl.lit(None, dtype=pl.String), problem=pl.lit(""), field=pl.lit("")
    )
    return pl.concat([empty, *parts], how="vertical").sort("_row").drop("_row")


def _postal_group(country: str, area: str, group: pl.DataFrame) -> pl.DataFrame:
    """Judge the addresses of one country and area: by the rules as patterns, the rest one by one."""
    easy, key = _easy(country, area)
    judged = group.with_columns(area=pl.lit(key), problem=pl.lit(""), field=pl.lit(""))
    good, rest = judged.filter(easy), group.filter(~easy)
    rules = rules_of(country, key)
    layout = rules.address_format.replace(rules.postal_code_prefix or "\0", "")
    good = good.with_columns(value=_lines(layout, country, rules.upper_fields))
    names = ["_row", "street", "postal_code", "city", "area", "country", "value", "problem", "field"]
    if rest.is_empty():
        return good.select(names)
    verdicts = [judge_postal(_address(row)) for row in rest.iter_rows(named=True)]
    found = pl.DataFrame(
        {
            "_row": rest["_row"],
            "street": rest["street"],
            "postal_code": [one.address.postal_code for one in verdicts],
            "city": [one.address.city for one in verdicts],
            "area": [one.address.area for one in verdicts],
            "country": rest["country"],
            "value": [one.address.key for one in verdicts],
            "problem": [one.problem for one in verdicts],
            "field": [one.field for one in verdicts],
        },
        schema_overrides=dict.fromkeys(names[1:], pl.String),
    )
    return pl.concat([good.select(names), found])


def _address(row: dict[str, str]) -> PostalAddress:
    return PostalAddress(
        street=tuple(row["street"].split("\n")) if row["street"] else (),
        postal_code=row["postal_code"],
        city=row["city"],
        area=row["area"],
        country=row["country"],
    )


def _easy(country: str, area: str) -> tuple[pl.Expr, str]:
    """Return which rows of a group are certainly usable as they are, and the area's own spelling."""
    rules = rules_of(country, area)
    keys = {code for code, name in rules.country_area_choices if area.lower() in {code.lower(), name.lower()}}
    drop = "country_area" not in rules.allowed_fields
    if not country or "postal_code" not in rules.required_fields or (area and not drop and len(keys) != 1):
        return pl.lit(value=False), area
    if not area and "country_area" in rules.required_fields:
        return pl.lit(value=False), area
    code = pl.col("postal_code")
    fits = [code.str.contains(matcher.pattern) for matcher in rules.postal_code_matchers]
    written = [
        pl.col("street") != "",
        pl.col("city") != "",
        code != "",
        ~code.str.contains(r"^\s|\s$|\s\s|[^ -~]"),
    ]
    if "postal_code" in rules.upper_fields:
        written.append(code == code.str.to_uppercase())
    if rules.city_choices:
        written.append(pl.col("city").is_in([name for name, _ in rules.city_choices]))
    short = pl.col("street").str.len_chars() + pl.col("city").str.len_chars() < _SHORT
    return pl.all_horizontal(*written, *fits, short), "" if drop or not keys else keys.pop()


_SHORT = 400
"""Characters of street and city: longer ones are cut in `addresses.value`, one by one."""


def _lines(layout: str, country: str, upper: set[str]) -> pl.Expr:
    """Return `PostalAddress.key` as an expression: the lines of the envelope, empty ones left out."""
    fields = {
        "A": ("street", ""),
        "C": ("city", "city"),
        "S": ("area", "country_area"),
        "Z": ("postal_code", "postal_code"),
    }
    lines = []
    for part in layout.split("%n"):
        pieces = []
        for token in re.split(r"(%[A-Z])", part):
            name, rule = fields.get(token[1:2], ("", "")) if token.startswith("%") else ("", "")
            if name:
                pieces.append(pl.col(name).str.to_uppercase() if rule in upper else pl.col(name))
            elif token and not token.startswith("%"):
                pieces.append(pl.lit(token))
        if not pieces:
            continue
        line = pl.concat_str(*pieces)
        if part != "%A":
            line = line.str.replace_all(r"\s+", " ").str.strip_chars(" ,-/")
        lines.append(pl.when(line != "").then(line))
    return pl.concat_str(*lines, pl.lit(country), separator="\n", ignore_nulls=True)
