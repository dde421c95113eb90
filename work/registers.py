"""Do-not-mail registers (Robinson lists and their like): dated wash files, kept as digests and held against addresses.

An entry is an e-mail address, a phone number or a postal address with or without a name, in our normal form; a file may
also hold only the SHA-256 of that form, in hexadecimal, UTF-8, small letters:

    email    ada@example.org
    phone    +4791234567
    letter   the name, a line feed, and the address's lines as on the envelope with its country's code below; or the
             lines without a name, which is everybody there
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, Engine

from preferences.policy import Policy
from store import registers
from tidings.address import PostalAddress, judge_email, judge_phone, judge_postal
from tidings.country import country_code
from tidings.problem import Problem
from work.columns import guess, key
from work.reading import read

_HASHED = frozenset({"sha256", "hash", "digest", "sha"})
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_KINDS = {
    "email": ("email", "value"),
    "phone": ("mobile", "phone", "whatsapp", "value"),
    "letter": ("street",),
}
_CLOSING = re.compile(r"[.,]+(?=\n|$)")
_HOUSE_LETTER = re.compile(r"([0-9]) ([A-Za-z])(?=\n|$)")
"""As `store.facts_of_persons.LISTED` has them: "12 B." is "12B"."""
SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Washed:
    """What an import did."""

    country: str
    kind: str
    dated: date
    file: str
    entries: int
    rejected: int
    problems: Sequence[Mapping[str, Any]]
    """The first rows that cannot be used: {row, problem}."""
    listed: int
    """Addresses of ours that the register lists."""
    unchanged: bool
    """Whether this very file had been imported before."""


def wash(
    engine: Engine, path: Path, *, country: str, kind: str, dated: date, actor: str, now: datetime
) -> Washed:
    """Import the register of a country as its file of a day says it; the newest file counts.

    Args:
        engine: of the store.
        path: any table that `tidings import` reads, with a header; or one entry to a line.
        country: whose register it is.
        kind: letter, phone or email.
        dated: the day of the file.
        actor: who imports it.
        now: when.

    Raises:
        Problem: a country or a kind that is none, a day to come, a file without entries, or another file of that day.
    """
    land = _land(country)
    if kind not in registers.KINDS:
        raise Problem(f"{kind!r} is no kind of register.", todo=f"Use one of {', '.join(registers.KINDS)}.")
    if dated > now.date():
        raise Problem(f"A register dated {dated} is not there yet.", todo="Give the day of the file.")
    entries, problems = _entries(path, kind, land)
    if not entries:
        raise Problem(
            f"{path.name} names nobody of kind {kind}.",
            todo="It needs a column email, phone, street and city, or sha256.",
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with engine.begin() as connection:
        known = registers.find(connection, country=land, kind=kind, dated=dated)
        if known is not None and known.digest != digest:
            raise Problem(
                f"The {kind} register of {land} of {dated} is here already, from another file.",
                todo="Two files of one day cannot both be right: give the day of the newer one.",
            )
        count = known.entries if known else 0
        if known is None:
            count = registers.add(
                connection, country=land, kind=kind, dated=dated, file=path.name, digest=digest, entries=entries,
                actor=actor, now=now,
            )  # fmt: skip
        listed = registers.listed(connection, country=land, kind=kind)
    return Washed(
        country=land, kind=kind, dated=dated, file=path.name, entries=count, rejected=len(problems),
        problems=problems[:SHOWN], listed=listed, unchanged=known is not None,
    )  # fmt: skip


def standing(connection: Connection, policy: Policy, *, today: date) -> dict[str, Any]:
    """Return what `tidings registers list` tells: the registers, and the countries whose wash is due."""
    newest = {(row.country, row.kind): row for row in registers.newest(connection)}
    told = [
        {
            "country": row.country, "kind": row.kind, "dated": row.dated.isoformat(), "file": row.file,
            "entries": row.entries, "actor": row.actor, "recorded_at": row.recorded_at.isoformat(),
            "age_days": (today - row.dated).days, "newest": newest[row.country, row.kind].id == row.id,
        }
        for row in registers.listing(connection)
    ]  # fmt: skip
    due = [
        {
            "country": land, "kind": kind, "limit_days": days,
            "dated": newest[land, kind].dated.isoformat() if (land, kind) in newest else None,
        }
        for land, days in sorted(policy.wash.items())
        for kind in registers.KINDS
        if (land, kind) not in newest or (today - newest[land, kind].dated).days > days
    ]  # fmt: skip
    return {"registers": told, "due": due}


def _land(country: str) -> str:
    code = country_code(country)
    if not code:
        raise Problem(f"{country!r} is no country.", todo="Give its code of two letters, such as NO.")
    return code


def _entries(path: Path, kind: str, country: str) -> tuple[set[bytes], list[dict[str, Any]]]:
    """Return the digests of a file's entries, and the rows that cannot be used."""
    sheet = read(path, is_header=lambda names: bool(_columns(kind, names)))
    found = _columns(kind, sheet.frame.columns)
    rows = list(zip(sheet.rows.to_list(), sheet.frame.iter_rows(named=True), strict=True))
    if not found:  # no header: the first line is an entry too
        first = sheet.frame.columns[0]
        found = {"value": first}
        rows.insert(0, (1, {first: first}))
    entries: set[bytes] = set()
    problems: list[dict[str, Any]] = []
    for number, row in rows:
        digest = _digest({name: str(row.get(column) or "") for name, column in found.items()}, kind, country)
        if digest is None:
            problems.append({"row": number, "problem": f"no {kind} that can be used"})
        else:
            entries.add(digest)
    return entries, problems


