"""A mapping: what a person says about a file that its columns do not say themselves."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tidings.problem import Problem
from work.columns import CANONICAL
from work.reading_text import EXAMPLE_MARK


class Formats(BaseModel):
    """How values are written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dates: str = ""
    """A strptime format such as `%d.%m.%Y`, or `day first` or `month first`; '' is ISO 8601 or what is certain."""
    zone: str = "UTC"
    """Time zone of times that name none."""
    encoding: str = ""
    delimiter: str = Field(default="", max_length=1)
    sheet: str = ""
    """Name of the sheet in a workbook."""

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            msg = f"there is no time zone {value!r}; for example Europe/Oslo"
            raise ValueError(msg)
        return value


class Mapping(BaseModel):
    """What `--mapping FILE.toml` holds; `tidings import KIND --example` prints one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = ""
    """The system the file comes from; references are unique in it."""
    columns: dict[str, str | tuple[str, ...]] = {}
    """Canonical column to column of the file, or to several that are joined (street: with line breaks)."""
    constants: dict[str, str | int | float | bool] = {}
    """Canonical column to the value of rows (or files) that have none there."""
    attributes: dict[str, str] = {}
    """Attribute to column of the file. Without this table every column that is left is an attribute by its own name."""
    formats: Formats = Formats()


def read_mapping(path: Path, kind: str) -> Mapping:
    """Read a mapping for one kind of import.

    Raises:
        Problem: missing, not TOML, or a key is not known; names the key and the nearest that is.
    """
    text = _text(path)
    _, mark, rest = text.partition(f"\n{EXAMPLE_MARK}")
    if mark:  # what `--example` printed: a table, then the mapping
        text = f"{EXAMPLE_MARK}{rest}"
    try:
        mapping = Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"The mapping {path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(f"The mapping {path}: {where}: {first['msg']} (value {first['input']!r}).") from error
    for table in ("columns", "constants"):
        for column in getattr(mapping, table):
            if column not in CANONICAL[kind]:
                raise _unknown(f"The mapping {path}: [{table}] {column}", column, CANONICAL[kind])
    return mapping


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Problem(f"There is no mapping {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"The mapping {path} cannot be read: {error}.") from error


def columns_of(mapping: Mapping, guessed: Map[str, str], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return canonical column -> columns of the file: the mapping's word, then the guess for what it does not name.

    Raises:
        Problem: the mapping names a column that the file does not have.
    """
    said: dict[str, tuple[str, ...]] = {}
    by_fold = {name.casefold().strip(): name for name in names}
    for column, value in mapping.columns.items():
        wanted = (value,) if isinstance(value, str) else value
        for name in wanted:
            if name.casefold().strip() not in by_fold:
                raise _unknown(f"The mapping's column {name!r} ({column})", name, names)
        said[column] = tuple(by_fold[name.casefold().strip()] for name in wanted if name)
    taken = {name for group in said.values() for name in group} | set(mapping.attributes.values())
    for name in mapping.attributes.values():
        if name not in names:
            raise _unknown(f"The mapping's column {name!r} ([attributes])", name, names)
    rest = {column: (name,) for column, name in guessed.items() if column not in said and name not in taken}
    return {column: group for column, group in (rest | said).items() if group}


def _unknown(what: str, name: str, known: Sequence[str]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    todo = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known[:40])}."
    return Problem(f"{what} is not known.", todo=todo)
