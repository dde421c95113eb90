"""Find a customer by what somebody at a desk has before them: at most twenty hits, and never by a part of a word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from store import seek as stored
from store.seek import Hit
from tidings.channel import Channel

MOST = 20
"""Hits shown; who needs more says more."""
_SHORT = 2
"""Letters that a name must have."""
_PHONES = tuple(channel.value for channel in Channel if channel.by_phone)
_PHONE = re.compile(r"\+?[\d\s()./-]{6,}")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015._/]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a search found."""

    by: str
    """reference, address, invoice, delivery, postcode, name; '' when nothing was found."""
    hits: Sequence[Hit]
    more: bool = False
    """There are others."""


def seek(connection: Connection, words: str, *, brands: Sequence[str], prefix: str = "") -> Found:
    """Return the customers that some words mean; the first way that finds anybody is the answer.

    Args:
        connection: any.
        words: a reference, an e-mail address, a phone number, an invoice's number, the reference of a delivery, a name,
            or a postal code and a name.
        brands: whose invoices are meant.
        prefix: of phone numbers without one, `+47`.
    """
    said = " ".join(words.split())
    if not said:
        return Found(by="", hits=())
    for by, records in _exact(connection, said, brands, prefix):
        if records:
            return _found(connection, by, records)
    names = said.replace(",", " ").split()
    for postcodes, rest in _postcodes(names):
        if records := stored.by_postcode(connection, postcodes, rest, limit=MOST + 1):
            return _found(connection, "postcode", records)
    if sum(len(name) for name in names) >= _SHORT and (
        records := stored.by_name(connection, names, limit=MOST + 1)
    ):
        return _found(connection, "name", records)
    return Found(by="", hits=())


def _exact(
    connection: Connection, said: str, brands: Sequence[str], prefix: str
) -> list[tuple[str, list[int]]]:
    found = [("reference", stored.by_reference(connection, said))]
    if "@" in said:
        values = {said, said.lower()}
        return [*found, ("address", stored.by_address(connection, [Channel.EMAIL], values))]
    if _PHONE.fullmatch(said):
        digits = re.sub(r"\D", "", said)
        values = {f"+{digits}", f"+{digits.removeprefix('00')}", f"{prefix}{digits.removeprefix('0')}"}
        found.append(("address", stored.by_address(connection, _PHONES, values)))
    return [
        *found,
        ("invoice", stored.by_invoice(connection, brands, said)),
        ("delivery", stored.by_delivery(connection, _SEPARATORS.sub("", said).upper())),
    ]


def _postcodes(words: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """Return what may be a postal code, and the name beside it: one or two words with a digit at either end."""
    cuts = []
    for size in (1, 2):
        if len(words) > size:
            cuts += [(words[:size], words[size:]), (words[-size:], words[:-size])]
    return [
        (["".join(code).upper(), "".join(code).upper().replace("-", "")], list(rest))
        for code, rest in cuts
        if any(char.isdigit() for char in "".join(code)) and not any(c.isdigit() for c in "".join(rest))
    ]


def _found(connection: Connection, by: str, records: Sequence[int]) -> Found:
    found = stored.hits(connection, records[: MOST + 1])
    return Found(by=by, hits=found[:MOST], more=len(records) > MOST)