def _columns(kind: str, names: Sequence[str]) -> dict[str, str]:
    """Return our names of a file's columns, none when they do not say who is meant."""
    hashed = next((name for name in names if key(name) in _HASHED), None)
    if hashed:
        return {"sha256": hashed}
    found = guess("addresses", names)
    if not any(name in found for name in _KINDS[kind]):
        return {}
    people = guess("customers", [name for name in names if name not in found.values()])
    return found | {name: people[name] for name in ("first_name", "last_name", "name") if name in people}


def _digest(row: Mapping[str, str], kind: str, country: str) -> bytes | None:
    """Return the digest of an entry, None when it says nobody."""
    said = row.get("sha256") or row.get("value", "")
    if _DIGEST.fullmatch(said.strip()):
        return bytes.fromhex(said.strip())
    if kind == "letter":
        return _of_letter(row, country)
    text = next((row[name] for name in _KINDS[kind] if row.get(name)), "")
    verdict = judge_email(text) if kind == "email" else judge_phone(text, country)
    return _hashed(verdict.value) if verdict.usable else None


def _hashed(text: str) -> bytes:
    """Return the digest of a normal form: small letters, composed (NFC), no two spaces in a row."""
    return hashlib.sha256(normalize("NFC", re.sub(" +", " ", text)).lower().encode()).digest()


def _of_letter(row: Mapping[str, str], country: str) -> bytes | None:
    street = " ".join(part for part in (row.get("street", ""), row.get("house_number", "")) if part)
    written = PostalAddress(
        street=tuple(part for part in (street, row.get("street2", "")) if part),
        postal_code=row.get("postal_code", ""),
        city=row.get("city", ""),
        area=row.get("area", ""),
        country=country_code(row.get("country", "")) or country,
    )
    verdict = judge_postal(written)
    if not street or (verdict.problem and not verdict.usable):
        return None
    name = row.get("name") or " ".join(row.get(part, "") for part in ("first_name", "last_name"))
    last, comma, first = name.partition(",")
    named = " ".join(f"{first} {last}".split() if comma else name.split())
    text = f"{named}\n{verdict.address.key}" if named else verdict.address.key
    return _hashed(_HOUSE_LETTER.sub(r"\1\2", _CLOSING.sub("", text)))
