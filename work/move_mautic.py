"""The contacts that Mautic exports (Contacts, Export), and its report of who must not be contacted.

A contact's columns are named by label or by alias (`First Name`, `firstname`), in the language of who exported; what we
know of them is found as in any table. Who must not be contacted is in a column of the contacts' report such as
`Do Not Contact`, whose cells read `Unsubscribed: Email, Bounced: Text Message` (or `1:email,2:sms`) and which is known
by them under any name, or in a report of its own with one reason and one channel a row, whose columns are known by
their cells where a language names them in another way. A channel may be a link (`<a href="...">Email</a>`). Reasons:
1 unsubscribed, 2 bounced, 3 by a person (Mautic's `DoNotContact`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

from tidings.country import fold
from tidings.problem import Problem
from work import columns, reading
from work.intake_words import channel_of
from work.move_parts import Parts
from work.reading import Sheet, Unread

_ID = re.compile(
    r"((contact|kontakt|contat|lead|mautic)o?)?id|id(d[eiou])?(contact|kontakt|contat|lead)\w{0,2}|lid"
)
_REASON = {
    "reason",
    "dncreason",
    "grund",
    "arsak",
    "orsak",
    "powod",
    "motivo",
    "razao",
    "raison",
    "reden",
    "razon",
}
_CHANNEL = {"channel", "dncchannel", "kanal", "canal", "canale", "kanaal", "kanava"}
_NOS = ("dnc", "donot", "optout", "optedout", "unsubscri")
"""What is in the name of a column that says no, in whatever words its cells say it."""
_MAY = frozenset(
    [
        "0",
        "no",
        "n",
        "false",
        "off",
        "nei",
        "nej",
        "nein",
        "nao",
        "non",
        "nie",
        "contactable",
        "kontaktierbar",
    ]
)
"""What a column that says no has where it is not said; any other word that nobody knows is taken for a no."""
_NUMBERS = {"1": "unsubscribed", "2": "bounced", "3": "manual"}
_REASONS = {
    "unsubscribed": """unsubscribe abmeld abgemeld avmeld avregistr avprenumer wypis descadastr desinscr cancel desabonn
        uitgeschre afgemeld afmeld disiscri baja odhlas peruut leiratkoz""",
    "bounced": "bounce unzustell returned avvist studs zwroc odrzuc rejeit rebond rebot respint nedoruc afvist palaut",
    "manual": "manual manuell manuel user person reczn handmatig rucn",
}
_UNTOLD = (
    "nothing there says who must not be contacted. Make the report Do Not Contact in Mautic, with the contact's ID, "
    "e-mail address, reason and channel, and name its file, too."
)
_TAG = re.compile(r"<[^>]*>")


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
    reason, channel, lists = _blocked(sheet)
    guessed = {
        column: name
        for column, name in columns.guess("customers", [one for one in names if one != identity]).items()
        if column != "reference" and name not in (reason, channel, *lists)
    }
    person = bool({"email", "mobile", "phone"} & set(guessed)) and not reason
    if not (person or reason or lists):
        raise Problem(
            f"{path} says neither who the contacts are nor why one must not be contacted. "
            f"It has: {', '.join(names[:30])}.",
            todo="Export the contacts with their e-mail address, or who must not be contacted with reason and channel.",
        )
    parts.untold = "" if reason or lists else _UNTOLD
    taken = {identity, reason, channel, *lists, *guessed.values()}
    for number, row in zip(sheet.rows.to_list(), sheet.frame.iter_rows(named=True), strict=True):
        contact = row[identity] or ""
        if person:
            others = {name: value for name, value in row.items() if name not in taken}
            values = {column: row[name] for column, name in guessed.items()}
            parts.add("customers", number, attributes=others, reference=contact, **values)
        addresses = {"email": row.get(guessed.get("email", "")), "sms": row.get(guessed.get("mobile", ""))}
        said = [(row[reason] or "", row[channel] or "")] if reason and (row[reason] or row[channel]) else []
        for why, medium in chain(said, *(_said(row[name]) for name in lists)):
            _heed(number, contact, why, medium, addresses, parts)


def _id_of(names: Sequence[str]) -> str:
    return next((name for name in names if _ID.fullmatch(_plain(name))), "")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(name))


def _blocked(sheet: Sheet) -> tuple[str, str, tuple[str, ...]]:
    """Return the column of one reason, of one channel ('' when missing), else those that say no in any other way."""
    about = {name: _plain(name) for name in sheet.frame.columns}
    cells = {name: sheet.frame[name].drop_nulls().to_list() for name in about}
    noes = [name for name, text in about.items() if any(word in text for word in _NOS)]
    reason = _first(
        (name for name, text in about.items() if text in _REASON or (name in noes and "reason" in text)),
        (
            name
            for name in about
            if _all(cells[name], lambda cell: not cell.isdigit() and _kind(cell) in _REASONS)
        ),
    )
    channel = _first(
        (
            name
            for name, text in about.items()
            if text in _CHANNEL or (name in noes and text.endswith("channel"))
        ),
        (name for name in about if _all(cells[name], lambda cell: _channel(cell) != "")),
    )
    if reason and channel:
        return reason, channel, ()
    lists = [name for name in about if _is_list(cells[name])]
    return "", "", tuple(lists or noes)


def _first(*groups: Iterable[str]) -> str:
    return next(chain(*groups), "")


def _all(cells: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return bool(cells) and all(map(holds, cells))


def _is_list(cells: Sequence[str]) -> bool:
    """Return whether a column's cells are lists of `reason: channel`, in whatever language both are."""
    pairs = [pair for cell in cells for pair in _said(cell)]
    return any(_channel(medium) for _, medium in pairs) and all(why and medium for why, medium in pairs)


def _said(listed: str | None) -> list[tuple[str, str]]:
    parts = [part.partition(":") for part in re.split(r"[,;\n]", listed or "") if part.strip()]
    return [(why.strip(), medium.strip()) for why, _, medium in parts]


def _kind(why: str) -> str:
    words = fold(why)
    if words in _MAY:
        return "contactable"
    if words in _NUMBERS:
        return _NUMBERS[words]
    return next(
        (kind for kind, stems in _REASONS.items() if any(stem in words for stem in stems.split())), ""
    )


def _channel(medium: str) -> str:
    return channel_of(_TAG.sub(" ", medium).strip())


def _heed(
    number: int, contact: str, why: str, medium: str, addresses: dict[str, str | None], parts: Parts
) -> None:
    kind = _kind(why)
    if kind == "contactable":
        return
    channel = _channel(medium) or "all"
    if not kind or (channel == "all" and medium):
        parts.unread.append(
            Unread(
                row=number,
                value=f"{why}: {medium}" if medium else why,
                problem="not a reason and channel we know: taken as an objection",
                rejected=False,
            )
        )
    parts.objected(number, contact, channel)
    if kind == "bounced" and (address := addresses.get(channel)):
        parts.add("suppressions", number, channel=channel, value=address, reason="bounced in Mautic")
