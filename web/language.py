"""The five languages of the pages, and which one a visitor gets."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from preferences.statement import DAYS

LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
_ALIASES = {"no": "nb", "nn": "nb", "pt": "pt_BR"}
_FOLDER = Path(__file__).parent / "locales"


def match(wanted: str | None) -> str | None:
    """Return the page language for a language tag, None when there is none.

    >>> match("pt-br"), match("nn_NO"), match("sv-FI"), match("de")
    ('pt_BR', 'nb', 'sv', None)
    """
    if not wanted:
        return None
    tag = wanted.strip().replace("-", "_").lower()
    root = tag.partition("_")[0]
    for language in LANGUAGES:
        if language.lower() in (tag, root):
            return language
    return _ALIASES.get(root)


def accepted(header: str) -> str | None:
    """Return the first page language of an Accept-Language header, by weight (RFC 9110, 12.5.4)."""
    weighed = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.partition(";")
        weighed.append((-_weight(weight), position, tag))
    for _, _, tag in sorted(weighed):
        if language := match(tag):
            return language
    return None


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q="))
    except ValueError:
        return 1.0


def choose(asked: str | None, customer: str | None, header: str) -> str:
    """Return the language of a page: asked for by name, the customer's, the browser's, English."""
    return match(asked) or match(customer) or accepted(header) or LANGUAGES[0]


def html_tag(language: str) -> str:
    """Return a language as HTML writes it."""
    return language.replace("_", "-")


@cache
def words(language: str) -> Mapping[str, Any]:
    """Return the wording of a language; nested tables of texts.

    `locales/<language>.toml` is what customers read; each `locales/<language>/<area>.toml` is a table of that name.
    """
    areas = {path.stem: _read(path) for path in sorted((_FOLDER / language).glob("*.toml"))}
    return _read(_FOLDER / f"{language}.toml") | areas


def day_names(language: str) -> dict[str, str]:
    """Return the days of the week by their codes, Monday first."""
    from babel.dates import get_day_names

    names = get_day_names("wide", locale=language)
    return {day: names[place].capitalize() for place, day in enumerate(DAYS)}


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def wording_digest(language: str) -> str:
    """Return 12 hex digits that name the exact wording: the proof of what a customer was shown."""
    return hashlib.sha256((_FOLDER / f"{language}.toml").read_bytes()).hexdigest()[:12]
