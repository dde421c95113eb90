"""The endpoints that Amazon Pinpoint exports: JSON lines, plain or gzipped (EndpointResponse, API of 2016-12-01).

A segment's CSV, as Pinpoint imports it, has the same in columns such as `User.UserAttributes.Age`; one that has several
values comes several times.
An endpoint is one address; those of one `User.UserId` are one customer. `OptOut: ALL` is an objection on its channel,
`EndpointStatus: INACTIVE` an address that Pinpoint found dead. Pinpoint ended on 2026-10-30; exports go on being files.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidings.problem import Problem
from work import reading
from work.move_parts import Parts
from work.reading import Unread, refuse_pipe

_CHANNELS = {"EMAIL": "email", "SMS": "sms", "VOICE": "sms"}
_PLATFORMS = {
    **dict.fromkeys(("APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX"), "apns"),
    **dict.fromkeys(("GCM", "FCM"), "fcm"),
}
_HOLDERS = ("User.UserAttributes", "User", "Attributes", "Metrics", "Location", "Demographic")
_LISTS = ("User.UserAttributes", "Attributes")
_LONGEST = 1 << 20
"""Characters of a line; an endpoint has at most 15 kB (quota of Pinpoint)."""


def read(path: Path, parts: Parts) -> None:
    """Read an export; a line that is no endpoint is told and left out.

    Raises:
        Problem: it cannot be read, or holds no endpoint at all.
    """
    people: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {}
    for number, line, found in _rows(path, parts) if _is_table(path) else _objects(path):
        if wrong := _wrong(found):
            parts.unread.append(Unread(row=number, value=line[:200], problem=wrong, rejected=True))
            continue
        endpoint: dict[str, Any] = found
        reference = _object(endpoint, "User").get("UserId") or endpoint.get("Id") or endpoint["Address"]
        _, values, attributes = people.setdefault(str(reference), (number, {}, {}))
        _learn(endpoint, values, attributes)
        _address(number, endpoint, str(reference), parts)
    if not people:
        raise Problem(
            f"{path} holds no endpoint of Amazon Pinpoint.",
            todo="Give the JSON lines that an export job wrote (.json or .json.gz), or the CSV of a segment.",
        )
    for reference, (number, values, attributes) in people.items():
        parts.add("customers", number, attributes=attributes, reference=reference, **values)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    refuse_pipe(path)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        read = gzip.open if packed else open
        with read(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            number = 0
            while line := lines.readline(_LONGEST):
                number += 1
                if line.strip():
                    yield number, line.strip()
    except FileNotFoundError as error:
        raise Problem(f"There is no file {path}.") from error
    except (OSError, EOFError) as error:
        raise Problem(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _is_table(path: Path) -> bool:
    _, first = next(_lines(path), (0, ""))
    return "ChannelType" in first and not first.startswith("{")


def _rows(path: Path, parts: Parts) -> Iterator[tuple[int, str, Any]]:
    sheet = reading.read(path, is_header=lambda names: {"ChannelType", "Address"} <= set(names))
    numbers = sheet.rows.to_list()
    parts.unread += (
        one for one in sheet.unread if one.row in numbers
    )  # not those of the header: names may repeat
    for number, row in zip(numbers, sheet.frame.iter_rows(named=True), strict=True):
        told = {name: value for name, value in row.items() if value is not None}
        yield number, json.dumps(told, ensure_ascii=False), _nested(told)


def _nested(row: dict[str, str]) -> dict[str, Any]:
    """Return a row as the object that an export has."""
    found: dict[str, Any] = {}
    for column, value in row.items():
        name = re.sub(r" \(\d+\)$", "", column)
        holder = next((one for one in _HOLDERS if name.startswith(f"{one}.")), "")
        place = found
        for part in filter(None, holder.split(".")):
            place = place.setdefault(part, {})
        key = name.removeprefix(f"{holder}.")
        if holder in _LISTS:
            place.setdefault(key, []).append(value)
        else:
            place[key] = value
    return found


def _objects(path: Path) -> Iterator[tuple[int, str, Any]]:
    for number, line in _lines(path):
        try:
            yield number, line, json.loads(line)
        except (ValueError, RecursionError):
            yield number, line, None


def _wrong(found: Any) -> str:
    """Return why what a line holds is no endpoint, '' where it is one."""
    if found is None:
        return "not JSON"
    for name in ("Address", "ChannelType"):
        said = found.get(name) if isinstance(found, dict) else None
        if not isinstance(said, str) or not said.strip():
            return f"no endpoint: it has no {name}"
    return ""


def _object(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _learn(endpoint: dict[str, Any], values: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Add what an endpoint says about its customer; what an earlier one said stays."""
    place, body = _object(endpoint, "Location"), _object(endpoint, "Demographic")
    said = {
        "country": place.get("Country"),
        "city": place.get("City"),
        "postal_code": place.get("PostalCode"),
        "area": place.get("Region"),
        "language": body.get("Locale"),
        "time_zone": body.get("Timezone"),
    }
    user = _object(_object(endpoint, "User"), "UserAttributes")
    for name, value in (user | _object(endpoint, "Attributes")).items():
        known = {"firstname": "first_name", "lastname": "last_name"}.get(name.casefold().replace("_", ""))
        if known:
            values.setdefault(known, value)
        else:
            attributes.setdefault(name, value)
    for name, value in _object(endpoint, "Metrics").items():
        attributes.setdefault(name, value)
    for name, value in said.items():
        if value:
            values.setdefault(name, value)


def _address(number: int, endpoint: dict[str, Any], customer: str, parts: Parts) -> None:
    kind, address = endpoint["ChannelType"].upper(), endpoint["Address"]
    channel = _CHANNELS.get(kind, "push" if kind in _PLATFORMS else "")
    if not channel:
        parts.unread.append(
            Unread(
                row=number,
                value=kind,
                problem="we have no such channel: the address is left out",
                rejected=False,
            )
        )
        return
    if channel == "push":
        parts.add(
            "devices",
            number,
            customer=customer,
            token=address,
            platform=_PLATFORMS[kind],
            device=endpoint.get("Id"),
        )
    else:
        parts.add("addresses", number, customer=customer, channel=channel, value=address)
    at = endpoint.get("EffectiveDate") or endpoint.get("CreationDate") or ""
    if endpoint.get("EndpointStatus") == "INACTIVE":
        parts.add(
            "suppressions",
            number,
            channel=channel,
            value=address,
            reason="inactive in Amazon Pinpoint",
            at=at,
        )
    match endpoint.get("OptOut"):
        case "NONE" if kind != "VOICE":  # who may be called has not agreed to texts
            parts.agreed(number, customer, channel, at)
        case None | "" | "NONE":
            return
        case said:
            if said != "ALL":
                problem = "not an OptOut of Amazon Pinpoint: taken as an objection"
                parts.unread.append(
                    Unread(row=number, value=str(said)[:200], problem=problem, rejected=False)
                )
            parts.objected(number, customer, channel, at)
