"""The contacts that Mautic exports (Contacts, Export), and its report of who must not be contacted.

A contact's columns are named by label or by alias (`First Name`, `firstname`), in the language of who exported; what we
know of them is found as in any table. Who must not be contacted is in a column of the contacts' report such as
`Do Not Contact`, whose cells read `Unsubscribed: Email, Bounced: Text Message` (or `1:email,2:sms`) and which is known
by them under any name, or in a report of its own with one reason and one
channel a row. Reasons: 1 unsubscribed, 2 bounced, 3 by a person (Mautic's `DoNotContact`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tidings.country import fold
from tidings.problem import Problem
from work import columns, reading
from work.intake_words import channel_of
from work.move_parts import Parts
from work.reading import Sheet, Unread

_IDS = ("id", "contactid", "leadid", "mauticid", "lid", "kontaktid", "contatoid", "idkontaktu", "iddocontato")
_REASON = {"reason", "dncreason", "grund", "arsak", "orsak", "powod", "motivo", "razao"}
_CHANNEL = {"channel", "dncchannel", "kanal", "canal"}
_REASONS = {
    "unsubscribed": "1 unsubscribe abmeld abgemeld avmeld avregistr avprenumer wypis descadastr desinscr cancel",
    "bounced": "2 bounce unzustell returned avvist studs zwroc odrzuc rejeit",
    "manual": "3 manual manuell user person reczn",
    "contactable": "0 contactable kontaktierbar",
}


def read(path: Path, parts: Parts) -> None:
    """Read an export of contacts, or a report of who must not be contacted.

    Raises:
        Problem: no column is the contact's id.
    """
    sheet = reading.read(path, is_header=lambda names: _id_of(names) != "" and len(names) > 1)
    names = sheet.frame.columns
    identity = _id_of(names)
    if not identity:
        raise Problem(
            f"{path} is no export of Mautic: no column is the contact's ID.",
            todo="Export the contacts there with their ID, and the report of do-not-contact with it, too.",
        )
    parts.unread += sheet.unread
    reason, channel, listed = _blocked(sheet)
    guessed = {
        column: name
        for column, name in columns.guess("customers", [one for one in names if one != identity]).items()
        if column != "reference" and name not in (reason, channel, listed)
    }
    person = bool({"email", "mobile", "phone"} & set(guessed)) and not reason
    if not (person or reason or listed):
        raise Problem(
            f"{path} says neither who the contacts are nor why one must not be contacted. "
            f"It has: {', '.join(names[:30])}.",
            todo="Export the contacts with their e-mail address, or who must not be contacted with reason and channel.",
        )
    taken = {identity, reason, channel, listed, *guessed.values()}
    for number, row in zip(sheet.rows.to_list(), sheet.frame.iter_rows(named=True), strict=True):
        contact = row[identity] or ""
        if person:
            others = {name: value for name, value in row.items() if name not in taken}
            values = {column: row[name] for column, name in guessed.items()}
            parts.add("customers", number, attributes=others, reference=contact, **values)
        addresses = {"email": row.get(guessed.get("email", "")), "sms": row.get(guessed.get("mobile", ""))}
        for why, medium in _said(row.get(reason), row.get(channel), row.get(listed)):
            _heed(number, contact, why, medium, addresses, parts)


def _id_of(names: Sequence[str]) -> str:
    return next((name for name in names if _plain(name) in _IDS), "")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(name))


def _blocked(sheet: Sheet) -> tuple[str, str, str]:
    """Return the columns of one reason, one channel, and of the whole list; '' for those that are missing."""
    about = {name: _plain(name) for name in sheet.frame.columns}
    dnc = {name: text for name, text in about.items() if "dnc" in text or "donotcontact" in text}
    reason = next(
        (name for name, text in about.items() if text in _REASON or (name in dnc and "reason" in text)), ""
    )
    channel = next(
        (
            name
            for name, text in about.items()
            if text in _CHANNEL or (name in dnc and text.endswith("channel"))
        ),
        "",
    )
    if reason and channel:
        return reason, channel, ""
    lists = (name for name in about if _is_list(sheet.frame[name].drop_nulls().to_list()))
    return "", "", next(chain(dnc, lists), "")


def _is_list(cells: Sequence[str]) -> bool:
    """Return whether a column's cells are lists of `reason: channel`, whatever language names the column."""
    pairs = [pair for cell in cells for pair in _said(None, None, cell)]
    return bool(pairs) and all(_kind(why) and channel_of(medium.strip()) for why, medium in pairs)


def _said(reason: str | None, channel: str | None, listed: str | None) -> list[tuple[str, str]]:
    pairs = [(reason, channel)] if reason else []
    pairs += [tuple(part.partition(":")[::2]) for part in re.split(r"[,;\n]", listed or "") if part.strip()]
    return [(why or "", medium or "") for why, medium in pairs]


def _kind(why: str) -> str:
    words = fold(why)
    return next(
        (kind for kind, stems in _REASONS.items() if any(stem in words for stem in stems.split())), ""
    )


def _heed(
    number: int, contact: str, why: str, medium: str, addresses: dict[str, str | None], parts: Parts
) -> None:
    kind = _kind(why)
    if kind == "contactable":
        return
    channel = channel_of(medium.strip()) or "all"
    if not kind or (channel == "all" and medium.strip()):
        parts.unread.append(
            Unread(
                row=number,
                value=f"{why}: {medium}",
                problem="not a reason and channel we know: taken as an objection",
                rejected=False,
            )
        )
    parts.objected(number, contact, channel)
    if kind == "bounced" and (address := addresses.get(channel)):
        parts.add("suppressions", number, channel=channel, value=address, reason="bounced in Mautic")
